import { expect, test } from 'vitest'
import { Refusal } from './contract.ts'
import { DECLARED } from './declared.ts'
import { all, entriesOf, fixture, idFrom, linkOf, openAt, openRoad, ORIGIN } from './hospital.world.ts'

test("the guide's sample read finds John Doe under the MRN of the guide's ADT", async () => {
  await using road = await openRoad()
  const answer = await road.get('/Patient/12345', { accept: 'application/fhir+json' })
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toContain('application/fhir+json')
  expect(answer.json).toMatchObject({
    resourceType: 'Patient',
    id: '12345',
    identifier: [
      {
        system: 'urn:oid:2.16.840.1.113883.3.42.10001.100001.12',
        value: '12345',
        type: { coding: [{ code: '10' }, { code: 'MR' }] },
      },
      { system: 'urn:oid:2.16.840.1.113883.3.42.10001.100001.13' },
    ],
    name: [{ use: 'official', family: 'DOE', given: ['JOHN'] }],
    gender: 'male',
    birthDate: '1980-05-15',
    contact: [{ name: { family: 'DOE', given: ['JANE'] } }],
  })
})

test("the guide's other people are there: Smith, John and Dr. Jane Johnson", async () => {
  await using road = await openRoad()
  const smith = await road.get('/Patient/1234567')
  expect(smith.json).toMatchObject({ name: [{ family: 'Smith', given: ['John'] }] })
  const johnson = await road.get('/Practitioner/9876543')
  expect(johnson.json).toMatchObject({ name: [{ family: 'Johnson', given: ['Jane'] }] })
})

test("the guide's observation is taken to the letter, and found again", async () => {
  await using road = await openRoad()
  const made = await road.send('POST', '/Observation', fixture('guide-observation-create'))
  expect([made.status, made.text]).toEqual([201, ''])
  expect(made.headers['etag']).toBe('W/"0"')
  expect(made.headers['location']).toBe(`${ORIGIN}/r4/${road.hospital.tenant}/Observation/${idFrom(made)}`)
  const found = entriesOf(await road.get('/Observation?patient=12345&category=vital-signs'))
  expect(found).toMatchObject([{ id: idFrom(made), valueQuantity: { value: 180, code: 'cm' } }])
})

test('every answer carries the ids that vendor support asks for', async () => {
  await using road = await openRoad()
  const { headers } = await road.get('/Patient/12345')
  expect(headers['x-request-id']).toBeTruthy()
  expect(headers['opc-request-id']).toMatch(/^\/[0-9A-F]{32}\/[0-9A-F]{32}$/)
  expect(headers['etag']).toBe('W/"0"')
  expect(headers['last-modified']).toMatch(/GMT$/)
  expect(headers['cache-control']).toBe('no-cache')
  expect(headers['vary']).toBe('Origin')
})

test('a search without a parameter that it can search by names those it could use', async () => {
  await using road = await openRoad()
  const answer = await road.get('/Patient?active=true')
  expect(answer.status).toBe(400)
  expect(answer.json).toEqual({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: 'invalid',
        details: {
          text: 'at least one of _id, identifier, name, family, given, birthdate, phone, email, address-postalcode, or -pageContext must be provided',
        },
      },
    ],
  })
})

test('an unknown record and an unknown type are both Not Found', async () => {
  await using road = await openRoad()
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'not-found', details: { text: 'Not Found' } }],
  }
  for (const path of ['/Patient/99', '/Claim/1', '/Claim?patient=1', '/Patient/1/_history']) {
    const answer = await road.get(path)
    expect([path, answer.status]).toEqual([path, 404])
    expect(answer.json).toEqual(outcome)
  }
})

test('another tenant is refused in plain text', async () => {
  await using road = await openRoad()
  const answer = await road.get(`${ORIGIN}/r4/nobody/Patient/12345`)
  expect([answer.status, answer.text]).toEqual([403, 'Tenant not valid or accessible'])
})

test('an Accept of anything but JSON is refused without a body, and Binary takes no plain JSON', async () => {
  await using road = await openRoad()
  const xml = await road.get('/Patient/12345', { accept: 'application/fhir+xml' })
  expect([xml.status, xml.text]).toEqual([406, ''])
  const made = await road.send('POST', '/DocumentReference', fixture('document-reference-create'))
  const plain = await road.get(`/Binary/TR-${idFrom(made)}`, { accept: 'application/json' })
  expect(plain.status).toBe(406)
})

test('what the gate refuses leaves as the gate says it', async () => {
  const gate = {
    admit: () => {
      throw new Refusal(401, { code: 401 }, { 'www-authenticate': 'Bearer' })
    },
  }
  await using road = await openRoad({ gate })
  const answer = await road.get('/Patient/12345')
  expect([answer.status, answer.headers['www-authenticate'], answer.json]).toEqual([
    401,
    'Bearer',
    { code: 401 },
  ])
  expect((await road.get('/metadata')).status).toBe(200)
})

