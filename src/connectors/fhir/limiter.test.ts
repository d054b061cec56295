import { expect, test } from 'vitest'
import { delayBefore, readRetryAfter } from './backoff.ts'
import { fakeTimer } from './far-side.world.ts'
import { Limiter } from './limiter.ts'

test('calls come at the rate of the settings, after a first burst as wide as the concurrency', async () => {
  const timer = fakeTimer(0)
  const limiter = new Limiter({ concurrency: 3, requestsPerSecond: 10, timer })
  const starts: number[] = []
  for (let n = 0; n < 6; n++) {
    const leave = await limiter.enter()
    starts.push(timer.now())
    leave()
  }
  expect(starts).toEqual([0, 0, 0, 100, 200, 300])
})

test('a pause holds for everybody', async () => {
  const timer = fakeTimer(0)
  const limiter = new Limiter({ concurrency: 2, requestsPerSecond: 1000, timer })
  limiter.pause(5000)
  await limiter.enter()
  expect(timer.now()).toBeGreaterThanOrEqual(5000)
})

test('who gives up waiting leaves the place to the next', async () => {
  const limiter = new Limiter({ concurrency: 1, requestsPerSecond: 1000, timer: fakeTimer(0) })
  const leave = await limiter.enter()
  const stop = new AbortController()
  const impatient = limiter.enter(stop.signal)
  const patient = limiter.enter()
  stop.abort(new Error('enough'))
  await expect(impatient).rejects.toThrow('enough')
  leave()
  leave()
  const leaveSecond = await patient
  leaveSecond()
  await expect(limiter.enter()).resolves.toBeTypeOf('function')
})

test('waits grow with each try, are spread over their whole length, and have an end', () => {
  expect([1, 2, 3, 4].map((tries) => delayBefore(tries, null, () => 1))).toEqual([500, 1000, 2000, 4000])
  expect(delayBefore(3, null, () => 0)).toBe(0)
  expect(delayBefore(20, null, () => 1)).toBe(30_000)
  expect(delayBefore(1, 3000, () => 0)).toBe(3000)
  expect(delayBefore(1, 600_000, () => 0)).toBeNull()
})

test('Retry-After is read as seconds and as a date', () => {
  const nowMs = Date.parse('2026-05-01T12:00:00Z')
  expect(readRetryAfter('120', nowMs)).toBe(120_000)
  expect(readRetryAfter('Fri, 01 May 2026 12:00:30 GMT', nowMs)).toBe(30_000)
  expect(readRetryAfter('Fri, 01 May 2026 11:00:00 GMT', nowMs)).toBe(0)
  expect(readRetryAfter('soon', nowMs)).toBeNull()
  expect(readRetryAfter(undefined, nowMs)).toBeNull()
})
