import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Quantity } from '../../model/values.ts'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { readTimingDuration, unitMs } from './duration.ts'
import { isNumber, quantity, readNumber, structuredNumber, wholeNumber } from './quantity.ts'

const numbers = fc.stringMatching(/^[+-]?\d{1,8}(\.\d{1,6})?$/)
const quantities = fc.record(
  { value: numbers, comparator: fc.constantFrom('<', '<=', '>', '>=') },
  { requiredKeys: ['value'], noNullPrototype: true },
) as fc.Arbitrary<Quantity>

describe('a number', () => {
  test('reads back digit by digit, which keeps its precision', () => {
    fc.assert(
      fc.property(quantities, (value) => {
        expect(again(quantity, value)).toEqual(value)
      }),
    )
    expect(readNumber('13.50')).toEqual({ value: '13.50' })
  })

  test.each(['1,200', 'neg', '1e5', '', '5 mg', '<', '.'])('is not %j', (raw) => {
    expect(readNumber(raw)).toBeUndefined()
    expect(isNumber(raw)).toBe(false)
  })

  test.each([
    ['<5', '<', '5'],
    ['>=10', '>=', '10'],
    ['<= 0.5', '<=', '0.5'],
  ])('with a comparator, %s, is split', (raw, comparator, value) => {
    expect(readNumber(raw)).toEqual({ value, comparator })
  })

  test('that counts is whole', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (n) => {
        expect(again(wholeNumber, n)).toBe(n)
      }),
    )
    expect(readOne(wholeNumber, '1.5')).toEqual({ value: undefined, warnings: ['HL7_DATA_TYPE'] })
  })
})

describe('a structured number', () => {
  test('reads back as it was written', () => {
    fc.assert(
      fc.property(quantities, (value) => {
        expect(again(structuredNumber, { quantity: value })).toEqual({ quantity: value })
      }),
    )
  })

  test.each([
    [['>', '100'], { quantity: { value: '100', comparator: '>' } }],
    [['=', '7'], { quantity: { value: '7' } }],
    [['', '3.5', '-', '5'], { text: '3.5-5' }],
    [['', '1', ':', '128'], { text: '1:128' }],
    [['', '2', '+'], { text: '2+' }],
    [['<>', '5'], { text: '<>5' }],
  ])('%j', (sent, value) => {
    expect(readOne(structuredNumber, sent).value).toEqual(value)
    expect(again(structuredNumber, value as never)).toEqual(value)
  })
})

describe('a duration', () => {
  test.each([
    ['min', 60_000],
    ['M', 60_000],
    ['MIN', 60_000],
    ['minutes', 60_000],
    ['s', 1000],
    ['S', 1000],
    ['h', 3_600_000],
    ['H', 3_600_000],
  ])('in %s', (unit, ms) => {
    expect(unitMs(unit)).toBe(ms)
  })

  test('in an unknown unit is not guessed', () => {
    expect(unitMs('units')).toBeUndefined()
  })

  test('of the timing component has its letter first', () => {
    expect(readTimingDuration('M30')).toBe(1_800_000)
    expect(readTimingDuration('H1')).toBe(3_600_000)
    expect(readTimingDuration('30')).toBeUndefined()
  })
})
