import { expect, test } from 'vitest'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { request } from '../../standards/mws/operations.ts'
import { patient } from './patience.ts'
import type { Transport } from './transport.ts'

/** A write with a key whose tries end in these errors, one after the other. */
async function endOf(codes: readonly ErrorCode[]): Promise<string> {
  const left = [...codes]
  const transport: Transport = {
    send: () => {
      const at = {
        call: 'POST Observation',
        status: 503,
        host: 'h',
        reason: 'r',
        needs: 'n',
        error: 'e',
        urn: 'u',
      }
      return Promise.reject(new IntegrationError(left.shift() ?? 'FHIR_UNREACHABLE', at))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const timer = { now: () => 0, sleep: () => Promise.resolve() }
  const waiting = patient(transport, { timer, retries: 1, random: () => 0 })
  const ended = await waiting
    .send(request('createResult', { key: 'k', body: '{}' }))
    .catch((error: unknown) => error)
  return (ended as IntegrationError).code
}

test.each(['FHIR_UNAUTHORIZED', 'FHIR_TOKEN_REFUSED', 'FHIR_UNREACHABLE', 'FHIR_RECORD_LOCKED'] as const)(
  'a write whose first answer was lost is not taken for undone when the next try ends in %s',
  async (code) => {
    expect(await endOf(['FHIR_ANSWER_LOST', ...Array<ErrorCode>(4).fill(code)])).toBe('FHIR_ANSWER_LOST')
  },
)

test('an answer that is about the write itself stands, also after a lost one', async () => {
  expect(await endOf(['FHIR_ANSWER_LOST', 'MWS_DOUBLE_BOOKED'])).toBe('MWS_DOUBLE_BOOKED')
})

test('a refusal of the account is told as it is when nothing was lost before', async () => {
  expect(await endOf(['FHIR_UNAUTHORIZED'])).toBe('FHIR_UNAUTHORIZED')
})
