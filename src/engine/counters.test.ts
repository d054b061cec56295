import { expect, test } from 'vitest'
import { fixedClock } from '../kernel/clock.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { Counters } from './counters.ts'

const one = '01890000-0000-7000-8000-000000000001' as ConnectionId
const other = '01890000-0000-7000-8000-000000000002' as ConnectionId
const MINUTE = Date.parse('2026-03-04T10:00:00Z')

test('counts add up by minute, connection and kind, and the longest delay is kept', () => {
  const clock = fixedClock(MINUTE + 1_000)
  const counters = new Counters(clock)
  counters.add(one, 'ADT^A08', { received: 1, bytes: 100 })
  counters.add(one, 'ADT^A08', { applied: 1, delay_ms: 30, delay_max_ms: 30 })
  counters.add(one, 'ADT^A08', { applied: 1, delay_ms: 10, delay_max_ms: 10 })
  counters.add(other, 'ADT^A08', { received: 1 })
  clock.advance(60_000)
  counters.add(one, 'ADT^A08', { received: 1 })
  const cells = counters.take()
  expect(
    cells.map((cell) => [cell.minuteMs - MINUTE, cell.connectionId, cell.received, cell.applied]),
  ).toEqual([
    [0, one, 1, 2],
    [0, other, 1, 0],
    [60_000, one, 1, 0],
  ])
  expect(cells[0]).toMatchObject({ bytes: 100, delay_ms: 40, delay_max_ms: 30 })
})

test('what was taken out is not counted again', () => {
  const counters = new Counters(fixedClock(MINUTE))
  counters.add(one, 'ADT^A08', { received: 1 })
  expect(counters.take()).toHaveLength(1)
  expect(counters.take()).toEqual([])
})

test('what could not be written comes back and adds to what was counted meanwhile', () => {
  const counters = new Counters(fixedClock(MINUTE))
  counters.add(one, 'ADT^A08', { received: 2, delay_max_ms: 50 })
  const unwritten = counters.take()
  counters.add(one, 'ADT^A08', { received: 1, delay_max_ms: 20 })
  counters.giveBack(unwritten)
  const [cell, ...more] = counters.take()
  expect(cell).toMatchObject({ received: 3, delay_max_ms: 50 })
  expect(more).toEqual([])
})

test('what comes back stays in the minute it was counted in', () => {
  const clock = fixedClock(MINUTE)
  const counters = new Counters(clock)
  counters.add(one, 'ADT^A08', { received: 2 })
  const unwritten = counters.take()
  counters.add(one, 'ADT^A08', { received: 1 })
  clock.advance(60_000)
  counters.giveBack(unwritten)
  expect(counters.take().map((cell) => [cell.minuteMs - MINUTE, cell.received])).toEqual([[0, 3]])
})

test('a feed with made-up events does not make cells without end', () => {
  const counters = new Counters(fixedClock(MINUTE))
  for (let n = 0; n < 1_000; n++) counters.add(one, `Z${n}`, { received: 1 })
  const cells = counters.take()
  expect(cells).toHaveLength(201)
  expect(cells.find((cell) => cell.kind === 'other')?.received).toBe(800)
  expect(cells.reduce((sum, cell) => sum + cell.received, 0)).toBe(1_000)
})
