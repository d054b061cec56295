import { expect, test } from 'vitest'
import { HOSPITALISTS, luhnDigit, PROVIDERS } from './staff.ts'

test('the check digit agrees with the example of the NPI standard', () => {
  expect(luhnDigit('80840123456789')).toBe(3)
})

test('every NPI has a right check digit and begins with 2, as none that was issued does', () => {
  const all = [...PROVIDERS, ...HOSPITALISTS].map((one) => one.npi)
  for (const npi of all) {
    expect(npi).toMatch(/^2\d{9}$/)
    expect(luhnDigit(`80840${npi.slice(0, 9)}`)).toBe(Number(npi.slice(9)))
  }
  expect(new Set(all).size).toBe(all.length)
})
