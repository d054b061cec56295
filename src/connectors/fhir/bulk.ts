import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { IntegrationError } from '../../kernel/errors.ts'
import { isId } from '../../standards/fhir/id.ts'
import { readLines } from '../../standards/fhir/ndjson.ts'
import { readRetryAfter } from './backoff.ts'
import { jsonTextOf } from './client.ts'
import type { Answer, CallRequest, WebClient } from './client.ts'
import type { FhirClient } from './fhir-client.ts'

/** Bulk export of a Group (FHIR Bulk Data Access 2.0; cerner-fhir-r4.md §3.10). */

export interface ExportRequest {
  group: string
  /** `Patient`, `Observation` …; empty for all. */
  types: readonly string[]
  /** Instant: only what changed since. */
  since?: string
  signal?: AbortSignal
}

export interface ExportFile {
  type: string
  url: string
}

export interface Manifest {
  /** Where the next delta starts. */
  transactionTime: string
  requiresAccessToken: boolean
  output: readonly ExportFile[]
  /** OperationOutcomes about what could not be exported. */
  error: readonly ExportFile[]
  deleted: readonly ExportFile[]
}

export type ExportState =
  { kind: 'running'; progress: string; waitMs: number } | { kind: 'done'; manifest: Manifest }

const file = z.object({ type: z.string(), url: z.url() })
const files = z.array(file).default([])
const manifestSchema = z.object({
  transactionTime: z.string(),
  requiresAccessToken: z.boolean().default(true),
  output: files,
  error: files.catch([]),
  deleted: files.catch([]),
})

/** Cerner says 600 s; without a word we look twice a minute. */
const UNSAID_WAIT_MS = 30_000

/**
 * Starts an export.
 *
 * @returns the address of its job, to be kept: the work outlives us
 * @throws BULK_EXPORT_RUNNING when this app already has one at this tenant
 */
export async function startExport(client: FhirClient, asked: ExportRequest): Promise<string> {
  if (!isId(asked.group))
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: 'Group.id', expected: 'an id' })
  const query = [
    ...(asked.types.length > 0 ? [`_type=${asked.types.join(',')}`] : []),
    ...(asked.since === undefined ? [] : [`_since=${encodeURIComponent(asked.since).replace(/%3A/g, ':')}`]),
  ].join('&')
  const kind = 'GET Group/$export'
  const answer = await client.web.answer({
    method: 'GET',
    url: `Group/${asked.group}/$export${query === '' ? '' : `?${query}`}`,
    kind,
    headers: { Accept: client.mediaType, Prefer: 'respond-async' },
    needs: 'system scopes for reading Group and each type',
    // A start is no read: when its answer was lost a job may run, and the next start is told so by a 429.
    repeatable: false,
    accepts: (status) => status === 202,
    judge: ({ status }) => (status === 429 ? new IntegrationError('BULK_EXPORT_RUNNING', {}) : null),
    signal: asked.signal,
  })
  const job = answer.headers['content-location']
  if (job === undefined) throw new IntegrationError('BULK_EXPORT_FAILED', { place: 'Content-Location' })
  return new URL(job, answer.url).href
}

/**
 * Looks how far a job is.
 *
 * @throws BULK_EXPORT_FAILED when it ended badly or is no longer known
 */
export async function lookAtExport(
  client: FhirClient,
  job: string,
  signal?: AbortSignal,
): Promise<ExportState> {
  const kind = 'GET bulk-export job'
  const request: CallRequest = {
    method: 'GET',
    url: job,
    kind,
    headers: { Accept: 'application/json' },
    accepts: (status) => status === 200 || status === 202,
    judge: failureOfJob,
    signal,
  }
  return client.web.call(request, (answer) => ({
    value: answer.status === 202 ? running(answer, client) : done(jsonTextOf(answer, kind)),
  }))
}

/** Waits until a job has ended, as long as the server asks between two looks. */
export async function waitForExport(
  client: FhirClient,
  job: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  for (;;) {
    const state = await lookAtExport(client, job, signal)
    if (state.kind === 'done') return state.manifest
    await client.web.timer.sleep(state.waitMs, signal)
  }
}

/** Gives the job and its files back; one that is gone already is no failure. */
export async function deleteExport(client: FhirClient, job: string): Promise<void> {
  await client.web.answer({
    method: 'DELETE',
    url: job,
    kind: 'DELETE bulk-export job',
    repeatable: true,
    accepts: (status) => (status >= 200 && status < 300) || status === 404,
  })
}

/**
 * Reads the lines of one file as they stream in. The file lies in an object store that is reached by a redirect; our
 * token stays at Cerner. Read again from its beginning when it breaks off: lines that come twice have the same version.
 *
 * @param limitBytes of one line
 * @throws FHIR_ANSWER_UNREADABLE when it breaks off or cannot be unpacked
 */
