import { afterAll, beforeAll, expect, test } from 'vitest'
import { createToken } from '../../store/tokens.ts'
import { NOW, openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'
import { checkTokenScopes } from './token-scopes.ts'

let world: TestApp
let patient: string

beforeAll(async () => {
  world = await openTestApp()
  patient = await world.rows.patient({
    last_name: 'Testerson',
    first_name: 'Alice',
    date_of_birth: '1956-03-14',
    ssn: '123-45-6789',
  })
})
afterAll(() => world[Symbol.asyncDispose]())

async function document(): Promise<string> {
  const { rows } = await world.database.query<{ id: string }>({
    text: `insert into document (practice_id, id, patient_id, version, status, sealed)
      values (current_practice(), gen_random_uuid(), $1, 1, 'current', '\\x00') returning id`,
    values: [patient],
  })
  return rows[0]?.id ?? ''
}

test('the content of a document comes as its bytes, which a browser never runs, or as a Binary', async () => {
  world.engine.documents.content = () =>
    Promise.resolve({ bytes: Buffer.from('<script>1</script>'), mediaType: 'text/html' })
  const id = await document()
  const ask = await world.as('clinician')
  const bytes = await ask({ url: `/fhir/R4/Binary/${id}`, headers: { accept: '*/*' } })
  expect(bytes.body).toBe('<script>1</script>')
  expect(bytes.headers).toMatchObject({
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
  })
  expect(bytes.headers['content-security-policy']).toBe("default-src 'none'; sandbox")
  const wrapped = await ask({ url: `/fhir/R4/Binary/${id}`, headers: { accept: 'application/fhir+json' } })
  expect(wrapped.json()).toEqual({
    resourceType: 'Binary',
    id,
    contentType: 'text/html',
    data: Buffer.from('<script>1</script>').toString('base64'),
  })
  expect((await world.trail()).at(-1)).toBe(`fhir.read document/${id}`)
  const biller = await world.as('biller')
  expect((await biller(`/fhir/R4/Binary/${id}`)).statusCode).toBe(403)
})

test('a social security number leaves by no way', async () => {
  const ask = await world.as('administrator')
  expect((await ask(`/fhir/R4/Patient/${patient}`)).body).not.toMatch(/123-?45-?6789/)
})

test('a patient who was merged points at the record that stands, and is in no list', async () => {
  const gone = await world.rows.patient({ last_name: 'Testerson', first_name: 'Alicia' })
  await world.database.query({
    text: 'update patient set merged_into = $2 where id = $1',
    values: [gone, patient],
  })
  const ask = await world.as('clinician')
  expect((await ask(`/fhir/R4/Patient/${gone}`)).json()).toMatchObject({
    active: false,
    link: [{ other: { reference: `Patient/${patient}` }, type: 'replaced-by' }],
  })
  const list = (await ask('/fhir/R4/Patient?family=Testerson')).json<{
    entry: { resource: { id: string } }[]
  }>()
  expect(list.entry.map(({ resource }) => resource.id)).toEqual([patient])
})

test('an appointment that nobody is named for has no patient in it', async () => {
  const id = await world.rows.appointment(null, {
    start_time: '2026-03-05T10:00:00Z',
    end_time: '2026-03-05T10:30:00Z',
    status: 'booked',
  })
  const ask = await world.as('front-desk')
  const { participant } = (await ask(`/fhir/R4/Appointment/${id}`)).json<{
    participant: { actor?: { reference?: string } }[]
  }>()
  expect(participant.length).toBeGreaterThan(0)
  expect(participant.every(({ actor }) => actor?.reference === undefined)).toBe(true)
})

test('a token is made with scopes that the façade can keep, and no others', async () => {
  const ask = await world.as('administrator')
  const make = (scopes: string[]) =>
    ask({ method: 'POST', url: '/api/tokens', payload: { name: 'App', role: 'clinician', scopes } })
  const made = await make(['system/Patient.rs', 'system/Observation.read'])
  expect(made.json()).toMatchObject({ scopes: ['system/Patient.rs', 'system/Observation.read'] })
  for (const scope of [
    'system/Patient.write',
    'system/Patient.cruds',
    'patient/Patient.rs',
    'system/Shoe.rs',
    'openid',
    'system/Patient.',
  ]) {
    const refused = await make([scope])
    expect([scope, refused.statusCode, refused.json()]).toEqual([
      scope,
      400,
      expect.objectContaining({ detail: expect.stringContaining('scopes[0]') as string }),
    ])
  }
  expect(() => checkTokenScopes(['system/*.rs', 'system/Binary.r'])).not.toThrow()
})

test('no session is begun with a token that has scopes', async () => {
  const { token } = await createToken(world.database, {
    name: 'App',
    role: 'administrator',
    scopes: ['system/Patient.rs'],
    now: NOW,
  })
  const answer = await world.app.inject({ method: 'POST', url: '/api/session', payload: { token } })
  expect(answer.statusCode).toBe(401)
  expect(
    (await world.app.inject({ url: '/api/session', headers: { authorization: `Bearer ${token}` } }))
      .statusCode,
  ).toBe(403)
})
