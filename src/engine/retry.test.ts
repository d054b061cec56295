import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntegrationError } from '../kernel/errors.ts'
import { retryDelayMs, retryKind } from './retry.ts'

const withCode = (code: string): Error => Object.assign(new Error('refused'), { code })

test.each([
  ['a lost connection', '08006', 'transient'],
  ['a server that stops', '57P01', 'transient'],
  ['no room for another connection', '53300', 'transient'],
  ['a disk that is full', '53100', 'transient'],
  ['an input or output fault', '58030', 'transient'],
  ['a deadlock', '40P01', 'transient'],
  ['a conflict with another transaction', '40001', 'transient'],
  ['a lock that is not free', '55P03', 'transient'],
  ['a refused socket', 'ECONNREFUSED', 'transient'],
  ['a unique key', '23505', 'permanent'],
  ['a value out of range', '22003', 'permanent'],
  ['a table that is not there', '42P01', 'permanent'],
] as const)('%s is %s', (_name, code, kind) => {
  expect(retryKind(withCode(code))).toBe(kind)
})

test('our own errors are what the table says, and what was perhaps done may be tried again', () => {
  expect(retryKind(new IntegrationError('STORE_UNAVAILABLE', {}))).toBe('transient')
  expect(retryKind(new IntegrationError('STORE_COMMIT_UNKNOWN', {}))).toBe('transient')
  expect(retryKind(new IntegrationError('HL7_UNREADABLE', {}))).toBe('permanent')
})

test('without a code only the sentences of a lost server are transient', () => {
  expect(retryKind(new Error('Connection terminated unexpectedly'))).toBe('transient')
  expect(retryKind(new TypeError('x is not a function'))).toBe('permanent')
  expect(retryKind(null)).toBe('permanent')
  expect(retryKind('text')).toBe('permanent')
})

test('the delay lies between a quarter of a second and five minutes and never shrinks from try to try', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, random) => {
        const delay = retryDelayMs(attempt, random)
        expect(delay).toBeGreaterThanOrEqual(250)
        expect(delay).toBeLessThanOrEqual(5 * 60_000)
        expect(retryDelayMs(attempt + 1, random)).toBeGreaterThanOrEqual(delay)
      },
    ),
  )
})

test('the delay doubles, and half of it is jitter', () => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, 0))).toEqual([250, 500, 1000])
  expect(retryDelayMs(3, 1)).toBe(2000)
  expect(retryDelayMs(100, 1)).toBe(5 * 60_000)
})
