import { IntegrationError } from '../../kernel/errors.ts'
import { joinUrl, tidyBase } from '../../standards/fhir/id.ts'
import type { CernerSettings } from '../cerner/definition.ts'
import type { AccessToken, Call, CallLog, TokenSource } from '../cerner/port.ts'
import { textOf } from './answer.ts'
import type { Answer, Made } from './answer.ts'
import { delayBefore, readRetryAfter } from './backoff.ts'
import { BodyFailure, readBody } from './body.ts'
import * as record from './call-record.ts'
import { classify, mayPassSoon } from './failures.ts'
import { Limiter } from './limiter.ts'
import { systemTimer } from './timer.ts'
import type { Timer } from './timer.ts'
import { Wire, WireFailure } from './wire.ts'
import type { Opened, Sending } from './wire.ts'

export { jsonTextOf, skewOf, textOf } from './answer.ts'
export type { Answer, Made } from './answer.ts'

export interface ClientOptions {
  /** With the tenant: `https://fhir-ehr.cerner.com/r4/TENANT`, or the address that the services follow. */
  base: string
  channel: Call['channel']
  limits: CernerSettings['limits']
  /** PEM of the trusted authorities; null for the public ones. */
  ca: string | null
  /** Null where no token is needed: an open server, or calls that say `authorization: 'none'`. */
  tokens: TokenSource | null
  log: CallLog
  timer?: Timer
  /** From 0 to 1, for the jitter. */
  random?: () => number
}

export interface CallRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Whole, or what follows the base: `Patient/123`. */
  url: string
  /** What the log shows to everybody: `GET Patient`. */
  kind: string
  /** In the order they are sent. Authorization, and Accept-Encoding, are added here. */
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array | null
  /** `token` when not said; else the whole value of the header, or none. */
  authorization?: 'token' | 'none' | { value: string }
  /** True where the far side knows how to repeat it; reads are when not said. Anything else is sent once. */
  repeatable?: boolean
  /** Statuses that are answers, not refusals; 2xx when not said. */
  accepts?: (status: number) => boolean
  /** Classes a refusal where it is not as FHIR answers; null leaves it to the table of statuses. */
  judge?: (answer: Answer) => IntegrationError | null
  /** For 403: `the scope system/Patient.read`. */
  needs?: string
  /** A token call: neither its bodies nor its token go into the log. */
  secret?: boolean
  /** The address may be of another host, which then gets no token. */
  foreign?: boolean
  /** The body is handed on as {@link Answer.stream}, of any length and still packed. */
  stream?: boolean
  about?: string | null
  signal?: AbortSignal | undefined
}

interface Attempt {
  request: CallRequest
  url: URL
  token: AccessToken | null
  /** 1 for the first. */
  number: number
}

type Outcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'failed'; error: IntegrationError; status: number | null; askedMs: number | null }

const MEGABYTE = 1024 * 1024

/**
 * The HTTP client of one connection. It keeps to the limits of the connection, classes every answer by our error table,
 * tries reads again, renews a refused token once, and hands each call to the log. A write is never sent twice by itself:
 * when its answer was lost the error is ambiguous, and the caller looks whether it was done.
 */
export class WebClient implements AsyncDisposable {
  readonly base: string
  readonly timer: Timer
  private readonly options: ClientOptions
  private readonly origin: string
  private readonly wire: Wire
  private readonly limiter: Limiter
  private readonly limitBytes: number

  constructor(options: ClientOptions) {
    const { limits, ca } = options
    this.options = options
    this.base = tidyBase(options.base)
    this.origin = new URL(this.base).origin
    this.timer = options.timer ?? systemTimer
    this.limiter = new Limiter({ ...limits, timer: this.timer })
    this.limitBytes = limits.answerMegabytes * MEGABYTE
    this.wire = new Wire({
      home: this.origin,
      connections: limits.concurrency,
      connectTimeoutMs: limits.connectTimeoutMs,
      answerTimeoutMs: limits.answerTimeoutMs,
      ca,
    })
  }

  /**
   * Makes a call.
   *
   * @param read makes the value of the answer. FHIR_ANSWER_UNREADABLE thrown in it (half a body, HTML) has a read tried
   *   again
   * @throws the errors of "FHIR and web services"; the reason of the signal when it was aborted
   */
  async call<T>(request: CallRequest, read: (answer: Answer) => Made<T>): Promise<T> {
    const url = this.locate(request)
    let tries = 0
    let renewed = false
    for (let number = 1; ; number++) {
      const token = await this.tokenFor(request, url)
      const outcome = await this.attempt({ request, url, token, number }, read)
      if (outcome.kind === 'done') return outcome.value
      if (outcome.status === 401 && token !== null && !renewed) {
        renewed = true
        await this.options.tokens?.discard(token)
        continue
      }
      tries++
      await this.waitOrThrow(request, outcome, tries)
    }
  }

