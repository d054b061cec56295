import { expect, test } from 'vitest'
import { openWorld } from '../world.ts'
import { CAST, entriesOf, fixture, idFrom, openRoad, type Answer, type Road } from './hospital.world.ts'

async function patch(road: Road, id: string, ...operations: unknown[]): Promise<Answer> {
  const now = await road.get(`/Patient/${id}`)
  return road.send('PATCH', `/Patient/${id}`, operations, { 'if-match': String(now.headers['etag']) })
}
interface Shape {
  telecom: { id: string; value: string; use: string; system: string }[]
  address: { id: string; city: string }[]
  identifier: { id: string; value: string }[]
  name: { id: string }[]
}
const read = async (road: Road, id: string): Promise<Shape> =>
  (await road.get(`/Patient/${id}`)).json as unknown as Shape
const tested = (list: string, i: number, id: string | undefined) => ({
  op: 'test',
  path: `/${list}/${i}/id`,
  value: id,
})

/** A person with a number at home and a mobile one. */
const SOMEBODY = ((): number => {
  const world = openWorld(CAST)
  for (let n = 0; n < CAST.population; n += 1) {
    const { phoneHome, phoneMobile, phoneWork } = world.person(n)
    if (phoneHome !== null && phoneMobile !== null && phoneWork === null) return n
  }
  throw new Error('nobody has two telephones')
})()

test('a created patient gets numbers of the hospital and is found by them on every road', async () => {
  await using road = await openRoad()
  const made = await road.send('POST', '/Patient', fixture('patient-create'))
  expect([made.status, made.text, made.headers['etag']]).toEqual([201, '', 'W/"0"'])
  const id = idFrom(made)
  const { json } = await road.get(`/Patient/${id}`)
  expect(json).toMatchObject({
    active: true,
    name: [{ use: 'official', family: 'Wolfe', given: ['Marigold', 'Ann'] }],
    telecom: [
      { system: 'phone', value: '2175550177', use: 'home' },
      { system: 'email', value: 'marigold.wolfe@example.com' },
      { system: 'phone', value: '2175550178', use: 'old' },
    ],
    gender: 'female',
    birthDate: '1990-09-15',
    address: [{ line: ['12 Sample St', 'Apt 4'], district: 'Sangamon' }],
    maritalStatus: { coding: [{ code: '309237' }, { code: 'M' }] },
    communication: [{ language: { coding: [{ code: '312740' }, { code: 'es' }] } }],
    generalPractitioner: [{ reference: 'Practitioner/9000004' }],
  })
  const n = road.hospital.patientNumber(id) ?? -1
  const person = road.hospital.world.person(n)
  expect(person).toMatchObject({ family: 'Wolfe', phoneHome: '+12175550177', race: { code: '2028-9' } })
  for (const query of [`identifier=${person.mrn}`, 'family=wolfe&birthdate=1990-09-15', `_id=${id}`])
    expect(entriesOf(await road.get(`/Patient?${query}`)).map((one) => one.id)).toEqual([id])
})

test('a create breaks no rule', async () => {
  await using road = await openRoad()
  const body = fixture('patient-create')
  const [name] = body['name'] as object[]
  const enrolled = (body['identifier'] as object[])[0]
  const tries: [number, Record<string, unknown>][] = [
    [400, { identifier: [{ value: '4711', system: 'urn:oid:1.2.3' }] }],
    [400, { identifier: [enrolled, { system: 'urn:oid:1.2.3', value: '1' }] }],
    [422, { identifier: [{ assigner: { reference: 'Organization/1' } }] }],
    [422, { name: [{ ...name, use: undefined }] }],
    [422, { name: [{ ...name, text: 'Wolfe, Marigold' }] }],
    [422, { name: [{ ...name, given: ['A', 'B', 'C'] }] }],
    [422, { name: [{ ...name, use: 'usual' }] }],
    [422, { active: false }],
    [422, { telecom: [{ system: 'phone', value: '2175550100' }] }],
    [422, { address: [{ line: ['1 Main St'] }] }],
    [422, { address: [{ use: 'home', city: 'X', period: { start: '2020-01-01' } }] }],
  ]
  for (const [code, more] of tries) {
    const answer = await road.send('POST', '/Patient', { ...body, ...more })
    expect([more, answer.status]).toEqual([more, code])
  }
})

