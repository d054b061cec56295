import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../kernel/errors.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { clientFor, farSide, rawFarSide, sendIssue, sendJson, tokens } from './far-side.world.ts'
import type { Answering } from './far-side.world.ts'

const patient = {
  resourceType: 'Patient',
  id: '1',
  meta: { versionId: '7' },
  name: [{ family: 'Nightingale' }],
}

/** What reading Patient/1 ends in, and what was seen on both sides. */
async function readFrom(answering: Answering, options: Parameters<typeof clientFor>[1] = {}) {
  await using far = await farSide(answering)
  const { client, log, timer } = clientFor(far.base, options)
  await using _ = client
  const result = await client.read('Patient', '1').catch((error: unknown) => error)
  return { result, asked: far.asked, calls: log.calls, waits: timer.waits }
}

const codeOf = (result: unknown): unknown => (result instanceof IntegrationError ? result.code : result)

describe('a read', () => {
  test('gives the resource, its text and its version', async () => {
    const { result } = await readFrom((_, response) => sendJson(response, patient, { etag: 'W/"8"' }))
    expect(result).toMatchObject({ resource: patient, text: JSON.stringify(patient), version: '8' })
  })

  test('takes gzip', async () => {
    const { result, asked } = await readFrom((_, response) => {
      response.writeHead(200, { 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' })
      response.end(gzipSync(JSON.stringify(patient)))
    })
    expect(result).toMatchObject({ version: '7' })
    expect(asked[0]?.headers['accept-encoding']).toBe('gzip')
  })

  test.each([502, 503, 504, 429])('is tried again after %i', async (status) => {
    const { result, asked, waits } = await readFrom((_, response, nth) => {
      if (nth < 3) response.writeHead(status).end('<html>busy</html>')
      else sendJson(response, patient)
    })
    expect(result).toMatchObject({ version: '7' })
    expect(asked).toHaveLength(3)
    // Half of a bound that doubles, as the jitter is fixed at one half.
    expect(waits.filter((ms) => ms > 100)).toEqual(expect.arrayContaining([250, 500]))
  })

  test('waits as long as the far side asks', async () => {
    const { waits } = await readFrom((_, response, nth) => {
      if (nth === 1) response.writeHead(429, { 'retry-after': '7' }).end()
      else sendJson(response, patient)
    })
    expect(waits[0]).toBe(7_250)
  })

  test('is left to the queue when the far side asks for a long wait', async () => {
    const { result, asked } = await readFrom((_, response) =>
      response.writeHead(429, { 'retry-after': '600' }).end(),
    )
    expect(codeOf(result)).toBe('FHIR_THROTTLED')
    expect(asked).toHaveLength(1)
  })

  test('ends after as many tries as the settings say', async () => {
    const { result, asked } = await readFrom((_, response) => response.writeHead(503).end(), {
      limits: { retries: 2 },
    })
    expect(codeOf(result)).toBe('FHIR_UNAVAILABLE')
    expect(asked).toHaveLength(3)
  })

  test.each<[string, Answering]>([
    ['a connection that breaks', (_, response) => response.destroy()],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/fhir+json', 'content-length': '500' })
        response.write('{"resourceType":"Pat')
        setTimeout(() => response.destroy(), 20)
      },
    ],
    ['JSON that is cut off', (_, response) => response.writeHead(200).end('{"resourceType":"Patient","id":')],
    [
      'a page of HTML with status 200',
      (_, response) => response.writeHead(200).end('<!doctype html><p>Sorry'),
    ],
    [
      'gzip that is cut off',
      (_, response) =>
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify(patient)).subarray(0, 40)),
    ],
  ])('is tried again after %s', async (_name, fault) => {
    const { result, asked } = await readFrom((one, response, nth) =>
      nth === 1 ? fault(one, response, nth) : sendJson(response, patient),
    )
    expect(result).toMatchObject({ version: '7' })
    expect(asked).toHaveLength(2)
  })

  test('of HTML that stays says so, and that it may pass', async () => {
    const { result } = await readFrom((_, response) => response.writeHead(200).end('<html></html>'), {
      limits: { retries: 1 },
    })
    expect(result).toMatchObject({
      code: 'FHIR_ANSWER_UNREADABLE',
      kind: 'transient',
      at: { reason: 'it is an HTML page' },
    })
  })

  test('that gets no answer in time is transient', async () => {
    const { result } = await readFrom(() => undefined, { limits: { answerTimeoutMs: 200, retries: 0 } })
    expect(result).toMatchObject({ code: 'FHIR_ANSWER_UNREADABLE', kind: 'transient' })
  })

  test('of a host that does not listen says that nothing was sent', async () => {
    const base = (await farSide(() => undefined).then(async (far) => (await far[Symbol.asyncDispose](), far)))
      .base
    const { client, log } = clientFor(base, { limits: { retries: 1 } })
    await using _ = client
    await expect(client.read('Patient', '1')).rejects.toMatchObject({
      code: 'FHIR_UNREACHABLE',
      at: { reason: 'ECONNREFUSED' },
    })
    expect(log.calls.map(({ status, error }) => [status, error?.code])).toEqual([
      [null, 'FHIR_UNREACHABLE'],
      [null, 'FHIR_UNREACHABLE'],
    ])
  })

  test('stops when the caller gives up', async () => {
    await using far = await farSide(() => undefined)
    const { client } = clientFor(far.base)
    await using _ = client
    const stop = new AbortController()
    const reading = client.read('Patient', '1', stop.signal)
    setTimeout(() => stop.abort(new Error('the run was stopped')), 50)
    await expect(reading).rejects.toThrow('the run was stopped')
  })
})