  /** Makes a call and gives the answer as it is. @throws as {@link call} */
  async answer(request: CallRequest): Promise<Answer> {
    return this.call(request, (value) => ({ value }))
  }

  /** True for an address under the origin of this connection: only there the token may go. */
  isHome(url: string): boolean {
    return URL.canParse(url) && new URL(url).origin === this.origin
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wire[Symbol.asyncDispose]()
  }

  private locate({ url, kind, foreign }: CallRequest): URL {
    const whole = new URL(/^https?:\/\//i.test(url) ? url : joinUrl(this.base, url))
    if (whole.origin !== this.origin && foreign !== true)
      throw new IntegrationError('FHIR_FOREIGN_ADDRESS', { call: kind, host: whole.host })
    return whole
  }

  private async tokenFor(
    { authorization = 'token', signal }: CallRequest,
    url: URL,
  ): Promise<AccessToken | null> {
    if (authorization !== 'token' || url.origin !== this.origin) return null
    return (await this.options.tokens?.token(signal)) ?? null
  }

  private async waitOrThrow(
    request: CallRequest,
    failed: Outcome<never> & { kind: 'failed' },
    tries: number,
  ): Promise<void> {
    const { error, status, askedMs } = failed
    const again = isRepeatable(request) && tries <= this.options.limits.retries && mayPassSoon(error, status)
    const waitMs = again ? delayBefore(tries, askedMs, this.options.random ?? Math.random) : null
    if (waitMs === null) throw error
    if (status === 429) this.limiter.pause(waitMs)
    await this.timer.sleep(waitMs, request.signal)
  }

  private async attempt<T>(attempt: Attempt, read: (answer: Answer) => Made<T>): Promise<Outcome<T>> {
    const { request } = attempt
    const leave = await this.limiter.enter(request.signal)
    const note = this.noteOf(attempt)
    try {
      const answer = await this.exchange(attempt, note.sending, leave)
      note.answer(answer)
      const made = this.made(answer, request, read)
      note.end(made.keep)
      return { kind: 'done', value: made.value }
    } catch (cause) {
      const failed = this.failed(cause, attempt, note.answered())
      note.end(undefined, failed?.error)
      if (failed === null) throw cause
      return failed
    } finally {
      if (request.stream !== true) leave()
    }
  }

  /** @throws WireFailure, BodyFailure */
  private async exchange({ request, url }: Attempt, sending: Sending, leave: () => void): Promise<Answer> {
    const sentAtMs = this.timer.now()
    try {
      const opened = await this.wire.open(sending)
      const receivedAtMs = this.timer.now()
      const about = { status: opened.status, headers: opened.headers, url: url.href, sentAtMs, receivedAtMs }
      if (request.stream === true && accepts(request, opened.status)) {
        opened.body.once('close', leave)
        // A body that is left in the middle tells its end as an error, which nobody may be there to hear.
        opened.body.on('error', () => undefined)
        return { ...about, bytes: new Uint8Array(), stream: opened.body }
      }
      const bytes = await this.bytesOf(opened, request)
      leave()
      return { ...about, bytes, stream: null }
    } catch (cause) {
      leave()
      throw cause
    }
  }

  private async bytesOf({ status, headers, body }: Opened, request: CallRequest): Promise<Uint8Array> {
    try {
      return await readBody(body, headers['content-encoding'], this.limitBytes)
    } catch (cause) {
      if (request.signal?.aborted) throw request.signal.reason
      // The status and the headers say what became of a write; a refusal needs no body either.
      if (!isRepeatable(request) || !accepts(request, status)) return new Uint8Array()
      throw cause
    }
  }

  private made<T>(answer: Answer, request: CallRequest, read: (answer: Answer) => Made<T>): Made<T> {
    if (accepts(request, answer.status)) return read(answer)
    throw (
      request.judge?.(answer) ??
      classify({
        call: request.kind,
        status: answer.status,
        body: textOf(answer),
        repeatable: isRepeatable(request),
        needs: request.needs ?? 'a right that the account lacks',
      })
    )
  }

  /** What a throw means; null when it is none of ours (aborted, a fault of the program). */
  private failed(
    cause: unknown,
    { request, url }: Attempt,
    answer: Answer | null,
  ): (Outcome<never> & { kind: 'failed' }) | null {
    const error = this.errorOf(cause, request, url)
    if (error === null) return null
    const askedMs = answer ? readRetryAfter(answer.headers['retry-after'], this.timer.now()) : null
    return { kind: 'failed', error, status: answer?.status ?? null, askedMs }
  }

  private errorOf(cause: unknown, request: CallRequest, url: URL): IntegrationError | null {
    const call = request.kind
    if (cause instanceof IntegrationError) return cause
    if (cause instanceof BodyFailure) {
      if (cause.kind === 'too-large')
        return new IntegrationError('FHIR_ANSWER_TOO_LARGE', { call, limitBytes: this.limitBytes })
      const reason = cause.kind === 'cut' ? 'it ends in the middle' : 'it is packed otherwise than by gzip'
      return new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason }, { cause })
    }
    if (!(cause instanceof WireFailure)) return null
    const { reason } = cause
    if (!cause.sent) return new IntegrationError('FHIR_UNREACHABLE', { host: url.host, reason }, { cause })
    if (!isRepeatable(request)) return new IntegrationError('FHIR_ANSWER_LOST', { call }, { cause })
    return new IntegrationError(
      'FHIR_ANSWER_UNREADABLE',
      { call, reason: `none came (${reason})` },
      { cause },
    )
  }

  /** The call as it grows, handed to the log once, when it ended. */
  private noteOf({ request, url, token, number }: Attempt) {
    const headers = headersOf(request, token)
    const body = typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? null)
    const startedAtMs = this.timer.now()
    let got: Answer | null = null
    return {
      sending: {
        method: request.method,
        url,
        headers,
        body,
        signal: request.signal,
        endless: request.stream === true,
      },
      answer: (answer: Answer): void => {
        got = answer
      },
      answered: (): Answer | null => got,
      end: (keep?: Uint8Array | null, error?: IntegrationError): void => {
        const responseHeaders = got?.headers ?? {}
        this.options.log.note({
          method: request.method,
          url: record.loggedUrl(url.href),
          kind: request.kind,
          channel: this.options.channel,
          requestHeaders: record.loggedHeaders(headers),
          requestBody: body !== null && request.secret === true ? hiddenForm(body) : body,
          status: got?.status ?? null,
          responseHeaders: record.loggedAnswerHeaders(responseHeaders),
          responseBody: keep === undefined ? keptBody(got, request) : keep,
          startedAtMs,
          tookMs: this.timer.now() - startedAtMs,
          requestIds: record.requestIdsOf(responseHeaders),
          attempt: number,
          error: error ? { code: error.code, place: placeIn(error) } : null,
          about: request.about ?? record.aboutOf({ url: url.href, responseHeaders }),
        })
      },
    }
  }
}

