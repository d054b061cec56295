import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseResource } from '../../standards/fhir/json.ts'
import { clientFor, rawFarSide, readRawRequest, tokens } from './far-side.world.ts'
import { fhirRoad } from './road.ts'

// The two sample requests of the guide, "Sample FHIR Requests", letter by letter.
const GUIDE_OBSERVATION = await readFile(
  new URL('../../../fixtures/fhir/guide-observation-create.json', import.meta.url),
  'utf8',
)

const PATIENT = JSON.stringify({ resourceType: 'Patient', id: '12345' })
const OK = `HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: ${PATIENT.length}\r\n\r\n${PATIENT}`
const CREATED =
  'HTTP/1.1 201 Created\r\nLocation: http://x/api/FHIR/R4/Observation/VS-7\r\nEtag: W/"0"\r\nContent-Length: 0\r\n\r\n'

test('the Patient read of the guide goes over the wire as it is printed', async () => {
  await using far = await rawFarSide(OK)
  const { client } = clientFor(`${far.origin}/api/FHIR/R4`, { tokens: tokens('the-access-token') })
  await using _ = client
  await client.read('Patient', '12345')
  const { line, headers, body } = readRawRequest(far.requests[0])
  expect(line).toBe('GET /api/FHIR/R4/Patient/12345 HTTP/1.1')
  const named = headers.filter((header) => /^(authorization|accept):/i.test(header))
  expect(named).toEqual(['Authorization: Bearer the-access-token', 'Accept: application/fhir+json'])
  expect(body).toBe('')
})

test('the Observation of the guide goes over the wire as it is printed, byte for byte', async () => {
  await using far = await rawFarSide(CREATED)
  const { client } = clientFor(`${far.origin}/api/FHIR/R4`, { tokens: tokens('the-access-token') })
  await using _ = client
  const written = await client.create('Observation', GUIDE_OBSERVATION)
  const { line, headers, body } = readRawRequest(far.requests[0])
  expect(line).toBe('POST /api/FHIR/R4/Observation HTTP/1.1')
  const named = headers.filter((header) => /^(content-type|authorization):/i.test(header))
  expect(named).toEqual(['Content-Type: application/fhir+json', 'Authorization: Bearer the-access-token'])
  expect(body).toBe(GUIDE_OBSERVATION)
  expect(written).toEqual({ type: 'Observation', id: 'VS-7', version: '0', lastModifiedMs: null })
})

test('an Observation that was read and is sent on keeps the digits of 180.0', async () => {
  await using far = await rawFarSide(CREATED)
  const { client } = clientFor(`${far.origin}/api/FHIR/R4`)
  await using _ = client
  await fhirRoad(client).createObservation(parseResource(GUIDE_OBSERVATION))
  const { body } = readRawRequest(far.requests[0])
  expect(body).toContain('"value":180.0,')
  expect(JSON.parse(body)).toEqual(JSON.parse(GUIDE_OBSERVATION))
})
