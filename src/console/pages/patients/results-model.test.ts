import { expect, test } from 'vitest'
import type { Report } from '../../../contract/observations.ts'
import { barOf, flagsOf, readRange, trendsOf } from './results-model.ts'

test('reference ranges are read as laboratories write them', () => {
  expect(readRange('70-99')).toEqual({ low: 70, high: 99 })
  expect(readRange('3.5 - 5.1 mmol/L')).toEqual({ low: 3.5, high: 5.1 })
  expect(readRange('-2 to 2')).toEqual({ low: -2, high: 2 })
  expect(readRange('<5.7')).toEqual({ low: null, high: 5.7 })
  expect(readRange('>= 60')).toEqual({ low: 60, high: null })
  expect(readRange('negative')).toBeNull()
  expect(readRange(undefined)).toBeNull()
})

test('a value in the middle of its range stands in the middle of the bar, and one far out at its end', () => {
  expect(barOf(84.5, { low: 70, high: 99 }).value).toBeCloseTo(0.5)
  expect(barOf(9_000, { low: 70, high: 99 }).value).toBe(1)
  expect(barOf(-9_000, { low: 70, high: 99 }).value).toBe(0)
})

test('a normal flag is not shown', () => {
  expect(flagsOf({ interpretation: ['N'] })).toEqual([])
  expect(flagsOf({ interpretation: ['HH'] })).toEqual([{ label: 'critically high', tone: 'bad' }])
})

test('a trend leaves out what was entered in error, and is in the order of time', () => {
  const line = (status: string, value: string, at: string) => ({
    id: at,
    report_id: '',
    patient_id: '',
    code: { code: '2345-7' },
    status,
    quantity: { value },
    effective_at: at,
  })
  const report = {
    observations: [
      line('final', '104', '2026-03-01'),
      line('entered-in-error', '900', '2026-02-01'),
      line('final', '96', '2026-01-01'),
      line('final', 'see note', '2026-01-02'),
    ],
  } as unknown as Report
  expect(trendsOf([report]).get('2345-7')).toEqual([
    { at: '2026-01-01', value: 96 },
    { at: '2026-03-01', value: 104 },
  ])
})