describe('an answer that says no is classed', () => {
  const invalid = {
    code: 'invalid',
    details: { text: 'at least one of _id, identifier, name must be provided' },
  }
  const scope = {
    code: 403,
    message:
      'code="urn:cerner:error:oauth2:resource-access:insufficient-scopes", error="insufficient_scope", subcode="no_scope_for_resource_path"',
  }

  test.each<[ErrorCode, Answering, string]>([
    ['FHIR_REQUEST_REFUSED', (_, response) => sendIssue(response, 400, invalid), '_id, identifier, name'],
    [
      'FHIR_FORBIDDEN',
      (_, response) => sendJson(response, scope, {}, 403),
      'it needs the scope system/Patient.read.',
    ],
    [
      'FHIR_FORBIDDEN',
      (_, response) => response.writeHead(403).end('Tenant not valid or accessible'),
      'a tenant that Cerner knows',
    ],
    ['FHIR_NOT_FOUND', (_, response) => sendIssue(response, 404, { code: 'not-found' }), '404'],
    ['FHIR_NOT_ACCEPTABLE', (_, response) => response.writeHead(406).end(), '406'],
    ['FHIR_NOT_ACCEPTABLE', (_, response) => response.writeHead(415).end(), '415'],
    ['FHIR_VERSION_STALE', (_, response) => response.writeHead(409).end(), '409'],
    ['FHIR_VERSION_STALE', (_, response) => response.writeHead(412).end(), '412'],
    [
      'FHIR_RULE_BROKEN',
      (_, response) => sendIssue(response, 422, { code: 'business-rule' }),
      'business-rule',
    ],
    ['FHIR_RECORD_LOCKED', (_, response) => response.writeHead(423).end(), '423'],
    ['FHIR_DEPENDENT_FAILED', (_, response) => response.writeHead(424).end(), '424'],
    [
      'FHIR_REDIRECTED',
      (_, response) => response.writeHead(302, { location: 'https://login.example/' }).end(),
      '302',
    ],
    ['FHIR_UNAVAILABLE', (_, response) => response.writeHead(500).end(), '500'],
    [
      'FHIR_STORED_RECORD_BROKEN',
      (_, response) =>
        sendIssue(response, 500, {
          severity: 'fatal',
          code: 'required',
          location: ['/f:AllergyIntolerance/f:status'],
        }),
      '/f:AllergyIntolerance/f:status',
    ],
  ])('%s', async (code, answering, says) => {
    const { result, asked } = await readFrom(answering)
    expect(codeOf(result)).toBe(code)
    expect((result as Error).message).toContain(says)
    expect(asked).toHaveLength(1)
  })

  test('and never repeats what the answer says in words', async () => {
    const issue = {
      code: 'invalid',
      details: { text: 'NIGHTINGALE, FLORENCE born 1820-05-12 is not valid' },
      diagnostics: 'Jane Roe',
    }
    const { result, calls } = await readFrom((_, response) => sendIssue(response, 400, issue))
    const said = JSON.stringify([(result as Error).message, calls.map(({ error }) => error)])
    expect(said).not.toMatch(/NIGHTINGALE|FLORENCE|1820|Roe/)
  })
})