test('a patched number ends in the field that HL7 tells, and the version rises', async () => {
  await using road = await openRoad()
  const id = road.hospital.patientId(SOMEBODY)
  const before = await read(road, id)
  const i = before.telecom.findIndex(({ use }) => use === 'mobile')
  const done = await patch(road, id, tested('telecom', i, before.telecom[i]?.id), {
    op: 'replace',
    path: `/telecom/${i}/value`,
    value: '2175550133',
  })
  expect([done.status, done.headers['etag']]).toEqual([200, 'W/"1"'])
  expect(road.hospital.world.person(SOMEBODY).phoneMobile).toBe('+12175550133')
})

test('an element is changed only with a test of its id, and a test that fails stops the patch', async () => {
  await using road = await openRoad()
  const id = road.hospital.patientId(SOMEBODY)
  const [first, second] = (await read(road, id)).telecom
  const change = { op: 'replace', path: '/telecom/0/value', value: '2175550133' }
  expect((await patch(road, id, change)).status).toBe(422)
  expect((await patch(road, id, tested('telecom', 0, second?.id), change)).status).toBe(422)
  expect((await patch(road, id, tested('telecom', 1, second?.id), change)).status).toBe(422)
  expect(
    (await patch(road, id, tested('telecom', 0, first?.id), { ...change, path: '/telecom/0/use' })).status,
  ).toBe(422)
  expect((await patch(road, id, tested('telecom', 0, first?.id), change)).status).toBe(200)
})

test('indexes mean the version that was read: two removals take the two that were tested', async () => {
  await using road = await openRoad()
  const id = road.hospital.patientId(SOMEBODY)
  const { telecom } = await read(road, id)
  const remove = (i: number) => [
    tested('telecom', i, telecom[i]?.id),
    { op: 'remove', path: `/telecom/${i}` },
  ]
  expect((await patch(road, id, ...remove(0), ...remove(1))).status).toBe(200)
  const after = (await read(road, id)).telecom
  expect(after.map((one) => one.id)).toEqual(telecom.slice(2).map((one) => one.id))
  expect(road.hospital.world.person(SOMEBODY)).toMatchObject({ phoneHome: null, phoneMobile: null })
})

test('added elements stay beside those of the person, get ids, and can be removed', async () => {
  await using road = await openRoad()
  const id = road.hospital.patientId(SOMEBODY)
  const before = await read(road, id)
  const number = { system: 'phone', value: '2175550111', use: 'temp' }
  const other = { use: 'temp', line: ['1 Elsewhere Ln'], city: 'Decatur', state: 'IL', postalCode: '62521' }
  const own = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'AN' }] },
    system: 'urn:oid:2.999',
    value: 'PS-1',
  }
  const add = (list: string, value: unknown) => ({ op: 'add', path: `/${list}/-`, value })
  expect(
    (await patch(road, id, add('telecom', number), add('address', other), add('identifier', own))).status,
  ).toBe(200)
  const after = await read(road, id)
  expect(after.telecom).toHaveLength(before.telecom.length + 1)
  expect(after.address.at(-1)).toMatchObject({ city: 'Decatur' })
  expect(after.identifier.at(-1)).toMatchObject({ value: 'PS-1' })
  expect(new Set([...after.telecom, ...after.address, ...after.identifier].map((one) => one.id)).size).toBe(
    after.telecom.length + after.address.length + after.identifier.length,
  )
  const last = after.telecom.length - 1
  await patch(road, id, tested('telecom', last, after.telecom[last]?.id), {
    op: 'remove',
    path: `/telecom/${last}`,
  })
  expect((await read(road, id)).telecom.map((one) => one.id)).toEqual(before.telecom.map((one) => one.id))
})

