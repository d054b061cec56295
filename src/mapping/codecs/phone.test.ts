import fc from 'fast-check'
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { describe, expect, test } from 'vitest'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { phone, readNanp, readPhone } from './phone.ts'

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''))

const nanp = fc
  .tuple(fc.integer({ min: 2, max: 9 }), digits(2), fc.integer({ min: 2, max: 9 }), digits(2), digits(4))
  .map(([a, b, c, d, e]) => [`${a}${b}`, `${c}${d}`, e] as const)

const FORMS: ((area: string, exchange: string, line: string) => string)[] = [
  (a, x, l) => `(${a})${x}-${l}`,
  (a, x, l) => `(${a}) ${x}-${l}`,
  (a, x, l) => `${a}${x}${l}`,
  (a, x, l) => `${a}-${x}-${l}`,
  (a, x, l) => `${a}.${x}.${l}`,
  (a, x, l) => `1-${a}-${x}-${l}`,
  (a, x, l) => `+1${a}${x}${l}`,
  (a, x, l) => `+1 (${a}) ${x}-${l} `,
]

describe('a telephone number', () => {
  test('of North America is the same by the short way and by the library', () => {
    fc.assert(
      fc.property(nanp, fc.constantFrom(...FORMS), ([area, exchange, line], form) => {
        const written = form(area, exchange, line)
        expect(readNanp(written)).toBe(parsePhoneNumberFromString(written, 'US')?.number)
      }),
    )
  })

  test('the short way never disagrees with the library, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789+()-. x'), maxLength: 16 }), (written) => {
        const fast = readNanp(written)
        if (fast === undefined) return
        expect(fast).toBe(parsePhoneNumberFromString(written.trim(), 'US')?.number)
      }),
      { numRuns: 2000 },
    )
  })

  test('in E.164 reads back as it was written', () => {
    fc.assert(
      fc.property(nanp, ([area, exchange, line]) => {
        const number = `+1${area}${exchange}${line}`
        expect(again(phone, number)).toBe(number)
        expect(again(phone, `${number};ext=12`)).toBe(`${number};ext=12`)
      }),
    )
  })

  test('of the guide is kept although no such number is assigned', () => {
    expect(readOne(phone, '(555)555-1234').value).toBe('+15555551234')
  })

  test('of another country is read by the country of the practice or its own code', () => {
    expect(readPhone('020 7946 0958', 'GB')).toBe('+442079460958')
    expect(readPhone('011 44 20 7946 0958', 'US')).toBe('+442079460958')
    expect(readPhone('+44 20 7946 0958', 'US')).toBe('+442079460958')
  })

  test('keeps its extension, from XTN-1 or XTN-8', () => {
    expect(readOne(phone, '(217)555-0134 x12').value).toBe('+12175550134;ext=12')
    expect(readOne(phone, ['', 'WPN', 'PH', '', '1', '217', '5550134', '12']).value).toBe(
      '+12175550134;ext=12',
    )
  })

  test('in parts or unformatted is found', () => {
    expect(readOne(phone, ['', 'PRN', 'PH', '', '', '217', '555-0134']).value).toBe('+12175550134')
    expect(readOne(phone, ['', 'PRN', 'PH', '', '', '', '', '', '', '', '', '2175550134']).value).toBe(
      '+12175550134',
    )
  })

  test('that cannot be one is kept as text', () => {
    expect(readOne(phone, 'ask at the desk').value).toBe('ask at the desk')
    expect(readOne(phone, '12345').value).toBe('12345')
  })

  test('that is blank says nothing', () => {
    expect(readOne(phone, ' ').value).toBeUndefined()
  })
})
