import { expect, test } from 'vitest'
import type { Identifier } from '../model/values.ts'
import { testVault } from '../store/test-rows.ts'
import { blindKeys, decideMatch, patientKeys } from './match.ts'

const vault = testVault()
const identifier = (value: string, type = 'MR', authority = 'HOSP'): Identifier => ({
  value,
  type,
  authority,
})

test('numbers that name a person for other purposes do not link where a record number does', () => {
  const record = identifier('100')
  const others = ['SS', 'DL', 'PPN', 'AN', 'VN', 'NPI'].map((type) => identifier('999', type))
  expect(patientKeys(vault, [record, ...others])).toEqual(patientKeys(vault, [record]))
})

test('one number under two authorities, or of two types, is two keys', () => {
  const keys = patientKeys(vault, [identifier('1'), identifier('1', 'MR', 'OTHER'), identifier('1', 'PI')])
  expect(new Set(keys).size).toBe(3)
})

test('authorities are compared without regard to case, and a repeated identifier is one key', () => {
  expect(patientKeys(vault, [identifier('1'), identifier('1', 'MR', 'hosp')])).toHaveLength(1)
})

test('a visit number is another key in another patient', () => {
  const visit = [identifier('V1', 'VN')]
  expect(blindKeys(vault, 'encounter', visit, 'patient 1')).not.toEqual(
    blindKeys(vault, 'encounter', visit, 'patient 2'),
  )
})

test('keys decide: none known is new, one record known is that one, two records are a conflict', () => {
  const known = new Map([
    ['a', 'one'],
    ['b', 'one'],
    ['c', 'two'],
  ])
  const decide = (...keys: string[]) => decideMatch(keys, (key) => known.get(key))
  expect(decide('x')).toEqual({ kind: 'new' })
  expect(decide()).toEqual({ kind: 'new' })
  expect(decide('x', 'a', 'b')).toEqual({ kind: 'known', id: 'one' })
  expect(decide('a', 'c')).toEqual({ kind: 'conflict' })
})
