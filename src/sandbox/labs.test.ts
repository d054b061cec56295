import { expect, test } from 'vitest'
import { flagOf, PANELS, power, resultsOf, type LabResult, type Subject } from './labs.ts'

const subject = (n: number, conditions: string[] = [], age = 50, sex = 'F'): Subject => ({
  seed: 5,
  n,
  age,
  sex,
  conditions: new Set(conditions),
})
const valueOf = (results: readonly LabResult[], loinc: string): number =>
  Number(results.find((one) => one.loinc === loinc)?.value)
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
const average = (panel: keyof typeof PANELS, loinc: string, conditions: string[] = []): number =>
  mean(
    Array.from({ length: 300 }, (_, n) =>
      valueOf(resultsOf(PANELS[panel], subject(n, conditions), 'one'), loinc),
    ),
  )

test('the same specimen has the same results', () => {
  expect(resultsOf(PANELS.CMP, subject(1), 'x')).toEqual(resultsOf(PANELS.CMP, subject(1), 'x'))
  expect(resultsOf(PANELS.CMP, subject(1), 'x')).not.toEqual(resultsOf(PANELS.CMP, subject(1), 'y'))
})

test('every test of every panel has a LOINC with a right check digit', () => {
  for (const panel of Object.values(PANELS)) {
    for (const loinc of [panel.loinc, ...panel.tests.map((one) => one.loinc)])
      expect(checkDigit(loinc), loinc).toBe(Number(loinc.split('-')[1]))
  }
})

// LOINC Users' Guide, appendix: the check digit is mod 10.
function checkDigit(loinc: string): number {
  const digits = [...(loinc.split('-')[0] ?? '')].map(Number).reverse()
  const doubled =
    Number(
      digits
        .filter((_, i) => i % 2 === 0)
        .reverse()
        .join(''),
    ) * 2
  const rest = digits
    .filter((_, i) => i % 2 === 1)
    .reverse()
    .join('')
  const sum = [...`${rest}${doubled}`].reduce((total, digit) => total + Number(digit), 0)
  return (10 - (sum % 10)) % 10
}

test('diabetes raises glucose and A1c, kidney disease creatinine', () => {
  expect(average('BMP', '2345-7', ['E11.9'])).toBeGreaterThan(average('BMP', '2345-7') + 30)
  expect(average('A1C', '4548-4', ['E11.9'])).toBeGreaterThan(6.8)
  expect(average('BMP', '2160-0', ['N18.30'])).toBeGreaterThan(1.2)
  expect(average('BMP', '98979-8', ['N18.30'])).toBeLessThan(60)
})

test('most results of the healthy are within their range', () => {
  const all = Array.from({ length: 200 }, (_, n) => resultsOf(PANELS.CBC, subject(n), 'one')).flat()
  expect(all.filter((one) => one.flag === 'N').length / all.length).toBeGreaterThan(0.85)
  expect(all.filter((one) => one.flag !== 'N').length).toBeGreaterThan(10)
})

test('what a laboratory calculates agrees with what it was calculated from', () => {
  for (let n = 0; n < 100; n += 1) {
    const lipids = resultsOf(PANELS.LIPID, subject(n), 'one')
    const expected = Math.max(
      20,
      valueOf(lipids, '2093-3') - valueOf(lipids, '2085-9') - valueOf(lipids, '2571-8') / 5,
    )
    expect(Math.abs(valueOf(lipids, '13457-7') - expected)).toBeLessThan(2)
    const blood = resultsOf(PANELS.CBC, subject(n), 'one')
    expect(
      Math.abs(valueOf(blood, '787-2') - (valueOf(blood, '4544-3') / valueOf(blood, '789-8')) * 10),
    ).toBeLessThan(0.5)
  }
})

test('a flag follows the printed value: at the bound it is normal, beyond the critical bound doubled', () => {
  expect([69, 70, 99, 100, 44, 451].map((value) => flagOf(value, 70, 99, [45, 450]))).toEqual([
    'L',
    'N',
    'N',
    'H',
    'LL',
    'HH',
  ])
})

test('powers by series agree with the mathematics to nine digits', () => {
  for (const [x, y] of [
    [0.3, -0.302],
    [7, -1.2],
    [0.9938, 80],
    [1, 5],
    [2, 0.5],
  ] as const)
    expect(power(x, y)).toBeCloseTo(x ** y, 9)
})
