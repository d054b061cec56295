import type { Call, CallLog, CallOwner } from '../../connectors/cerner/port.ts'
import type { Clock } from '../../kernel/clock.ts'
import { ERRORS } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import type { ExchangeHead } from '../../model/document.ts'
import { acceptCalls } from '../../store/accept-calls.ts'
import type { CallRow } from '../../store/accept-calls.ts'
import { controlKey, patientKey } from '../../store/blind-keys.ts'
import type { Writer } from '../../store/writer.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Counters } from '../counters.ts'

export interface CallRecorderOptions {
  writer: Writer
  vault: Vault
  clock: Clock
  counters: Counters
  onProblem: (error: unknown) => void
}

const MAX_ROWS = 200
/** How long the first of some reads waits for others. */
const GATHER_MS = 50
const MAX_BYTES = 8 * 1024 * 1024
/** Past this the log is behind the calls, and the next call waits for it. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024
/** Of one answer that is no resource of its own: enough to read an error page, not to keep a film. */
const KEPT_BYTES = 1024 * 1024

/**
 * Keeps every call in the log: who was asked what, what came back, and the request ids that Cerner's support asks
 * for. Reads gather for a moment, since each commit waits for the disk and a pull makes hundreds of calls a second; a
 * call that writes is logged at once. Nobody waits for the log of a read; its resources are what counts.
 */
export class CallRecorder {
  readonly #options: CallRecorderOptions
  #pending: CallRow[] = []
  #bytes = 0
  #flushing: Promise<void> | null = null
  #isUrgent = false
  #hurry: (() => void) | null = null

  constructor(options: CallRecorderOptions) {
    this.#options = options
  }

  /** The log as one owner's calls see it. */
  logOf(owner: CallOwner): CallLog {
    return { note: (call) => this.#note(owner, call) }
  }

  #note(owner: CallOwner, call: Call): void {
    const row = this.#row(owner, call)
    this.#pending.push(row)
    this.#bytes += row.sealedRaw.length
    const failed = call.error !== null
    this.#options.counters.add(
      owner.connectionId,
      call.kind,
      { received: 1, bytes: row.sizeBytes, ...(failed ? { retried: 1 } : { applied: 1 }) },
      'out',
    )
    if (call.method !== 'GET' || this.#pending.length >= MAX_ROWS) this.#urge()
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = null))
  }

  #urge(): void {
    this.#isUrgent = true
    this.#hurry?.()
  }

  /** Waits for calls that end in the next moment. What ends in this turn of the event loop goes along in any case. */
  async #gather(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, GATHER_MS)
    this.#hurry = () => {
      clearTimeout(timer)
      setImmediate(resolve)
    }
    if (this.#isUrgent) this.#hurry()
    await promise
    this.#hurry = null
    this.#isUrgent = false
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      await this.#gather()
      const rows = this.#take()
      try {
        await acceptCalls(this.#options.writer, rows)
      } catch (error) {
        this.#options.onProblem(error)
        if (this.#bytes < MAX_PENDING_BYTES) this.#giveBack(rows)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  }

  #take(): CallRow[] {
    let bytes = 0
    let count = 0
    while (count < Math.min(this.#pending.length, MAX_ROWS) && bytes < MAX_BYTES) {
      bytes += this.#pending[count]?.sealedRaw.length ?? 0
      count += 1
    }
    this.#bytes -= bytes
    return this.#pending.splice(0, count)
  }

  #giveBack(rows: readonly CallRow[]): void {
    this.#pending.unshift(...rows)
    for (const row of rows) this.#bytes += row.sealedRaw.length
  }

  /** Resolves when all calls so far are in the log. */
  async flushed(): Promise<void> {
    this.#urge()
    while (this.#flushing) await this.#flushing
  }

  #row({ connectionId, causedBy }: CallOwner, call: Call): CallRow {
    const { vault } = this.#options
    const id = newId<ExchangeId>()
    const transcript = transcriptOf(call)
    const requestId = Object.values(call.requestIds)[0] ?? id
    const head: ExchangeHead = {
      controlId: requestId,
      sender: hostOf(call.url),
      version: '',
      reply: null,
      ackCode: call.status === null ? null : String(call.status),
    }
    const about = call.about?.split('/')
    return {
      id,
      connectionId,
      channel: call.channel,
      kind: call.kind,
      parentId: causedBy,
      state: stateOf(call),
      attempts: call.attempt,
      errorCode: call.error?.code ?? null,
      errorPlace: call.error?.place ?? null,
      remote: hostOf(call.url),
      sizeBytes: (call.requestBody?.length ?? 0) + (call.responseBody?.length ?? 0),
      patientKey: about?.[0] === 'Patient' && about[1] ? patientKey(vault, about[1]) : null,
      controlKey: controlKey(vault, requestId),
      // Two calls are two exchanges, whatever they say.
      fingerprint: Buffer.concat([vault.blind('content', id), vault.blind('sender', id).subarray(0, 8)]),
      sealedHead: vault.seal(`exchange/head/${id}`, JSON.stringify(head)),
      sealedRaw: vault.seal(`exchange/raw/${id}`, transcript),
    }
  }
}

/**
 * A call that belongs to a change of ours tells what became of one attempt; the change itself waits for a person when
 * one is needed, so the attempt never does.
 */
function stateOf({ error }: Call): CallRow['state'] {
  if (error === null) return 'accepted'
  const kind = ERRORS[error.code as ErrorCode].kind
  return kind === 'transient' ? 'retrying' : kind === 'ambiguous' ? 'ambiguous' : 'ignored'
}

const hostOf = (url: string): string => new URL(url).host

/** The call as it stood on the wire, without the token. */
function transcriptOf(call: Call): Buffer {
  const { pathname, search, host } = new URL(call.url)
  const request = [
    `${call.method} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...linesOf(call.requestHeaders),
  ]
  const parts = [Buffer.from(`${request.join('\r\n')}\r\n\r\n`), kept(call.requestBody)]
  const answer =
    call.status === null ? ['(no answer)'] : [`HTTP/1.1 ${call.status}`, ...linesOf(call.responseHeaders)]
  parts.push(Buffer.from(`\r\n\r\n${answer.join('\r\n')}\r\n\r\n`), kept(call.responseBody))
  return Buffer.concat(parts)
}

const linesOf = (headers: Readonly<Record<string, string>>): string[] =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

function kept(body: Uint8Array | null): Uint8Array {
  if (!body) return Buffer.alloc(0)
  if (body.length <= KEPT_BYTES) return body
  return Buffer.concat([
    body.subarray(0, KEPT_BYTES),
    Buffer.from(`\r\n(${body.length - KEPT_BYTES} bytes more)`),
  ])
}
