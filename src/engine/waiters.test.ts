import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { settledOf, settledRow, Waiters, waitsFor } from './waiters.ts'

const id = '01890000-0000-7000-8000-000000000001' as ExchangeId
const applied = { id, state: 'applied', problem: null } as const

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('everybody who waits for an exchange hears what became of it, and nobody is kept', async () => {
  const waiters = new Waiters(1_000)
  const both = Promise.all([waiters.wait(id), waiters.wait(id)])
  expect(waiters.ids).toEqual([id])
  waiters.settle(applied)
  expect(await both).toEqual([applied, applied])
  expect(waiters.ids).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('who waited too long hears that nothing is known yet', async () => {
  const waiters = new Waiters(1_000)
  const waiting = waiters.wait(id)
  vi.advanceTimersByTime(1_000)
  expect((await waiting).state).toBe('unknown')
  expect(waiters.ids).toEqual([])
})

test('a repeat that comes later does not keep the first one waiting longer', async () => {
  const waiters = new Waiters(1_000)
  const first = waiters.wait(id)
  vi.advanceTimersByTime(900)
  const second = waiters.wait(id)
  vi.advanceTimersByTime(100)
  expect((await first).state).toBe('unknown')
  expect(waiters.ids).toEqual([id])
  waiters.settle(applied)
  expect(await second).toEqual(applied)
})

test('news about an exchange nobody waits for is no news', () => {
  const waiters = new Waiters(1_000)
  waiters.settle(applied)
  expect(waiters.ids).toEqual([])
})

test('closing answers everybody and leaves no timer', async () => {
  const waiters = new Waiters(1_000)
  const all = Promise.all([waiters.wait(id), waiters.wait(id)])
  waiters.close()
  expect((await all).map((one) => one.state)).toEqual(['unknown', 'unknown'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a sender waits for the outcome on apply, or where it asks for an application reply', () => {
  const connection = (ackMode: 'on_commit' | 'on_apply') => ({
    id: newId<ConnectionId>(),
    name: 'ADT',
    channel: 'hl7v2' as const,
    settings: hl7v2Settings.parse({ ackMode }),
  })
  expect(waitsFor(connection('on_commit'), '')).toBe(false)
  expect(waitsFor(connection('on_commit'), 'AL')).toBe(true)
  expect(waitsFor(connection('on_apply'), '')).toBe(true)
})

test.each([
  ['HL7_REQUIRED_SEGMENT_MISSING', 'PID', 100],
  ['HL7_REQUIRED_FIELD_EMPTY', 'PID-3', 101],
  ['CODE_NOT_IN_SET', 'OBR-25', 103],
  ['HL7_IDENTIFIER_CONFLICT', 'PID-3', 204],
  ['HL7_TOO_MANY_SEGMENTS', null, 207],
  ['INTERNAL', null, 207],
] as const)(
  'a message parked with %s at %s is answered with condition %i and a whole sentence',
  (code, place, condition) => {
    const base = {
      id,
      connectionId: 'c' as ConnectionId,
      kind: 'ADT^A08',
      state: 'parked',
      waited: true,
    } as const
    const told = settledOf({ ...base, code, place })
    expect(told.problem).toMatchObject({ code, condition, severity: 'E' })
    expect(told.problem?.says).toMatch(/\w\.$/)
    expect(told.problem?.says).not.toContain('undefined')
    expect(settledRow({ id, state: 'parked', error_code: code, error_place: place })).toEqual(told)
  },
)

test('whatever else ended is a success to its sender', () => {
  for (const state of ['applied', 'ignored', 'resolved'] as const) {
    expect(settledRow({ id, state, error_code: null, error_place: null })).toEqual(applied)
  }
})
