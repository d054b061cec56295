import { expect, test } from 'vitest'
import { ERRORS } from '../kernel/errors.ts'
import { exchangeErrorOf } from './exchange-error.ts'

test('an error is said in the words of the table, at its place', () => {
  expect(exchangeErrorOf('HL7_REQUIRED_FIELD_EMPTY', 'PID-3')).toEqual({
    code: 'HL7_REQUIRED_FIELD_EMPTY',
    kind: 'permanent',
    place: 'PID-3',
    says: 'Required field PID-3 is empty.',
    todo: ERRORS.HL7_REQUIRED_FIELD_EMPTY.todo,
  })
})

test('every error of the table can be said from its code and place alone', () => {
  for (const code of Object.keys(ERRORS)) {
    for (const place of ['PID-3', null]) {
      const { says } = exchangeErrorOf(code, place)
      expect(says, code).not.toMatch(/undefined|null|\[object|NaN/)
      expect(says.length, code).toBeGreaterThan(10)
    }
  }
})

test('a code of another version is shown as it is', () => {
  expect(exchangeErrorOf('FROM_THE_FUTURE', 'PID-3')).toMatchObject({
    code: 'FROM_THE_FUTURE',
    kind: 'permanent',
  })
})
