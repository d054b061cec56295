import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  readEnvelope,
  VersionMismatch,
  writeEnvelope,
  type Envelope,
  type SoapVersion,
} from '../../standards/soap/envelope.ts'
import { faultStatus, writeFault, type Fault } from '../../standards/soap/fault.ts'
import {
  actionOf,
  faultFor,
  MWS_NAMESPACE,
  readRequest,
  writeAnswer,
  writeProblem,
} from '../../standards/soap/mws.ts'
import { writeWsdl } from '../../standards/soap/wsdl.ts'
import { XmlRefused } from '../../standards/soap/xml.ts'
import { OPERATIONS, type MwsAnswer, type MwsRequest } from '../../standards/mws/operations.ts'
import type { CernerPlugin, CernerPluginOptions, Grant } from './contract.ts'
import { replyFor, ServiceRefusal, type Reply } from './millennium-routes-reply.ts'
import { servicesOf, type Services } from './millennium-routes-services.ts'

export const SOAP_PATH = '/soap/MillenniumServices'

/** The account of the sandbox for WS-Security. It opens invented records only. */
export const SOAP_ACCOUNT = { username: 'practice-studio', password: 'practice-studio-soap-secret' } as const

const NAMES = { namespace: MWS_NAMESPACE, operations: {} }
/** How far clocks may differ. */
const SKEW_MS = 5 * 60_000

/**
 * Millennium web services over SOAP 1.1 and 1.2: the same work as over REST, with the WSDL at `?wsdl`.
 *
 * A bearer token or a UsernameToken opens it. A bad bearer token is said by HTTP 401 as well, so that a client knows to
 * fetch another.
 */
export const soapRoutes: CernerPlugin = async (app: FastifyInstance, options) => {
  const services = servicesOf(options.hospital, options.clock)
  const address = (): string => `${options.endpoints().origin}${SOAP_PATH}`
  app.get(SOAP_PATH, async (request, reply) =>
    /[?&]wsdl\b/i.test(request.url)
      ? reply.type('text/xml; charset=utf-8').send(writeWsdl(address()))
      : reply.code(405).header('allow', 'POST').send(),
  )
  app.post(SOAP_PATH, async (request, reply) => answer(options, services, request, reply))
}

async function answer(
  options: CernerPluginOptions,
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (typeof request.body !== 'string') return reply.code(415).send()
  const read = envelopeIn(request.body)
  if ('fault' in read) return sendFault(reply, read.version, read.fault, '')
  const { envelope } = read
  if (envelope.notUnderstood !== null) {
    const fault = { code: 'must-understand', subcode: '', reason: 'A header is not understood' } as const
    return sendFault(reply, envelope.version, fault, '')
  }
  const asked = requestIn(envelope, request)
  if ('code' in asked) return sendFault(reply, envelope.version, asked, '')
  const result = await handled(options, services, envelope, asked, request)
  return send(reply, envelope.version, asked, result)
}

function envelopeIn(text: string): { envelope: Envelope } | { version: SoapVersion; fault: Fault } {
  try {
    return { envelope: readEnvelope(text) }
  } catch (thrown) {
    const version: SoapVersion = text.includes('http://www.w3.org/2003/05/soap-envelope') ? '1.2' : '1.1'
    if (thrown instanceof VersionMismatch)
      return { version, fault: { code: 'version', subcode: '', reason: thrown.message } }
    if (thrown instanceof XmlRefused)
      return {
        version,
        fault: { code: 'sender', subcode: '', reason: `The message was not taken: ${thrown.message}` },
      }
    throw thrown
  }
}

function requestIn({ content }: Envelope, request: FastifyRequest): MwsRequest | Fault {
  try {
    const asked = readRequest(content)
    const action = /^"?([^"]*)"?$/.exec(String(request.headers['soapaction'] ?? ''))?.[1] ?? ''
    if (action !== '' && action !== actionOf(NAMES, asked.operation))
      return { code: 'sender', subcode: '', reason: 'SOAPAction names another operation' }
    return asked
  } catch (thrown) {
    if (thrown instanceof XmlRefused)
      return { code: 'sender', subcode: '', reason: `The message was not taken: ${thrown.message}` }
    throw thrown
  }
}