describe('a token that is refused', () => {
  test('is renewed once, and the call is made once more', async () => {
    const source = tokens('old', 'new')
    const { result, asked } = await readFrom(
      (one, response) =>
        one.headers.authorization === 'Bearer new'
          ? sendJson(response, patient)
          : response.writeHead(401).end(),
      { tokens: source },
    )
    expect(result).toMatchObject({ version: '7' })
    expect(source.discarded).toEqual(['old'])
    expect(asked).toHaveLength(2)
  })

  test('twice is an error that a person has to look at', async () => {
    const { result, asked } = await readFrom((_, response) => response.writeHead(401).end())
    expect(result).toMatchObject({ code: 'FHIR_UNAUTHORIZED', kind: 'permanent' })
    expect(asked).toHaveLength(2)
  })

  test('never goes to another host', async () => {
    await using far = await farSide((_, response) => sendJson(response, patient))
    await using other = await farSide((_, response) => sendJson(response, patient))
    const { client } = clientFor(far.base)
    await using _ = client
    await expect(client.page('Patient', `${other.base}/Patient?page=2`)).rejects.toMatchObject({
      code: 'FHIR_FOREIGN_ADDRESS',
    })
    expect(other.asked).toEqual([])
  })
})

describe('a write', () => {
  const body = { resourceType: 'Appointment' }

  async function createAt(answering: Answering) {
    await using far = await farSide(answering)
    const { client, log } = clientFor(far.base, { limits: { answerTimeoutMs: 300 } })
    await using _ = client
    const result = await client.create('Appointment', body).catch((error: unknown) => error)
    return { result, asked: far.asked, calls: log.calls }
  }

  test.each<[string, ErrorCode, Answering]>([
    ['breaks off', 'FHIR_ANSWER_LOST', (_, response) => response.destroy()],
    ['gets no answer in time', 'FHIR_ANSWER_LOST', () => undefined],
    ['is answered 502', 'FHIR_WRITE_UNCERTAIN', (_, response) => response.writeHead(502).end()],
    ['is answered 503', 'FHIR_WRITE_UNCERTAIN', (_, response) => response.writeHead(503).end()],
    ['is answered 504', 'FHIR_WRITE_UNCERTAIN', (_, response) => response.writeHead(504).end()],
    ['is answered 500', 'FHIR_WRITE_UNCERTAIN', (_, response) => response.writeHead(500).end()],
    [
      'is answered 201 without a Location',
      'FHIR_WRITE_UNCERTAIN',
      (_, response) => response.writeHead(201).end(),
    ],
    [
      'is answered by a page of HTML',
      'FHIR_WRITE_UNCERTAIN',
      (_, response) => response.writeHead(200).end('<html>'),
    ],
  ])('that %s is ambiguous and is not sent again', async (_name, code, answering) => {
    const { result, asked } = await createAt(answering)
    expect(result).toMatchObject({ code, kind: 'ambiguous' })
    expect(asked).toHaveLength(1)
  })

  test('that is throttled was surely not done, and is not sent again by itself', async () => {
    const { result, asked } = await createAt((_, response) => sendIssue(response, 429, { code: 'throttled' }))
    expect(result).toMatchObject({ code: 'FHIR_THROTTLED', kind: 'transient' })
    expect(asked).toHaveLength(1)
  })

  test('that could not be sent is transient', async () => {
    const { client } = clientFor('http://127.0.0.1:1/r4/t')
    await using _ = client
    await expect(client.create('Appointment', body)).rejects.toMatchObject({
      code: 'FHIR_UNREACHABLE',
      kind: 'transient',
    })
  })

  test('whose token ran out is sent once more with a new one', async () => {
    const { result, asked } = await createAt((_, response, nth) =>
      nth === 1
        ? response.writeHead(401).end()
        : response.writeHead(201, { location: '/r4/tenant/Appointment/9' }).end(),
    )
    expect(result).toMatchObject({ id: '9' })
    expect(asked.map((one) => one.body)).toEqual([JSON.stringify(body), JSON.stringify(body)])
  })

  test('counts as done when its headers came and the body broke', async () => {
    const { result } = await createAt((_, response) => {
      response.writeHead(201, {
        location: '/r4/tenant/Appointment/9',
        etag: 'W/"0$0"',
        'content-length': '40',
      })
      response.write(' ')
      setTimeout(() => response.destroy(), 20)
    })
    expect(result).toMatchObject({ id: '9', version: '0$0' })
  })

  test('takes the empty gzip member that Cerner answers with', async () => {
    const { result } = await createAt((_, response) => {
      const empty = gzipSync('')
      response.writeHead(201, {
        location: 'https://fhir-ehr.cerner.com/r4/t/Appointment/9',
        etag: 'W/"135-0"',
        'last-modified': 'Fri, 01 May 2026 12:00:00 GMT',
        'content-encoding': 'gzip',
        'content-length': String(empty.length),
      })
      response.end(empty)
    })
    expect(result).toEqual({
      type: 'Appointment',
      id: '9',
      version: '135-0',
      lastModifiedMs: Date.parse('2026-05-01T12:00:00Z'),
    })
  })
})

