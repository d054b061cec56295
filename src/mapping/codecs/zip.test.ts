import fc from 'fast-check'
import { expect, test } from 'vitest'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { zip } from './zip.ts'

const five = fc.integer({ min: 0, max: 99_999 }).map((n) => String(n).padStart(5, '0'))
const plusFour = fc
  .tuple(five, fc.integer({ min: 0, max: 9999 }))
  .map(([a, b]) => `${a}-${String(b).padStart(4, '0')}`)

test('a ZIP code and a ZIP+4 read back as they were written', () => {
  fc.assert(
    fc.property(fc.oneof(five, plusFour), (code) => {
      expect(again(zip, code)).toBe(code)
    }),
  )
})

test.each([
  ['627011234', '62701-1234'],
  ['62701-', '62701'],
  ['sw1a 1aa', 'SW1A 1AA'],
])('%s is %s', (raw, code) => {
  expect(readOne(zip, raw).value).toBe(code)
})
