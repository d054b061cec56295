import type { Readable } from 'node:stream'
import { IntegrationError } from '../../kernel/errors.ts'

export interface Answer {
  status: number
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** Unpacked. */
  bytes: Uint8Array
  stream: Readable | null
  url: string
  sentAtMs: number
  receivedAtMs: number
}

/** What a reader made of an answer. `keep` is what the log keeps as its body, where that is not the whole of it. */
export interface Made<T> {
  value: T
  keep?: Uint8Array | null
}

/** The body as text, without a byte order mark. */
export function textOf({ bytes }: Pick<Answer, 'bytes'>): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/**
 * The body of an answer that has to be JSON.
 *
 * @throws FHIR_ANSWER_UNREADABLE for HTML (a gateway in Cerner's place), other types and an empty body
 */
export function jsonTextOf(answer: Answer, call: string): string {
  const text = textOf(answer)
  const front = text.slice(0, 200).trimStart()
  const unreadable = (reason: string): IntegrationError =>
    new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason })
  if (front === '') throw unreadable('it is empty')
  if (front.startsWith('<')) throw unreadable(/html/i.test(front) ? 'it is an HTML page' : 'it is XML')
  if (!/^[{[]/.test(front)) throw unreadable('it is not JSON')
  return text
}

/** The difference of the far side's clock to ours, from its `Date` header; null when it sends none. */
export function skewOf({
  headers,
  sentAtMs,
  receivedAtMs,
}: Pick<Answer, 'headers' | 'sentAtMs' | 'receivedAtMs'>): number | null {
  const theirMs = Date.parse(headers['date'] ?? '')
  // The header has whole seconds: half of one is its middle.
  return Number.isNaN(theirMs) ? null : theirMs + 500 - (sentAtMs + receivedAtMs) / 2
}
