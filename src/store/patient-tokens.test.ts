import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appointmentNumberKey, controlKey, LANES, laneOf, patientKey, recordKey } from './blind-keys.ts'
import { queryTokens, tokensOf, wordsOf } from './patient-tokens.ts'
import { testVault } from './test-rows.ts'

const vault = testVault()
const finds = (query: Parameters<typeof queryTokens>[1], record: Parameters<typeof tokensOf>[1]): boolean => {
  const tokens = new Set(tokensOf(vault, record))
  const wanted = queryTokens(vault, query)
  return wanted !== null && wanted.every((token) => tokens.has(token))
}
const jane = {
  last_name: 'O’Brien-Núñez',
  first_name: 'Mary Jane',
  date_of_birth: '1980-05-15',
  phones: ['+15555551234', null],
  identifiers: [{ value: 'a12', authority: 'HOSP', type: 'MR' }],
} as Parameters<typeof tokensOf>[1]

test.each([
  [{ name: 'obrien' }, true],
  [{ name: 'O Brien' }, false],
  [{ name: 'nun' }, true],
  [{ name: 'NUÑEZ, mary' }, true],
  [{ name: 'jane n' }, true],
  [{ name: 'unez' }, false],
  [{ name: 'brown' }, false],
  [{ date_of_birth: '1980-05-15' }, true],
  [{ phone: '(555) 555-1234' }, true],
  [{ phone: '555-1234' }, false],
  [{ mrn: ' A12 ' }, true],
  [{ mrn: 'A1' }, false],
  [{ name: 'mary', date_of_birth: '1980-05-16' }, false],
])('%j finds Mary Jane O’Brien-Núñez: %s', (query, found) => {
  expect(finds(query, jane)).toBe(found)
})

test('a query that says nothing is none', () => {
  expect(queryTokens(vault, {})).toBeNull()
  expect(queryTokens(vault, { name: ' -, ' })).toBeNull()
})

const letter = fc.constantFrom(...'abZ éñøßŁЖ日ا-’.,4')

test('every beginning of every word of a name finds it', () => {
  fc.assert(
    fc.property(fc.string({ unit: letter, maxLength: 20 }), fc.nat(), (name, at) => {
      for (const word of wordsOf(name)) {
        const part = word.slice(0, 1 + (at % word.length))
        expect(finds({ name: part }, { last_name: name })).toBe(true)
      }
    }),
  )
})

test('a word that is longer than what is kept of it is found whole', () => {
  expect(finds({ name: 'Featherstonehaugh' }, { last_name: 'Featherstonehaugh' })).toBe(true)
})

test('blind keys do not care for the case of a number where people do not, and do where a machine does', () => {
  expect(patientKey(vault, ' m1 ')).toEqual(patientKey(vault, 'M1'))
  expect(appointmentNumberKey(vault, 's1')).toEqual(appointmentNumberKey(vault, 'S1 '))
  expect(controlKey(vault, 'c1')).not.toEqual(controlKey(vault, 'C1'))
  const key = { value: '1', authority: 'HOSP', type: 'VN' } as Parameters<typeof recordKey>[2]
  expect(recordKey(vault, 'encounter', key, 'p1')).not.toEqual(recordKey(vault, 'encounter', key, 'p2'))
  expect(recordKey(vault, 'encounter', key)).not.toEqual(recordKey(vault, 'report', key))
})

test('another practice’s keys are other keys', () => {
  expect(patientKey(testVault(), 'M1')).not.toEqual(patientKey(vault, 'M1'))
})

test('every key has a lane', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const lane = laneOf(patientKey(vault, value))
      expect(lane).toBeGreaterThanOrEqual(0)
      expect(lane).toBeLessThan(LANES)
    }),
  )
})
