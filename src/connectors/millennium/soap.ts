import { v4 } from 'uuid'
import { IntegrationError } from '../../kernel/errors.ts'
import { operationOf } from '../../standards/mws/operations.ts'
import type { MwsAnswer, MwsRequest } from '../../standards/mws/operations.ts'
import { askedOf, problemOf } from '../../standards/mws/problems.ts'
import { readEnvelope, writeEnvelope } from '../../standards/soap/envelope.ts'
import type { Envelope, Security, SoapVersion } from '../../standards/soap/envelope.ts'
import { readFault } from '../../standards/soap/fault.ts'
import type { ReadFault } from '../../standards/soap/fault.ts'
import {
  actionOf,
  answerOfFault,
  isSoapOperation,
  readAnswer,
  siteName,
  writeRequest,
} from '../../standards/soap/mws.ts'
import type { SoapNames } from '../../standards/soap/mws.ts'
import { XmlRefused } from '../../standards/soap/xml.ts'
import type { CallLog } from '../cerner/port.ts'
import { readRetryAfter } from '../fhir/backoff.ts'
import { textOf } from '../fhir/client.ts'
import type { Answer, CallRequest, WebClient } from '../fhir/client.ts'
import { aboutOf } from './rest.ts'
import { isRead, withAskedWait } from './transport.ts'
import type { Transport } from './transport.ts'

export interface SoapOptions extends SoapNames {
  readonly version: SoapVersion
  /** Empty: the bearer token is used. */
  readonly username: string
  readonly password: string
}

const TIMESTAMP_MS = 5 * 60_000

/**
 * Millennium services over SOAP 1.1 or 1.2.
 *
 * @param web whose base is the SOAP address, and whose log was wrapped by {@link withoutPasswords}
 */
export function soapTransport(web: WebClient, options: SoapOptions): Transport {
  return {
    async send(request, signal) {
      const call = callOf(web, options, request, signal)
      return web.call(call, (answer) => ({ value: answerOf(options, request, answer) }))
    },
    [Symbol.asyncDispose]: async () => web[Symbol.asyncDispose](),
  }
}

function callOf(
  web: WebClient,
  options: SoapOptions,
  request: MwsRequest,
  signal: AbortSignal | undefined,
): CallRequest {
  if (!isSoapOperation(request.operation)) throw notOffered(request.operation)
  const asked = askedOf(operationOf(request.operation))
  const repeatable = isRead(operationOf(request.operation))
  const action = actionOf(options, request.operation)
  return {
    method: 'POST',
    url: web.base,
    kind: asked.call,
    headers:
      options.version === '1.1'
        ? { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: `"${action}"` }
        : { 'Content-Type': `application/soap+xml; charset=utf-8; action="${action}"` },
    body: writeEnvelope({
      version: options.version,
      messageId: `urn:uuid:${v4()}`,
      action,
      security: securityOf(options, web.timer.now()),
      body: writeRequest(request, options),
    }),
    authorization: options.username === '' ? 'token' : 'none',
    repeatable,
    // Faults come with 500, and in SOAP 1.2 with 400.
    accepts: (status) => (status >= 200 && status < 300) || status === 500 || status === 400,
    needs: `the scope ${asked.scope}`,
    judge: (answer) => problemOf({ status: answer.status, body: null }, asked, repeatable),
    about: aboutOf(request),
    signal,
  }
}

const notOffered = (operation: string): IntegrationError =>
  new IntegrationError('SOAP_FAULT', { operation, fault: 'not offered over SOAP' })

function securityOf({ username, password }: SoapOptions, nowMs: number): Security | null {
  if (username === '') return null
  const at = (ms: number): string => new Date(ms).toISOString()
  return { username, password, created: at(nowMs), expires: at(nowMs + TIMESTAMP_MS) }
}

function answerOf(options: SoapOptions, request: MwsRequest, answer: Answer): MwsAnswer {
  const operation = siteName(options, request.operation)
  const envelope = envelopeOf(request, answer, operation)
  const fault = readFault(envelope)
  if (fault !== null) throw errorOf(options, request, fault, answer.receivedAtMs)
  try {
    const read = readAnswer(request.operation, envelope.content, options)
    if (read.status >= 300) throw problem(request, read)
    return read
  } catch (thrown) {
    if (thrown instanceof XmlRefused) throw unreadable(request, answer, operation)
    throw thrown
  }
}

function envelopeOf(request: MwsRequest, answer: Answer, operation: string): Envelope {
  try {
    return readEnvelope(textOf(answer))
  } catch (thrown) {
    if (thrown instanceof XmlRefused) throw unreadable(request, answer, operation)
    throw thrown
  }
}

const problem = (request: MwsRequest, answer: Pick<MwsAnswer, 'status' | 'body'>): IntegrationError =>
  problemOf(answer, askedOf(operationOf(request.operation)), isRead(operationOf(request.operation)))

// No envelope: somebody in between answered, so nothing is known of a write.
function unreadable(request: MwsRequest, { status }: Answer, operation: string): IntegrationError {
  if (!isRead(operationOf(request.operation)) || status >= 400)
    return problem(request, { status: Math.max(status, 500), body: null })
  return new IntegrationError('SOAP_UNREADABLE', { operation })
}

/** A fault with our detail says what REST would say; any other is told by its code. */
function errorOf(
  options: SoapOptions,
  request: MwsRequest,
  fault: ReadFault,
  nowMs: number,
): IntegrationError {
  const answer = answerOfFault(fault, options)
  if (answer !== null)
    return withAskedWait(problem(request, answer), readRetryAfter(answer.retryAfter ?? undefined, nowMs))
  const operation = siteName(options, request.operation)
  const name = fault.subcode === '' ? fault.code : `${fault.code} ${fault.subcode}`
  // Who answers in the receiver's name may have done the work before.
  if (fault.code === 'receiver') return problem(request, { status: 500, body: null })
  return new IntegrationError('SOAP_FAULT', { operation, fault: name })
}

const PASSWORD = /(<wsse:Password\b[^>]*>)[^<]*/g

/** A log that never sees the password of WS-Security. */
export const withoutPasswords = (log: CallLog): CallLog => ({
  note: (call) => {
    const { requestBody } = call
    if (requestBody === null) return log.note(call)
    const text = Buffer.from(requestBody).toString('utf8').replaceAll(PASSWORD, '$1…')
    return log.note({ ...call, requestBody: Buffer.from(text) })
  },
})
