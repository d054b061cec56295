import { expect, test } from 'vitest'
import type { SyncStep } from '../../../contract/sync.ts'
import { makeCerner } from '../../fixtures/cerner.ts'
import { differences, driftRows, duration, secondsLeft, shareOf, shareOfRun } from './sync-model.ts'

const step = (state: SyncStep['state'], done: number, total: number | null): SyncStep => ({
  resource: 'Patient',
  state,
  done,
  total,
  unit: 'patients',
  seen: 0,
  changed: 0,
  calls: 0,
  says: '',
})
const NOW = Date.parse('2026-11-20T12:00:00Z')

test('a step of unknown size shows no share, and an empty one is done', () => {
  expect(shareOf(step('running', 40, null))).toBeNull()
  expect(shareOf(step('running', 0, 0))).toBe(1)
  expect(shareOf(step('running', 30, 120))).toBe(0.25)
  expect(shareOf(step('waiting', 0, null))).toBe(0)
})

test('a step that did more than was promised is no more than done', () => {
  expect(shareOf(step('running', 130, 120))).toBe(1)
})

test('the time left follows from what is done, and is not guessed from nothing', () => {
  const started_at = '2026-11-20T11:59:00Z'
  const half = { started_at, steps: [step('done', 1, 1), step('waiting', 0, null)] }
  expect(shareOfRun(half)).toBe(0.5)
  expect(secondsLeft(half, NOW)).toBe(60)
  expect(secondsLeft({ started_at, steps: [step('running', 1, 100)] }, NOW)).toBeNull()
})

test('durations are told in the unit that people would use', () => {
  expect([0.2, 45, 200, 7_800].map(duration)).toEqual(['1 s', '45 s', '3 min', '2 h 10 min'])
})

test('a drift report has one row for each field, and one for a record that only one side has', () => {
  const [report] = makeCerner(NOW, []).drift
  if (report === undefined) return expect.fail('no report')
  const rows = driftRows(report)
  const fields = report.items.flatMap((item) => item.fields).length
  const bare = report.items.filter((item) => item.fields.length === 0).length
  expect(rows).toHaveLength(1 + fields + bare)
  expect(rows[1]).toEqual([
    'Patient',
    'differs',
    'Doe, Jo',
    report.items[0]?.record?.id,
    'Phone mobile',
    '(816) 555-0142',
    '(816) 555-0177',
  ])
  expect(differences(report)).toBe(report.items.length)
})