const isRepeatable = ({ method, repeatable }: CallRequest): boolean => repeatable ?? method === 'GET'

const accepts = ({ accepts: own }: CallRequest, status: number): boolean =>
  own ? own(status) : status >= 200 && status < 300

// The guide prints Content-Type before Authorization, and Authorization before Accept; so they are sent.
function headersOf(
  { headers = {}, authorization = 'token' }: CallRequest,
  token: AccessToken | null,
): string[] {
  const given = Object.entries(headers)
  const first = given.filter(([name]) => name.toLowerCase() === 'content-type')
  const rest = given.filter(([name]) => name.toLowerCase() !== 'content-type')
  const value =
    typeof authorization === 'object' ? authorization.value : token ? `Bearer ${token.value}` : null
  const proof: [string, string][] = value === null ? [] : [['Authorization', value]]
  return [...first, ...proof, ...rest, ['Accept-Encoding', 'gzip'] as const].flat()
}

const hiddenForm = (body: Uint8Array): Uint8Array =>
  Buffer.from(record.loggedForm(Buffer.from(body).toString('utf8')))

function keptBody(answer: Answer | null, request: CallRequest): Uint8Array | null {
  if (answer === null || answer.stream !== null) return null
  return request.secret === true ? Buffer.from(record.loggedTokenAnswer(textOf(answer))) : answer.bytes
}

function placeIn(error: IntegrationError): string | null {
  const place = error.at['place'] ?? error.at['reason'] ?? error.at['needs']
  return place === undefined ? null : String(place)
}
