import type { Readable } from 'node:stream'
import { rootCertificates } from 'node:tls'
import { Pool, buildConnector } from 'undici'
import type { Dispatcher } from 'undici'

export interface WireOptions {
  /** The origin of the base: sockets to it trust `ca` alone, others trust the public authorities too. */
  home: string
  connections: number
  connectTimeoutMs: number
  /** Until the headers, and between two parts of the body. */
  answerTimeoutMs: number
  /** PEM; null for the public authorities. */
  ca: string | null
}

export interface Sending {
  method: Dispatcher.HttpMethod
  url: URL
  /** Name and value in turn, spelled and ordered as they go over the wire. */
  headers: readonly string[]
  body: Uint8Array | null
  signal?: AbortSignal | undefined
  /** A file of any length: only the time between two parts is limited. */
  endless?: boolean
}

/** An answer whose body is still to be read. */
export interface Opened {
  status: number
  /** Names in lower case; repeated ones joined with a comma. */
  headers: Readonly<Record<string, string>>
  body: Readable
}

/** No answer: `sent` tells whether the request may have reached the far side. */
export class WireFailure extends Error {
  readonly sent: boolean
  /** `ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT`: a code, never an address or a value. */
  readonly reason: string
  constructor(sent: boolean, cause: unknown) {
    super('no answer', { cause })
    this.sent = sent
    this.reason = reasonOf(cause)
  }
}

// A body that trickles would hold a place for good, so an answer as a whole has a limit too.
const WHOLE_ANSWER_FACTOR = 10

/** Keep-alive connections to the origins of one connection: HTTP/1.1, TLS 1.2 or newer. */
export class Wire implements AsyncDisposable {
  private readonly options: WireOptions
  private readonly pools = new Map<string, Pool>()
  private readonly connectFailures = new WeakSet<object>()
  private closed = false

  constructor(options: WireOptions) {
    this.options = options
  }

  /**
   * Sends one request.
   *
   * @throws WireFailure when no headers came; the reason of the signal when the caller aborted
   */
  async open(sending: Sending): Promise<Opened> {
    sending.signal?.throwIfAborted()
    if (this.closed) throw new WireFailure(false, new Error('closed'))
    try {
      const { statusCode, headers, body } = await this.poolOf(sending.url.origin).request({
        method: sending.method,
        path: sending.url.pathname + sending.url.search,
        headers: [...sending.headers],
        body: sending.body,
        signal: this.limitOf(sending),
      })
      return { status: statusCode, headers: flatten(headers), body }
    } catch (cause) {
      if (sending.signal?.aborted) throw sending.signal.reason
      if (isOurFault(cause)) throw cause
      throw new WireFailure(!(cause instanceof Error && this.connectFailures.has(cause)), cause)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true
    await Promise.all([...this.pools.values()].map((pool) => pool.destroy()))
    this.pools.clear()
  }

  private limitOf({ signal, endless }: Sending): AbortSignal | null {
    if (endless === true) return signal ?? null
    const deadline = AbortSignal.timeout(this.options.answerTimeoutMs * WHOLE_ANSWER_FACTOR)
    return signal ? AbortSignal.any([signal, deadline]) : deadline
  }

  private poolOf(origin: string): Pool {
    const known = this.pools.get(origin)
    if (known) return known
    const { connections, connectTimeoutMs, answerTimeoutMs } = this.options
    const pool = new Pool(origin, {
      connections,
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
      connect: this.connector(origin, connectTimeoutMs),
      // HTTP/1.1 keeps header names as they are written, and one request on a connection at a time.
      allowH2: false,
    })
    this.pools.set(origin, pool)
    return pool
  }

  /** Remembers failures of connecting, since only they prove that nothing was sent. */
  private connector(origin: string, timeout: number): buildConnector.connector {
    const { ca, home } = this.options
    const trusted = ca === null || origin === home ? ca : [...rootCertificates, ca]
    const connect = buildConnector({
      timeout,
      minVersion: 'TLSv1.2',
      allowH2: false,
      ...(trusted === null ? {} : { ca: trusted }),
    })
    return (options, callback) => {
      connect(options, (...outcome: [Error | null, unknown]) => {
        const [error] = outcome
        if (error) this.connectFailures.add(error)
        callback(...(outcome as Parameters<buildConnector.Callback>))
      })
    }
  }
}

// A header or path that may not be sent: a fault of the caller, not of the line.
const isOurFault = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'UND_ERR_INVALID_ARG'

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  const code = 'code' in cause ? cause.code : undefined
  if (typeof code === 'string') return code
  // Several addresses of one name that all failed.
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0])
  return cause.name
}
