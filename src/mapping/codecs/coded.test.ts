import { describe, expect, test } from 'vitest'
import { administrativeSex } from '../codesets/administrative-sex.ts'
import { maritalStatus } from '../codesets/marital-status.ts'
import { race } from '../codesets/race.ts'
import { again } from './codecs.arbitraries.ts'
import { coded } from './coded.ts'
import { readOne } from './codecs.setup.ts'

const sex = coded(administrativeSex)

describe('a coded field', () => {
  test('reads back every code of its set', () => {
    for (const [code] of race.rows) expect(again(coded(race), code)).toBe(code)
  })

  test('reads the plain word that HL7 2.3 feeds send', () => {
    expect(readOne(coded(race), 'White').value).toBe('2106-3')
    expect(readOne(coded(race), 'WHITE').value).toBe('2106-3')
  })

  test('reads the sender’s own text when its code is local', () => {
    expect(readOne(coded(race), ['RC7', 'White', 'L'])).toEqual({ value: '2106-3', warnings: [] })
  })

  test('reads the alternate code', () => {
    expect(readOne(coded(race), ['RC7', 'Local name', 'L', '2106-3', 'White', 'CDCREC']).value).toBe('2106-3')
  })

  test('leaves out a code that is not in the set and names set and field', () => {
    expect(readOne(sex, 'X')).toEqual({ value: undefined, warnings: ['CODE_NOT_IN_SET'] })
  })

  test('reads a code the analyst has mapped', () => {
    expect(readOne(sex, 'X', { codes: { 'administrative-sex': { X: 'O' } } }).value).toBe('O')
  })

  test('says nothing about an empty field', () => {
    expect(readOne(sex, '')).toEqual({ value: undefined, warnings: [] })
  })
})

test('A is separated in HL7 and annulled in FHIR', () => {
  expect(maritalStatus.read('A', 'v2')).toBe('L')
  expect(maritalStatus.read('A', 'fhir')).toBe('A')
})
