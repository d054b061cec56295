import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bulkRoutes, EVERYBODY } from './bulk.ts'
import { openRoad, ORIGIN, type Road } from './hospital.world.ts'

const open = (): Promise<Road> =>
  openRoad({
    plugins: (hospital) => [
      bulkRoutes({ hospital, prepareMs: 5000, groups: { [EVERYBODY]: { from: 0, count: 30 } } }),
    ],
  })
const ASYNC = { prefer: 'respond-async', accept: 'application/fhir+json' }

async function manifest(road: Road, path: string): Promise<{ type: string; url: string }[]> {
  const started = await road.get(path, ASYNC)
  expect(started.status).toBe(202)
  road.clock.advance(5001)
  const done = await road.get(String(started.headers['content-location']))
  expect(done.json).toMatchObject({
    requiresAccessToken: true,
    error: [],
    request: `${ORIGIN}/r4/${road.hospital.tenant}${path}`,
  })
  return done.json['output'] as { type: string; url: string }[]
}

async function rows(road: Road, url: string): Promise<Record<string, unknown>[]> {
  const { headers } = await road.get(url)
  const file = await road.app.inject({ method: 'GET', url: String(headers['location']).slice(ORIGIN.length) })
  expect(file.headers['content-encoding']).toBe('gzip')
  return gunzipSync(file.rawPayload)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('a group is exported: accepted, in progress, done, and its files hold every member', async () => {
  await using road = await open()
  const started = await road.get(`/Group/${EVERYBODY}/$export?_type=Patient,Observation`, ASYNC)
  const job = String(started.headers['content-location'])
  const waiting = await road.get(job)
  expect([waiting.status, waiting.headers['x-progress'], waiting.headers['retry-after']]).toEqual([
    202,
    'in-progress',
    '1',
  ])
  expect((await road.get(`/Group/${EVERYBODY}/$export`, ASYNC)).status).toBe(429)
  road.clock.advance(5001)
  const output = (await road.get(job)).json['output'] as { type: string; url: string }[]
  expect(output.map(({ type }) => type)).toEqual(['Patient', 'Observation'])
  const patients = await rows(road, output[0]?.url ?? '')
  expect(patients.map(({ id }) => id)).toEqual(
    Array.from({ length: 30 }, (_, n) => road.hospital.patientId(n)),
  )
  const observations = await rows(road, output[1]?.url ?? '')
  expect(observations.length).toBeGreaterThan(60)
  expect(new Set(observations.map(({ id }) => id)).size).toBe(observations.length)
  expect((await road.send('DELETE', job)).status).toBe(202)
  expect((await road.get(job)).status).toBe(404)
})

test('the store behind the redirect refuses a request that still carries the token', async () => {
  await using road = await open()
  const [file] = await manifest(road, `/Group/${EVERYBODY}/$export?_type=Patient`)
  const redirect = await road.get(file?.url ?? '', { authorization: 'Bearer x' })
  expect(redirect.status).toBe(307)
  const place = String(redirect.headers['location'])
  expect(place).toMatch(new RegExp(`^${ORIGIN}/_files/`))
  expect((await road.get(place, { authorization: 'Bearer x' })).status).toBe(400)
  expect((await road.get(place)).status).toBe(200)
})

test('since and type filters narrow what is exported', async () => {
  await using road = await open()
  const filter = encodeURIComponent('Observation?category=laboratory')
  const [labs] = await manifest(road, `/Group/${EVERYBODY}/$export?_type=Observation&_typeFilter=${filter}`)
  for (const { id } of await rows(road, labs?.url ?? '')) expect(id).toMatch(/^L-/)
  const since = '2026-02-20T00:00:00Z'
  const [recent] = await manifest(road, `/Group/${EVERYBODY}/$export?_type=Encounter&_since=${since}`)
  for (const one of await rows(road, recent?.url ?? ''))
    expect(String((one['meta'] as { lastUpdated: string }).lastUpdated) >= since).toBe(true)
})

test('an export is asked for properly', async () => {
  await using road = await open()
  const path = `/Group/${EVERYBODY}/$export`
  expect((await road.get(path)).status).toBe(400)
  expect((await road.get(`${path}?_type=Claim`, ASYNC)).status).toBe(400)
  expect((await road.get(`${path}?_outputFormat=text/csv`, ASYNC)).status).toBe(400)
  expect((await road.get('/Group/1/$export', ASYNC)).status).toBe(404)
  const list = {
    resourceType: 'Parameters',
    parameter: [{ name: 'patient', valueReference: { reference: 'Patient/12345' } }],
  }
  const started = await road.send('POST', '/Patient/$export?_type=Patient', list, ASYNC)
  expect(started.status).toBe(202)
})