test('the pages of a search hold every match once, and the last has no next', async () => {
  await using road = await openRoad()
  const path = '/Appointment?location=21250403&date=ge2026-03-02T00:00:00Z&date=lt2026-03-09T00:00:00Z'
  const paged = await all(road, `${path}&_count=7`)
  const whole = await all(road, `${path}&_count=200`)
  expect(paged.map(({ id }) => id)).toEqual(whole.map(({ id }) => id))
  expect(new Set(paged.map(({ id }) => id)).size).toBe(paged.length)
  expect(paged.length).toBeGreaterThan(20)
  const starts = paged.map((one) => String(one['start']))
  expect(starts).toEqual([...starts].sort())
})

test('the next link repeats the parameters; that of a slot search leaves them out', async () => {
  await using road = await openRoad()
  const patients = await road.get('/Patient?birthdate=ge1950-01-01&_count=3')
  const next = new URL(linkOf(patients, 'next') ?? '')
  expect(next.searchParams.get('birthdate')).toBe('ge1950-01-01')
  expect(next.searchParams.get('-pageDirection')).toBe('NEXT')
  const slots = await road.get(
    '/Slot?service-type=24477854&start=ge2026-03-05T00:00:00Z&start=lt2026-03-20T00:00:00Z&_count=5',
  )
  const [...names] = new URL(linkOf(slots, 'next') ?? '').searchParams.keys()
  expect(names).toEqual(['-pageContext', '-pageDirection'])
  expect(entriesOf(await road.get(linkOf(slots, 'next') ?? ''))).toHaveLength(5)
})

test('a page that this hospital never gave is refused', async () => {
  await using road = await openRoad()
  expect((await road.get('/Patient?-pageContext=abc')).status).toBe(400)
})

test('a write needs the present version: 412 without one, 409 with an old one, 423 while a user has it open', async () => {
  await using road = await openRoad()
  const patch = [{ op: 'replace', path: '/gender', value: 'female' }]
  expect((await road.send('PATCH', '/Patient/12345', patch)).status).toBe(412)
  expect((await road.send('PATCH', '/Patient/12345', patch, { 'if-match': '0' })).status).toBe(412)
  road.hospital.switches.locked.add('Patient/12345')
  expect((await road.send('PATCH', '/Patient/12345', patch, { 'if-match': 'W/"0"' })).status).toBe(423)
  road.hospital.switches.locked.clear()
  const done = await road.send('PATCH', '/Patient/12345', patch, { 'if-match': 'W/"0"' })
  expect([done.status, done.text, done.headers['etag']]).toEqual([200, '', 'W/"1"'])
  expect((await road.send('PATCH', '/Patient/12345', patch, { 'if-match': 'W/"0"' })).status).toBe(409)
})

test('a patch may come through POST, by parameter or by header', async () => {
  await using road = await openRoad()
  const body = [{ op: 'replace', path: '/gender', value: 'other' }]
  const json = { 'content-type': 'application/json-patch+json' }
  const first = await road.send('POST', '/Patient/12345?_method=patch', body, {
    'if-match': 'W/"0"',
    ...json,
  })
  expect(first.status).toBe(200)
  const override = { 'x-http-method-override': 'PATCH', 'if-match': 'W/"1"', ...json }
  expect((await road.send('POST', '/Patient/12345', body, override)).status).toBe(200)
  expect((await road.send('POST', '/Patient/12345', body, { 'if-match': 'W/"2"', ...json })).status).toBe(405)
})

test('an empty answer may be an empty gzip member', async () => {
  await using road = await openRoad()
  road.hospital.switches.gzipEmpty = true
  const made = await road.send('POST', '/Observation', fixture('guide-observation-create'))
  expect([made.status, made.headers['content-encoding'], made.headers['content-length']]).toEqual([
    201,
    'gzip',
    '20',
  ])
})

test('a body with a modifier is refused by kind', async () => {
  await using road = await openRoad()
  const body = fixture('guide-observation-create')
  const refused = async (member: string, code: string): Promise<void> => {
    const answer = await road.send('POST', '/Observation', { ...body, [member]: [] })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ issue: [{ code }] })
  }
  await refused('modifierExtension', 'extension')
  await refused('implicitRules', 'not-supported')
})

test('the capability statement declares what the rooms can do', () => {
  const { hospital } = openAt()
  const declared = DECLARED.map(({ type, verbs, search }) => [type, [...verbs], search] as const)
  const rooms = [...hospital.rooms.values()].map((room) => [room.type, [...room.verbs], room.search] as const)
  const byType = (a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number =>
    a[0] < b[0] ? -1 : 1
  expect(declared.sort(byType)).toEqual(rooms.sort(byType))
})

test('the capability statement is served without a token and names its searches', async () => {
  await using road = await openRoad()
  const { json } = await road.get('/metadata')
  expect(json).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' })
  const text = JSON.stringify(json)
  expect(text).toContain('Schedule:actor:Practitioner')
  expect(text).toContain('-date-or-req-period')
})
