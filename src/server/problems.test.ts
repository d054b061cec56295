import { expect, test } from 'vitest'
import { ERRORS, IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { integrationErrorOf, problemOf, statusOf } from './problems.ts'

test('every error of the table has a status that fits its kind', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const status = statusOf(code)
    expect(status, code).toBeGreaterThanOrEqual(400)
    expect(status, code).toBeLessThan(600)
  }
  expect(statusOf('NOT_FOUND')).toBe(404)
  expect(statusOf('STORE_UNAVAILABLE')).toBe(503)
  expect(statusOf('HL7_UNREADABLE')).toBe(422)
})

test('a problem document says what happened and what to do', () => {
  expect(problemOf(new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'PID-5' }), 'trace')).toEqual({
    type: '/api/docs#HL7_REQUIRED_FIELD_EMPTY',
    title: 'HL7 required field empty',
    status: 422,
    code: 'HL7_REQUIRED_FIELD_EMPTY',
    detail: 'Required field PID-5 is empty.',
    todo: ERRORS.HL7_REQUIRED_FIELD_EMPTY.todo,
    trace_id: 'trace',
  })
})

test('a failure nobody foresaw says nothing of what it was about', () => {
  const failure = integrationErrorOf(new Error('duplicate key value (Testerson)'))
  expect(failure.code).toBe('INTERNAL')
  expect(JSON.stringify(problemOf(failure, 'trace'))).not.toContain('Testerson')
  expect(integrationErrorOf('thrown text').code).toBe('INTERNAL')
})
