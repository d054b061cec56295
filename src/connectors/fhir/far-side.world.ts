import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { AccessToken, Call, CallLog, TokenSource } from '../cerner/port.ts'
import { cernerSettings } from '../cerner/definition.ts'
import type { CernerSettings } from '../cerner/definition.ts'
import { FhirClient } from './fhir-client.ts'
import type { FhirClientOptions } from './fhir-client.ts'
import type { Timer } from './timer.ts'

/** Far sides for tests: one that answers as told, and one that shows the very bytes it was sent. */

export interface Asked {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

export type Answering = (asked: Asked, response: ServerResponse, nth: number) => unknown

export interface FarSide extends AsyncDisposable {
  base: string
  asked: Asked[]
}

/** An HTTP server on a free port of the loopback; `nth` counts requests from 1. */
export async function farSide(answering: Answering, path = '/r4/tenant'): Promise<FarSide> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8')
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      answering(one, response, asked.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base: `http://127.0.0.1:${port}${path}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface RawFarSide extends AsyncDisposable {
  origin: string
  requests: Buffer[]
  /** How many were made so far. */
  connections(): number
}

/** A TCP server that keeps each request as the bytes it came in, and answers with the given bytes. */
export async function rawFarSide(answer: string): Promise<RawFarSide> {
  const requests: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    let waiting = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (part: Buffer) => {
      waiting = Buffer.concat([waiting, part])
      const length = requestLength(waiting)
      if (length === null || waiting.length < length) return
      requests.push(waiting.subarray(0, length))
      waiting = waiting.subarray(length)
      socket.write(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function requestLength(bytes: Buffer): number | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const length = /^content-length: *(\d+)/im.exec(bytes.subarray(0, end).toString('latin1'))?.[1]
  return end + 4 + Number(length ?? 0)
}

/** A request as lines: the first, the headers as they are spelled, the body. */
export function readRawRequest(bytes: Buffer | undefined): { line: string; headers: string[]; body: string } {
  const text = bytes?.toString('utf8') ?? ''
  const at = text.indexOf('\r\n\r\n')
  const [line = '', ...headers] = text.slice(0, at).split('\r\n')
  return { line, headers, body: text.slice(at + 4) }
}

export interface Notes extends CallLog {
  calls: Call[]
}

export function notes(): Notes {
  const calls: Call[] = []
  return { calls, note: (call) => void calls.push(call) }
}

/** Time that passes by being waited for. */
export function fakeTimer(
  startMs = Date.parse('2026-05-01T12:00:00Z'),
): Timer & { waits: number[]; nowMs: number } {
  return {
    waits: [],
    nowMs: startMs,
    now() {
      return this.nowMs
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      this.waits.push(ms)
      this.nowMs += ms
      await Promise.resolve()
    },
  }
}

/** Hands out `first`, then `second` after the first was discarded, and so on. */
export function tokens(...values: string[]): TokenSource & { discarded: string[] } {
  const discarded: string[] = []
  const tokenAt = (n: number): AccessToken => ({
    value: values[Math.min(n, values.length - 1)] ?? '',
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    scope: '',
    tokenType: 'Bearer',
  })
  return {
    discarded,
    token: () => Promise.resolve(tokenAt(discarded.length)),
    discard: (token) => {
      discarded.push(token.value)
      return Promise.resolve()
    },
  }
}

export const limitsOf = (limits: Partial<CernerSettings['limits']> = {}): CernerSettings['limits'] =>
  cernerSettings.parse({ limits: { requestsPerSecond: 2000, ...limits } }).limits

/** A client with time that does not pass and no jitter. */
export function clientFor(
  base: string,
  options: Omit<Partial<FhirClientOptions>, 'limits'> & { limits?: Partial<CernerSettings['limits']> } = {},
): { client: FhirClient; log: Notes; timer: ReturnType<typeof fakeTimer> } {
  const log = notes()
  const timer = fakeTimer()
  const { limits, ...rest } = options
  const client = new FhirClient({
    base,
    limits: limitsOf(limits),
    ca: null,
    tokens: tokens('secret-token-1', 'secret-token-2'),
    log,
    timer,
    random: () => 0.5,
    ...rest,
  })
  return { client, log, timer }
}

export const FHIR_JSON = { 'content-type': 'application/fhir+json' }

/** Answers with a resource as JSON. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  headers: Record<string, string> = {},
  status = 200,
): void {
  response.writeHead(status, { ...FHIR_JSON, ...headers }).end(JSON.stringify(value))
}

/** Answers with one issue, as Cerner does. */
export function sendIssue(response: ServerResponse, status: number, issue: object): void {
  sendJson(
    response,
    { resourceType: 'OperationOutcome', issue: [{ severity: 'error', ...issue }] },
    {},
    status,
  )
}
