import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Address, PointOfCare } from '../../model/values.ts'
import { address, street } from './address.ts'
import { again, someOf, words } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { pointOfCare } from './point-of-care.ts'

const addresses = someOf<Address>({
  line1: words,
  line2: words,
  city: words,
  state: words,
  postal_code: fc.stringMatching(/^\d{5}(-\d{4})?$/),
  country: words,
  county: words,
})

test('an address reads back as it was written', () => {
  fc.assert(
    fc.property(addresses, (value) => {
      expect(again(address, value)).toEqual(value)
    }),
  )
})

test('a street reads back, and is put together where number and name stand apart', () => {
  fc.assert(
    fc.property(words, (line) => {
      expect(again(street, line)).toBe(line)
    }),
  )
  expect(readOne(street, [['', 'MAIN ST', '123']]).value).toBe('123 MAIN ST')
})

test('a deleted part is not there', () => {
  expect(readOne(address, ['123 MAIN ST', '""', 'SPRINGFIELD']).value).toEqual({
    line1: '123 MAIN ST',
    city: 'SPRINGFIELD',
  })
})

test('a point of care reads back as it was written', () => {
  const places = someOf<PointOfCare>({ unit: words, room: words, bed: words, facility: words })
  fc.assert(
    fc.property(places, (value) => {
      expect(again(pointOfCare, value)).toEqual(value)
    }),
  )
})