async function handled(
  options: CernerPluginOptions,
  services: Services,
  envelope: Envelope,
  asked: MwsRequest,
  request: FastifyRequest,
): Promise<Reply> {
  try {
    const grant = grantFor(options, envelope, asked, request)
    return await services.handle({
      request: asked,
      body: asked.body === null ? undefined : (JSON.parse(asked.body) as unknown),
      grant,
      requestId: request.id,
      base: options.endpoints().mws,
      allowOverlap: false,
      duplicateReviewed: false,
      wantsCandidates: false,
    })
  } catch (thrown) {
    return replyFor(thrown, request.id)
  }
}

function grantFor(
  { gate, clock }: CernerPluginOptions,
  { security }: Envelope,
  { operation }: MwsRequest,
  request: FastifyRequest,
): Grant {
  const { scope, verb } = OPERATIONS[operation]
  if (operation === 'readMetadata') return { ...SOAP_GRANT, clientId: 'anyone' }
  if (security === null) return gate.admit(request.headers.authorization, { type: scope, verb })
  const { username, password, created, expires } = security
  const fresh =
    (created === null || Date.parse(created) <= clock.now() + SKEW_MS) &&
    (expires === null || Date.parse(expires) > clock.now() - SKEW_MS)
  if (username !== SOAP_ACCOUNT.username || password !== SOAP_ACCOUNT.password || !fresh)
    throw new ServiceRefusal('confidential-record', {}, { status: 401, body: FAILED })
  return SOAP_GRANT
}

const SOAP_GRANT: Grant = {
  clientId: SOAP_ACCOUNT.username,
  persona: 'system',
  scopes: ['Person', 'Scheduling', 'Results', 'Documents'].flatMap((name) => [
    `mws/${name}.read`,
    `mws/${name}.write`,
  ]),
  patient: null,
  user: null,
}

// WSS 1.1 §12: the token could not be authenticated.
const FAILED = {
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'login', details: { text: 'FailedAuthentication' } }],
}

function send(
  reply: FastifyReply,
  version: SoapVersion,
  { operation }: MwsRequest,
  result: Reply,
): FastifyReply {
  const answer = answerOf(result)
  if (answer.status < 300) {
    const body = writeAnswer(operation, answer)
    return typed(reply, version)
      .code(200)
      .send(writeEnvelope({ version, messageId: null, action: '', security: null, body }))
  }
  const challenge = result.headers?.['www-authenticate']
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  const { retryAfter } = answer
  if (retryAfter !== null) reply.header('retry-after', retryAfter)
  const isBearer = challenge !== undefined && (answer.status === 401 || answer.status === 403)
  return sendFault(
    reply,
    version,
    faultFor(answer),
    writeProblem(answer),
    isBearer ? answer.status : undefined,
  )
}

function answerOf({ status, body, version, lastModifiedMs, location, headers, content }: Reply): MwsAnswer {
  return {
    status,
    body: body === null ? null : JSON.stringify(body),
    version: version ?? null,
    lastModified: lastModifiedMs === undefined ? null : new Date(lastModifiedMs).toUTCString(),
    location: location ?? null,
    retryAfter: headers?.['retry-after'] ?? null,
    content: content ?? null,
  }
}

function sendFault(
  reply: FastifyReply,
  version: SoapVersion,
  fault: Fault,
  detail: string,
  status?: number,
): FastifyReply {
  return typed(reply, version)
    .code(status ?? faultStatus(version, fault.code))
    .send(writeFault(version, fault, detail, MWS_NAMESPACE))
}

const typed = (reply: FastifyReply, version: SoapVersion): FastifyReply =>
  reply.type(version === '1.1' ? 'text/xml; charset=utf-8' : 'application/soap+xml; charset=utf-8')
