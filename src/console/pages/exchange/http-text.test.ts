import { expect, test } from 'vitest'
import { readCall, statusOf } from './http-text.ts'

const REQUEST = [
  'POST https://cerner.example/r4/t/Appointment HTTP/1.1',
  'accept: application/fhir+json',
  'if-match: W/"1773"',
  '',
  '{"resourceType":"Appointment"}',
]
const RESPONSE = [
  'HTTP/1.1 422 Unprocessable Entity',
  'x-request-id: 5e1f',
  '',
  '{"resourceType":"OperationOutcome"}',
]

test.each(['\r\n', '\n'])('a call is read as request and answer, with line ends %j', (end) => {
  const call = readCall([...REQUEST, ...RESPONSE].join(end))
  expect(call?.request).toEqual({
    line: 'POST https://cerner.example/r4/t/Appointment HTTP/1.1',
    headers: [
      ['accept', 'application/fhir+json'],
      ['if-match', 'W/"1773"'],
    ],
    body: '{"resourceType":"Appointment"}',
  })
  expect(call?.response?.headers).toEqual([['x-request-id', '5e1f']])
  expect(call?.response === null || call?.response === undefined ? null : statusOf(call.response)).toBe(422)
})

test('a call without an answer has none', () => {
  expect(readCall(REQUEST.join('\r\n'))?.response).toBeNull()
})

test('what stands for a missing answer is not taken for a body', () => {
  const call = readCall(`${REQUEST.join('\r\n')}\r\n\r\n(no answer)\r\n\r\n`)
  expect(call?.request.body).toBe('{"resourceType":"Appointment"}')
  expect(call?.response).toBeNull()
})

test('a body of many lines is kept whole, and a request may have none', () => {
  const call = readCall(
    'GET https://cerner.example/metadata HTTP/1.1\r\naccept: */*\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\n  "a": 1\n}',
  )
  expect(call?.request.body).toBe('')
  expect(call?.response?.body).toBe('{\n  "a": 1\n}')
})

test('an HL7 message and a resource are no calls', () => {
  expect(readCall('MSH|^~\\&|CERNER|')).toBeNull()
  expect(readCall('{"resourceType":"Patient"}')).toBeNull()
})
