import { expect, test } from 'vitest'
import { request } from '../../standards/mws/operations.ts'
import { keyed, keysOf } from './idempotency.ts'
import { owner } from './services.world.ts'

const booking = (slot: string, body = '{}') => request('bookAppointment', { path: { slot }, body })
const keyOf = (exchange: string | null, wanted: ReturnType<typeof booking>) =>
  keyed(wanted, keysOf(owner(exchange))).key

test('an exchange asks with the same key however often it is tried', () => {
  expect(keyOf('e1', booking('1'))).toBe(keyOf('e1', booking('1')))
  expect(keyOf('e1', booking('1', '{"changed":true}'))).toBe(keyOf('e1', booking('1')))
})

test('another exchange, operation or slot has another key', () => {
  const create = request('createPerson', { body: '{}' })
  const keys = [
    keyOf('e1', booking('1')),
    keyOf('e2', booking('1')),
    keyOf('e1', booking('2')),
    keyOf('e1', create),
  ]
  expect(new Set(keys).size).toBe(4)
})

test('several results of one exchange have a key each, by their content', () => {
  const result = (body: string) => keyOf('e1', request('createResult', { body }))
  expect(result('{"a":1}')).toBe(result('{"a":1}'))
  expect(result('{"a":1}')).not.toBe(result('{"a":2}'))
})

test('a call by hand has a new key each time, and a read has none', () => {
  expect(keyOf(null, booking('1'))).not.toBe(keyOf(null, booking('1')))
  expect(keyOf('e1', request('readPerson', { path: { id: '1' } }))).toBeNull()
})