export async function* readExportFile(
  client: FhirClient,
  manifest: Pick<Manifest, 'requiresAccessToken'>,
  { type, url }: ExportFile,
  options: { signal?: AbortSignal; limitBytes?: number } = {},
): AsyncGenerator<string, void, undefined> {
  const kind = `GET ${type}.ndjson`
  const answer = await openFile(client.web, {
    url,
    kind,
    withToken: manifest.requiresAccessToken,
    signal: options.signal,
  })
  const body = answer.stream
  if (body === null) return
  try {
    yield* readLines(unpacked(body), kind, options.limitBytes)
  } catch (cause) {
    options.signal?.throwIfAborted()
    if (cause instanceof IntegrationError) throw cause
    throw new IntegrationError(
      'FHIR_ANSWER_UNREADABLE',
      { call: kind, reason: 'it ends in the middle' },
      { cause },
    )
  } finally {
    body.destroy()
  }
}

const REDIRECTS = 3

async function openFile(
  web: WebClient,
  asked: { url: string; kind: string; withToken: boolean; signal: AbortSignal | undefined },
): Promise<Answer> {
  let url = asked.url
  for (let hops = 0; hops <= REDIRECTS; hops++) {
    const atHome = web.isHome(url)
    const answer = await web.answer({
      method: 'GET',
      url,
      kind: asked.kind,
      // A presigned address refuses a token beside its signature, and a token is nobody else's business.
      authorization: asked.withToken && atHome && hops === 0 ? 'token' : 'none',
      headers: { Accept: 'application/fhir+ndjson' },
      // Only the address in the manifest may be of another host than ours by a redirect.
      foreign: hops > 0,
      stream: true,
      accepts: (status) => status === 200 || isRedirect(status),
      // A store of files knows no records, so whatever it says with a 500 is no fault of one.
      judge: ({ status }) =>
        status >= 500 ? new IntegrationError('FHIR_UNAVAILABLE', { call: asked.kind, status }) : null,
      signal: asked.signal,
    })
    if (!isRedirect(answer.status)) return answer
    answer.stream?.destroy()
    url = redirectOf(answer, asked.kind)
  }
  throw new IntegrationError('BULK_EXPORT_FAILED', { place: asked.kind })
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Where a redirect leads; from TLS it must stay in TLS. */
function redirectOf(answer: Answer, call: string): string {
  const { location } = answer.headers
  const to =
    location !== undefined && URL.canParse(location, answer.url) ? new URL(location, answer.url) : null
  const secure = to?.protocol === 'https:' || (to?.protocol === 'http:' && answer.url.startsWith('http:'))
  if (!to || !secure) throw new IntegrationError('FHIR_REDIRECTED', { call, status: answer.status })
  return to.href
}

const GZIP_MAGIC = [0x1f, 0x8b]

/**
 * Unpacks gzip as it streams. It is told by its first bytes: the store may say `Content-Encoding: gzip`, or give a
 * `.gz` file as it lies there and say nothing.
 */
async function* unpacked(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const parts = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
  let front: Uint8Array = new Uint8Array()
  while (front.length < GZIP_MAGIC.length) {
    const next = await parts.next()
    if (next.done === true) break
    front = Buffer.concat([front, next.value])
  }
  const all = withFront(front, parts)
  if (!GZIP_MAGIC.every((byte, n) => front[n] === byte)) return yield* all
  const gunzip = createGunzip()
  const fed = feed(all, gunzip)
  try {
    yield* gunzip as AsyncIterable<Uint8Array>
  } finally {
    gunzip.destroy()
    await fed
  }
}

async function* withFront(
  front: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (front.length > 0) yield front
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

/** Writes parts as fast as they are taken; a failure of the source becomes one of the unpacker. */
async function feed(parts: AsyncIterable<Uint8Array>, into: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const part of parts) {
      if (into.destroyed) return
      if (!into.write(part)) await drained(into)
    }
    into.end()
  } catch (cause) {
    into.destroy(cause instanceof Error ? cause : new Error('the source failed'))
  }
}

const drained = (stream: ReturnType<typeof createGunzip>): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      stream.off('drain', go)
      stream.off('close', go)
      resolve()
    }
    stream.on('drain', go)
    stream.on('close', go)
  })

function running(answer: Answer, { web }: FhirClient): ExportState {
  const waitMs = readRetryAfter(answer.headers['retry-after'], web.timer.now()) ?? UNSAID_WAIT_MS
  return { kind: 'running', progress: answer.headers['x-progress'] ?? '', waitMs }
}

function done(text: string): ExportState {
  const read = manifestSchema.safeParse(parsed(text))
  if (!read.success) throw new IntegrationError('BULK_EXPORT_FAILED', { place: 'manifest' })
  return { kind: 'done', manifest: read.data }
}

function failureOfJob(answer: Answer): IntegrationError | null {
  const { status } = answer
  if (status === 404 || status === 410 || status === 500) {
    const place = status === 500 ? 'the job' : `the job, which is no longer known (${status})`
    return new IntegrationError('BULK_EXPORT_FAILED', { place })
  }
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
