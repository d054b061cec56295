import type { ExchangeDetail } from '../contract/exchanges.ts'
import { ERRORS } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'

type ExchangeError = NonNullable<ExchangeDetail['error']>

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

/** Words for what the log does not keep: it has the code and the place of an error, and nothing else. */
const UNKEPT: Readonly<Record<string, string>> = {
  expected: 'of the expected type',
  set: 'in use',
  table: 'that it belongs to',
  limit: 'the allowed number of',
  limitBytes: 'the allowed number of',
  reason: 'see the exchange',
  call: 'the call',
  needs: 'a scope or right that it does not have',
  error: 'see the exchange',
  urn: 'no further reason is kept',
  status: 'see the exchange',
  host: 'the far side',
  fault: 'see the exchange',
}

/** The error of an exchange, said in the words of the error table. */
export function exchangeErrorOf(code: string, place: string | null): ExchangeError {
  if (!isCode(code)) {
    const todo = 'Look at the exchange; this version of Practice Studio does not know the code.'
    return { code, kind: 'permanent', place, says: `The exchange ended with ${code}.`, todo }
  }
  const { kind, says, todo } = ERRORS[code]
  const at = new Proxy({}, { get: (_, name) => UNKEPT[String(name)] ?? place ?? 'the message' })
  return { code, kind, place, says: (says as (at: object) => string)(at), todo }
}