describe('the log of calls', () => {
  test('has each try with its request ids, and no token', async () => {
    const { calls } = await readFrom((_, response, nth) => {
      const headers = { 'x-request-id': `r${nth}`, 'opc-request-id': '/A/B', 'cerner-correlation-id': 'c1' }
      if (nth === 1) response.writeHead(503, headers).end('busy')
      else sendJson(response, patient, headers)
    })
    expect(calls).toMatchObject([
      {
        kind: 'GET Patient',
        attempt: 1,
        status: 503,
        error: { code: 'FHIR_UNAVAILABLE' },
        about: 'Patient/1',
      },
      { kind: 'GET Patient', attempt: 2, status: 200, error: null, channel: 'fhir' },
    ])
    expect(calls[1]?.requestIds).toEqual({
      'X-Request-Id': 'r2',
      'opc-request-id': '/A/B',
      'Cerner-Correlation-ID': 'c1',
    })
    expect(calls[1]?.requestHeaders).toMatchObject({
      Authorization: 'Bearer …',
      Accept: 'application/fhir+json',
    })
    expect(Buffer.from(calls[1]?.responseBody ?? []).toString()).toBe(JSON.stringify(patient))
    expect(JSON.stringify(calls)).not.toContain('secret-token')
  })

  test('has of a page of results the bundle without its resources', async () => {
    await using far = await farSide((_, response) =>
      sendJson(response, {
        resourceType: 'Bundle',
        type: 'searchset',
        entry: [{ fullUrl: 'x', resource: patient }],
      }),
    )
    const { client, log } = clientFor(far.base)
    await using _ = client
    const page = await client.search('Patient', { family: 'Nightingale' })
    expect(page.entries.map(({ text }) => JSON.parse(text) as unknown)).toEqual([patient])
    expect(Buffer.from(log.calls[0]?.responseBody ?? []).toString()).toBe(
      '{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"x","resource":{}}]}',
    )
  })

  test('names the patient of a search and of what a create made', async () => {
    await using far = await farSide((one, response) =>
      one.method === 'POST'
        ? response.writeHead(201, { location: '/r4/tenant/Patient/77' }).end()
        : sendJson(response, { resourceType: 'Bundle', type: 'searchset' }),
    )
    const { client, log } = clientFor(far.base)
    await using _ = client
    await client.search('Observation', { patient: '12' })
    await client.create('Patient', { resourceType: 'Patient' })
    expect(log.calls.map(({ about }) => about)).toEqual(['Patient/12', 'Patient/77'])
  })
})

