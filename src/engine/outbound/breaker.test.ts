import { expect, test } from 'vitest'
import { fixedClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { Breaker } from './breaker.ts'

const fail = (breaker: Breaker, id: ConnectionId, times: number): void => {
  for (let n = 0; n < times; n++) breaker.failed(id)
}

test('a connection rests after five failures in a row, alone, and longer each time', () => {
  const clock = fixedClock(0)
  const breaker = new Breaker(clock)
  const [down, up] = [newId<ConnectionId>(), newId<ConnectionId>()]
  fail(breaker, down, 4)
  expect(breaker.resting()).toEqual([])
  fail(breaker, down, 1)
  breaker.failed(up)
  expect(breaker.resting()).toEqual([down])
  clock.advance(15_000)
  expect(breaker.resting()).toEqual([])
  // One failure is enough now, and the rest is twice as long.
  breaker.failed(down)
  clock.advance(29_999)
  expect(breaker.resting()).toEqual([down])
  clock.advance(1)
  expect(breaker.resting()).toEqual([])
})

test('one answer ends the trouble', () => {
  const breaker = new Breaker(fixedClock(0))
  const id = newId<ConnectionId>()
  fail(breaker, id, 4)
  breaker.succeeded(id)
  fail(breaker, id, 4)
  expect(breaker.resting()).toEqual([])
})
