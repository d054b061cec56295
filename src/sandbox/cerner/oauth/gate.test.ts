import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APPS, bearer, openDoors, TENANT, type TestDoors } from '../server.world.ts'

let doors: TestDoors
let patient: string
beforeEach(async () => {
  doors = await openDoors()
  patient = `/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`
})
afterEach(() => doors[Symbol.asyncDispose]())

const realm = (): string => new URL(doors.server.url).host
const LOGIN = (): object => ({
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: 'login',
      diagnostics: `Bearer realm="${realm()}", error="invalid_token"`,
      location: ['http.Authorization'],
    },
  ],
})

test('a good token opens the records, and the road learns who calls', async () => {
  const answer = await doors.get(patient, bearer(await doors.systemToken()))
  expect(answer.status).toBe(200)
  expect(doors.hospital.told.at(-1)?.grant).toEqual({
    clientId: 'sys',
    persona: 'system',
    scopes: ['system/Patient.read'],
    patient: null,
    user: null,
  })
})

test('without a token, with another scheme, or with a made-up one, the answer is 401 as Cerner words it', async () => {
  for (const headers of [{}, { authorization: 'Basic c3lzOng=' }, { authorization: 'Bearer nonsense' }]) {
    const answer = await doors.get(patient, headers)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/fhir+json')
    expect(answer.headers.get('www-authenticate')).toContain(
      `Bearer realm="${realm()}", error="invalid_token"`,
    )
    expect(await answer.json()).toEqual(LOGIN())
  }
})

test('a token that somebody else signed is refused, whatever it says', async () => {
  const claims = decodeJwt(await doors.systemToken())
  const { privateKey } = await generateKeyPair('ES256')
  const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  expect((await doors.get(patient, bearer(forged))).status).toBe(401)
})

test('a token is taken for thirty seconds more than it says, and not longer', async () => {
  const token = await doors.systemToken()
  doors.clock.advance(599_000)
  expect((await doors.get(patient, bearer(token))).status).toBe(200)
  doors.clock.advance(1_000)
  const late = await doors.get(patient, bearer(token))
  expect(late.status).toBe(401)
  expect(late.headers.get('www-authenticate')).toContain(
    'error_description="Token has expired or signature is invalid"',
  )
})

test('the life of tokens can be shortened', async () => {
  await using short = await openDoors({ tokenSeconds: 5 })
  const token = await short.systemToken()
  short.clock.advance(35_000)
  expect((await short.get(patient, bearer(token))).status).toBe(401)
})

test('a scope that is missing is 403 as Cerner words it', async () => {
  const token = await doors.systemToken('system/Appointment.read')
  const answer = await doors.get(patient, bearer(token))
  expect(answer.status).toBe(403)
  expect(await answer.json()).toEqual({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: 'forbidden',
        diagnostics: `Bearer realm="${realm()}", error="insufficient_scope"`,
        expression: ['http.Authorization'],
      },
    ],
  })
})

test('reading does not open writing', async () => {
  const read = await doors.systemToken('system/Patient.read')
  const write = await doors.systemToken('system/Patient.write')
  const body = { resourceType: 'Patient' }
  const create = (token: string): Promise<Response> =>
    doors.post(`/r4/${TENANT}/Patient`, body, bearer(token))
  expect((await create(read)).status).toBe(403)
  expect((await create(write)).status).toBe(201)
})

test('in the second syntax a right to read is none to search', async () => {
  const ask = async (scope: string): Promise<string> => {
    const answer = await doors.token({ grant_type: 'client_credentials', scope }, APPS.systemV2)
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const readOnly = await ask('system/Patient.r')
  expect((await doors.get(patient, bearer(readOnly))).status).toBe(200)
  expect((await doors.get(`/r4/${TENANT}/Patient`, bearer(readOnly))).status).toBe(403)
  expect((await doors.get(`/r4/${TENANT}/Patient`, bearer(await ask('system/Patient.rs')))).status).toBe(200)
})

test('Millennium services need their own scopes', async () => {
  const fhir = await doors.systemToken('system/Patient.read')
  const service = await doors.systemToken('mws/Person.read')
  expect((await doors.get('/patient/v1/Patient/1', bearer(fhir))).status).toBe(403)
  expect((await doors.get('/patient/v1/Patient/1', bearer(service))).status).toBe(200)
})

test('a token of another hospital is told apart', async () => {
  await using other = await openDoors({ hospital: { ...doors.hospital, tenant: 'another-tenant' } })
  const token = await other.systemToken()
  const plain = await doors.get(patient, bearer(token))
  expect(plain.headers.get('www-authenticate')).toContain('tenant-mismatch')
  doors.hospital.switches.gatewayErrors = true
  const answer = await doors.get(patient, bearer(token))
  expect(answer.status).toBe(401)
  expect(await answer.json()).toEqual({
    code: 401,
    message: 'code="urn:cerner:error:oauth2:resource-access:tenant-mismatch"',
  })
})

test('the newer gateway words its refusals in its own way', async () => {
  doors.hospital.switches.gatewayErrors = true
  const none = await doors.get(patient)
  expect(none.headers.get('content-type')).toMatch(/^application\/json/)
  expect(await none.json()).toEqual({
    code: 401,
    message: 'code="urn:cerner:error:oauth2:resource-access:token-required"',
  })
  const scope = await doors.get(patient, bearer(await doors.systemToken('system/Appointment.read')))
  expect(await scope.json()).toEqual({
    code: 403,
    message:
      'code="urn:cerner:error:oauth2:resource-access:insufficient-scopes", error="insufficient_scope", subcode="no_scope_for_resource_path"',
  })
})
