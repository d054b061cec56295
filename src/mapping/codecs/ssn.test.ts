import fc from 'fast-check'
import { expect, test } from 'vitest'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { ssn } from './ssn.ts'

test('a social security number reads back as it was written', () => {
  const numbers = fc
    .tuple(
      fc.integer({ min: 1, max: 899 }),
      fc.integer({ min: 1, max: 99 }),
      fc.integer({ min: 1, max: 9998 }),
    )
    .map(
      ([a, b, c]) =>
        `${String(a).padStart(3, '0')}-${String(b).padStart(2, '0')}-${String(c).padStart(4, '0')}`,
    )
    .filter((text) => !/^(\d)\1{8}$/.test(text.replaceAll('-', '')))
  fc.assert(
    fc.property(numbers, (number) => {
      expect(again(ssn, number)).toBe(number)
    }),
  )
})

test.each(['000000000', '999-99-9999', '12345', 'refused'])(
  '%s stands for nobody’s number and is left out',
  (raw) => {
    expect(readOne(ssn, raw)).toEqual({ value: undefined, warnings: ['HL7_DATA_TYPE'] })
  },
)
