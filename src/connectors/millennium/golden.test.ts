import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { GUIDE_BOOKING, GUIDE_SEARCH } from '../../sandbox/cerner/millennium-routes.world.ts'
import { cernerSettings } from '../cerner/definition.ts'
import type { CernerRoad } from '../cerner/port.ts'
import { openMillennium } from './road.ts'
import { owner } from './services.world.ts'

// The guide's two calls as bytes on a socket. @see cerner-integration-guide.md "Sample API Calls"

interface Wired {
  readonly line: string
  /** As spelled and ordered. */
  readonly headers: readonly string[]
  readonly body: string
}

/** What a call puts on the wire. */
async function wired(call: (road: CernerRoad) => Promise<unknown>, answer: string): Promise<Wired> {
  const chunks: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isWhole(Buffer.concat(chunks)))
        socket.end(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answer.length}\r\nConnection: close\r\n\r\n${answer}`,
        )
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const settings = cernerSettings.parse({ millennium: { base: `http://127.0.0.1:${port}` } })
  const token = { value: '{access_token}', expiresAtMs: Infinity, scope: '', tokenType: 'Bearer' }
  const tokens = { token: async () => token, discard: async () => undefined }
  try {
    await using millennium = openMillennium({ settings, tokens, ca: null, log: { note: () => undefined } })
    await call(millennium.road(owner(null)))
  } finally {
    server.close()
  }
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
  const [line = '', ...headers] = head.split('\r\n')
  return { line, headers, body }
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(bytes.toString('latin1'))?.[1] ?? 0)
  return end >= 0 && bytes.length >= end + 4 + length
}

test('the patient search goes out exactly as the guide prints it', async () => {
  const { line, headers, body } = await wired(
    async (road) => road.searchPersons({ family: 'Smith', given: 'John' }),
    '{"resourceType":"Bundle","type":"searchset"}',
  )
  expect(line).toBe('POST /patient/v1/Patient/search HTTP/1.1')
  expect(headers).toContain('Content-Type: application/json')
  expect(headers).toContain('Authorization: Bearer {access_token}')
  expect(headers.indexOf('Content-Type: application/json')).toBeLessThan(
    headers.indexOf('Authorization: Bearer {access_token}'),
  )
  expect(body).toBe(GUIDE_SEARCH)
})

test('the booking goes out exactly as the guide prints it', async () => {
  const { line, headers, body } = await wired(
    async (road) =>
      road.book({
        slotId: '21265426-633867-3121665-0',
        start: '2023-06-15T09:00:00Z',
        end: '2023-06-15T09:30:00Z',
        patient: { id: '1234567', display: 'Smith, John' },
        practitioner: { id: '9876543', display: 'Dr. Jane Johnson' },
        reason: 'Annual physical examination',
      }),
    '{"resourceType":"Appointment","id":"1"}',
  )
  expect(line).toBe('POST /scheduling/v1/slots/21265426-633867-3121665-0/book HTTP/1.1')
  expect(headers).toContain('Content-Type: application/json')
  expect(headers).toContain('Authorization: Bearer {access_token}')
  expect(body).toBe(GUIDE_BOOKING)
})

test('beside the guide’s headers go only those of the transport, and the key of a booking', async () => {
  const { headers } = await wired(
    async (road) =>
      road.book({
        slotId: '1',
        start: '2023-06-15T09:00:00Z',
        end: '2023-06-15T09:30:00Z',
        patient: { id: '1', display: '' },
      }),
    '{"resourceType":"Appointment","id":"1"}',
  )
  const names = headers.map((header) => header.split(':')[0]?.toLowerCase())
  expect(names.toSorted()).toEqual([
    'accept-encoding',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'idempotency-key',
  ])
})

test('a slot id that would lead to another address is not sent', async () => {
  const road = openMillennium({
    settings: cernerSettings.parse({ millennium: { base: 'http://127.0.0.1:9' } }),
    tokens: null,
    ca: null,
    log: { note: () => undefined },
  }).road(owner(null))
  const booking = { slotId: '../1', start: '', end: '', patient: { id: '1', display: '' } }
  await expect(road.book(booking)).rejects.toMatchObject({ code: 'FHIR_RESOURCE_INVALID' })
})