describe('the size of an answer', () => {
  const entry = `{"fullUrl":"x","resource":${JSON.stringify({ ...patient, note: 'x'.repeat(2000) })}}`

  test('may be a page of 20,000 entries', async () => {
    await using far = await farSide((_, response) => {
      response.writeHead(200, { 'content-type': 'application/fhir+json' })
      response.end(
        `{"resourceType":"Bundle","type":"searchset","entry":[${Array<string>(20_000).fill(entry).join(',')}]}`,
      )
    })
    const { client } = clientFor(far.base)
    await using _ = client
    expect((await client.search('Condition', { patient: '1' })).entries).toHaveLength(20_000)
  })

  test.each<[string, Answering]>([
    [
      'as it comes',
      (_, response) => {
        response.writeHead(200)
        const part = Buffer.alloc(1024 * 1024, 0x20)
        let left = 256
        const more = (): void => {
          while (left-- > 0) {
            if (response.write(part)) continue
            response.once('drain', more)
            return
          }
          response.end()
        }
        more()
      },
    ],
    [
      'unpacked from some hundred kB',
      (_, response) =>
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(256 * 1024 * 1024))),
    ],
  ])('may not be 256 MB %s', async (_name, answering) => {
    const { result, asked } = await readFrom(answering)
    expect(result).toMatchObject({ code: 'FHIR_ANSWER_TOO_LARGE', at: { limitBytes: 96 * 1024 * 1024 } })
    expect(asked).toHaveLength(1)
  })
})

test('no more calls run at the same time than the settings allow', async () => {
  let running = 0
  let most = 0
  await using far = await farSide(async (_, response) => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 10))
    running--
    sendJson(response, patient)
  })
  const { client } = clientFor(far.base, { limits: { concurrency: 3 } })
  await using _ = client
  await Promise.all(Array.from({ length: 12 }, () => client.read('Patient', '1')))
  expect(most).toBe(3)
})

test('connections are kept and used again', async () => {
  const text = '{"resourceType":"Patient","id":"1"}'
  const raw = await rawFarSide(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
  await using _raw = raw
  const { client } = clientFor(`${raw.origin}/r4/t`)
  await using _ = client
  for (let n = 0; n < 20; n++) await client.read('Patient', '1')
  expect(raw.requests).toHaveLength(20)
  expect(
    raw.requests.every((bytes) => bytes.toString('latin1').toLowerCase().includes('connection: keep-alive')),
  ).toBe(true)
  expect(raw.connections()).toBeLessThanOrEqual(2)
})

test('an id that could lead to another address is not sent', async () => {
  const { asked } = await readFrom((_, response) => sendJson(response, patient))
  expect(asked[0]?.url).toBe('/r4/tenant/Patient/1')
  const { client } = clientFor('http://127.0.0.1:1/r4/t')
  await using _ = client
  await expect(client.read('Patient', '../../admin')).rejects.toMatchObject({ code: 'FHIR_RESOURCE_INVALID' })
})