test('name, sex, birth date, marital status, language and race can be replaced', async () => {
  await using road = await openRoad()
  const id = '12345'
  const { name } = await read(road, id)
  const replace = (path: string, value: unknown) => ({ op: 'replace', path, value })
  const done = await patch(
    road,
    id,
    tested('name', 0, name[0]?.id),
    replace('/name/0/given', ['Jonathan', 'Q']),
    replace('/gender', 'other'),
    replace('/birthDate', '1980-05-16'),
    replace('/maritalStatus', {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'L' }],
    }),
    replace('/communication', [
      {
        language: {
          coding: [{ system: `https://fhir.cerner.com/${road.hospital.tenant}/codeSet/36`, code: '312741' }],
        },
        preferred: true,
      },
    ]),
    replace('/extension', [
      {
        url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
        extension: [
          {
            url: 'ombCategory',
            valueCoding: {
              system: 'urn:oid:2.16.840.1.113883.6.238',
              code: '2054-5',
              display: 'Black or African American',
            },
          },
        ],
      },
    ]),
  )
  expect(done.status).toBe(200)
  expect((await road.get(`/Patient/${id}`)).json).toMatchObject({
    name: [{ family: 'DOE', given: ['Jonathan', 'Q'], text: 'DOE, Jonathan Q' }],
    gender: 'other',
    birthDate: '1980-05-16',
    // Not a status that HL7 table 0002 of this hospital has: kept as it was written.
    maritalStatus: { coding: [{ code: 'L' }] },
    communication: [{ language: { coding: [{ code: '312741' }, { code: 'vi' }] } }],
  })
  const person = road.hospital.world.person(road.hospital.patientNumber(id) ?? -1)
  expect(person).toMatchObject({
    middle: 'Q',
    sex: 'O',
    language: { iso639: 'VIE' },
    race: { code: '2054-5' },
  })
})

test('paths outside the table are refused, as is taking away the number of the hospital', async () => {
  await using road = await openRoad()
  const { identifier } = await read(road, '12345')
  for (const operations of [
    [{ op: 'replace', path: '/name/1/given', value: ['X'] }],
    [{ op: 'remove', path: '/gender' }],
    [{ op: 'add', path: '/name/-', value: {} }],
    [{ op: 'replace', path: '/active', value: false }],
    [tested('identifier', 0, identifier[0]?.id), { op: 'remove', path: '/identifier/0' }],
  ])
    expect([operations, (await patch(road, '12345', ...operations)).status]).toEqual([operations, 422])
  for (const body of [{}, [], [{ op: 'copy', from: '/a', path: '/b' }]]) {
    const answer = await road.send('PATCH', '/Patient/12345', body, { 'if-match': 'W/"0"' })
    expect(answer.status).toBe(400)
  }
})

test('a search of names takes beginnings, exact names, and not both kinds of name', async () => {
  await using road = await openRoad()
  const found = async (query: string): Promise<unknown[]> =>
    entriesOf(await road.get(`/Patient?${query}`)).map((one) => one.id)
  expect(await found('family=do&given=jo')).toContain('12345')
  expect(await found('family:exact=do')).toEqual([])
  expect(await found('family:exact=Doe&given:exact=John')).toEqual(['12345'])
  expect(await found('name=doe&birthdate=1980-05-15')).toContain('12345')
  for (const query of [
    'name=doe&family=doe',
    'gender=male',
    'family=a,b',
    'birthdate=1980-05-15T00:00:00Z',
    'family=doe&gender=x',
  ])
    expect([query, (await road.get(`/Patient?${query}`)).status]).toEqual([query, 400])
})

test('a social security number finds a person and is never told', async () => {
  await using road = await openRoad()
  const [ssn, answer] = [
    '123-45-6789',
    await road.get('/Patient?identifier=http://hl7.org/fhir/sid/us-ssn|123-45-6789'),
  ]
  expect(entriesOf(answer).map((one) => one.id)).toEqual(['12345'])
  expect(answer.text.split('"entry"')[1]).not.toContain(ssn)
  const both = await road.get(`/Patient?_id=12345,1234567,999`)
  expect(entriesOf(both).map((one) => one.id)).toEqual(['12345', '1234567'])
})
