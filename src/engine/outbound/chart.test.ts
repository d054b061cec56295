import { expect, test } from 'vitest'
import type { Rule } from '../../connectors/cerner/definition.ts'
import { rowsOf } from '../../model/document.ts'
import type { Observation } from '../../model/values.ts'
import { documentContent } from './documents.ts'
import type { OutboundWorld } from './outbound.world.ts'
import { actor, openOutboundWorld } from './outbound.world.ts'

const person = {
  resourceType: 'Patient',
  id: 'P1',
  active: true,
  name: [{ id: 'n1', use: 'official', family: 'Roe', given: ['Jane'] }],
  telecom: [
    { id: 't1', system: 'phone', use: 'home', value: '5555550100' },
    { id: 't2', system: 'email', use: 'home', value: 'jane@example.org' },
  ],
  gender: 'female',
  birthDate: '1980-05-15',
}

async function openPatient(rules: { patient?: Rule; fields?: Record<string, Rule> } = {}) {
  const world = await openOutboundWorld({ rules })
  const id = await world.patient('1')
  world.cerner.put(person)
  await world.pulled('Patient/P1')
  return { world, id }
}

const versionOf = async (world: OutboundWorld, id: string): Promise<number> =>
  (await world.rows<{ version: number }>('select version from patient where id = $1', [id]))[0]?.version ?? 0

const update = async (world: OutboundWorld, id: string, changes: Record<string, string | null>) =>
  (await world.chart.updatePatient(id, { version: await versionOf(world, id), changes }, actor))
    .exchange_ids[0] ?? ''

const telecoms = (world: OutboundWorld): unknown[] =>
  (world.cerner.readOf('Patient/P1').resource['telecom'] as { value: string }[]).map(({ value }) => value)

test('a change of a patient is sent as a patch on a fresh read, with what is different and nothing else', async () => {
  const { world, id } = await openPatient()
  await using _ = world
  const exchange = await update(world, id, { email: 'jane.roe@example.org', last_name: 'Roe' })
  expect(await world.field('patient', id, 'email')).toBe('jane.roe@example.org')
  expect(await world.rows('select fields from outbox')).toEqual([{ fields: ['email'] }])
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual(['readPerson Patient/P1', 'updatePerson P1 v1'])
  expect(telecoms(world)).toEqual(['5555550100', 'jane.roe@example.org'])
})

test('fields that the other side changed meanwhile are kept, and ours go on the new version', async () => {
  const { world, id } = await openPatient({ patient: 'ask' })
  await using _ = world
  const exchange = await update(world, id, { email: 'jane.roe@example.org' })
  world.cerner.onCall = (call) => {
    if (call === 'updatePerson P1 v1') world.cerner.edit('Patient/P1', { gender: 'other' })
  }
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls.filter((call) => call.startsWith('update'))).toEqual([
    'updatePerson P1 v1',
    'updatePerson P1 v2',
  ])
  expect(await world.field('patient', id, 'gender')).toBe('O')
  expect(await world.field('patient', id, 'email')).toBe('jane.roe@example.org')
})

test('each field goes by its own rule: one is lost to Cerner, one is sent, one waits for a person', async () => {
  const { world, id } = await openPatient({ fields: { email: 'cerner', phone_home: 'studio' } })
  await using _ = world
  const exchange = await update(world, id, { email: 'ours@example.org', phone_home: '555-555-0199' })
  await world.edited('Patient/P1', {
    telecom: [
      { id: 't1', system: 'phone', use: 'home', value: '5555550177' },
      { id: 't2', system: 'email', use: 'home', value: 'theirs@example.org' },
    ],
  })
  expect(await world.field('patient', id, 'email')).toBe('theirs@example.org')
  expect(await world.field('patient', id, 'phone_home')).toBe('+15555550199')
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(telecoms(world)).toEqual(['5555550199', 'theirs@example.org'])
})

test('of two fields a person gives one up, and the other is sent', async () => {
  const { world, id } = await openPatient({ fields: { email: 'ask' }, patient: 'studio' })
  await using _ = world
  const exchange = await update(world, id, { email: 'ours@example.org', phone_home: '555-555-0199' })
  await world.edited('Patient/P1', {
    telecom: [person.telecom[0], { ...person.telecom[1], value: 'theirs@example.org' }],
  })
  const [conflict] = await world.rows<{ id: string; fields: string[] }>('select id, fields from conflict')
  expect(conflict?.fields).toEqual(['email'])
  await world.decisions.resolve(conflict?.id ?? '', { choice: 'cerner', remember: false }, actor)
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(telecoms(world)).toEqual(['5555550199', 'theirs@example.org'])
  expect(await world.field('patient', id, 'email')).toBe('theirs@example.org')
})

test('a value that the field cannot have, a field Cerner does not take, and a stale version are refused', async () => {
  const { world, id } = await openPatient()
  await using _ = world
  const refused = async (changes: Record<string, string | null>) =>
    update(world, id, changes).catch((error: { code: string; at: object }) => ({
      code: error.code,
      ...error.at,
    }))
  expect(await refused({ date_of_birth: '1980-02-30' })).toMatchObject({
    code: 'REQUEST_INVALID',
    place: 'body.changes.date_of_birth',
  })
  expect(await refused({ phone_home: 'ask her' })).toMatchObject({ place: 'body.changes.phone_home' })
  expect(await refused({ last_name: null })).toMatchObject({ place: 'body.changes.last_name' })
  expect(await refused({ ssn: '123-45-6789' })).toMatchObject({ place: 'body.changes' })
  expect(await refused({ last_name: 'Roe' })).toMatchObject({
    code: 'REQUEST_INVALID',
    reason: 'nothing is different',
  })
  await expect(
    world.chart.updatePatient(id, { version: 99, changes: { email: 'a@b.cd' } }, actor),
  ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
})

test('vital signs keep their digits here and there, and come back as the same results', async () => {
  const { world, id } = await openPatient()
  await using _ = world
  const { exchange_ids: ids } = await world.chart.vitalSigns(
    id,
    {
      taken_at: '2026-03-04T17:30:00Z',
      signs: [
        { code: '8302-2', value: '180.0', unit: 'cm' },
        { code: '85354-9', systolic: '120', diastolic: '80', unit: 'mm[Hg]' },
      ],
    },
    actor,
  )
  expect(ids).toHaveLength(2)
  const linesOf = async (): Promise<(string | undefined)[]> => {
    const found = await world.rows<{ id: string }>('select id from report order by created_at, id')
    const documents = await Promise.all(found.map((row) => world.documentOf('report', row.id)))
    return documents.flatMap((one) =>
      rowsOf<Observation>(one, 'observations').map(({ quantity }) => quantity?.value),
    )
  }
  expect(await linesOf()).toEqual(['180.0', '120', '80'])
  world.worker()
  for (const one of ids) await world.becomes(one, 'accepted')
  for (const name of world.cerner.records.keys())
    if (name.startsWith('Observation/')) await world.pulled(name)
  expect(await linesOf()).toEqual(['180.0', '120', '80'])
  await expect(
    world.chart.vitalSigns(
      id,
      { taken_at: '2026-03-04T17:30:00Z', signs: [{ code: '8302-2', value: '1800', unit: 'cm' }] },
      actor,
    ),
  ).rejects.toMatchObject({ code: 'VITAL_SIGN_NOT_PLAUSIBLE' })
  await expect(
    world.chart.vitalSigns(
      id,
      { taken_at: '2026-03-04T17:30:00Z', signs: [{ code: '8302-2', value: '71', unit: '[in_i]' }] },
      actor,
    ),
  ).rejects.toMatchObject({ code: 'REQUEST_INVALID', at: { place: 'body.signs.0.unit' } })
})

test('vital signs that are taken back show as entered in error', async () => {
  const { world, id } = await openPatient()
  await using _ = world
  world.cerner.fail('createObservation', 'FHIR_RULE_BROKEN')
  const { exchange_ids: ids } = await world.chart.vitalSigns(
    id,
    { taken_at: '2026-03-04T17:30:00Z', signs: [{ code: '8867-4', value: '72', unit: '/min' }] },
    actor,
  )
  world.worker()
  await world.becomes(ids[0] ?? '', 'parked')
  await world.decisions.withdraw(ids[0] as never, actor)
  const [report] = await world.rows<{ id: string; status: string }>('select id, status from report')
  expect(report?.status).toBe('entered-in-error')
  const lines = rowsOf<Observation>(await world.documentOf('report', report?.id ?? ''), 'observations')
  expect(lines.map(({ status }) => status)).toEqual(['entered-in-error'])
})

test('a document is kept here with its content and filed at Cerner', async () => {
  const { world, id } = await openPatient()
  await using _ = world
  const data = Buffer.from('%PDF-1.7 letter')
  const { exchange_ids: ids } = await world.chart.document(
    id,
    {
      title: 'Letter',
      type_code: '34133-9',
      media_type: 'application/pdf',
      data_base64: data.toString('base64'),
      period_end: '2026-03-04T17:30:00Z',
    },
    actor,
  )
  world.worker()
  await world.becomes(ids[0] ?? '', 'accepted')
  const [name] = [...world.cerner.records.keys()].filter((one) => one.startsWith('DocumentReference/'))
  const content = world.cerner.readOf(name ?? '').resource['content'] as [{ attachment: { data: string } }]
  expect(Buffer.from(content[0].attachment.data, 'base64')).toEqual(data)
  const [row] = await world.rows<{ id: string }>('select id from document')
  expect(await documentContent(world.parts, row?.id ?? '')).toEqual({
    bytes: data,
    mediaType: 'application/pdf',
  })
  expect(await world.field('document', row?.id ?? '', 'external_id')).toBe(name?.split('/')[1])
  await world.pulled(name ?? '')
  expect(await world.rows('select id from document')).toHaveLength(1)
})

test('the content of a document at Cerner is read once and then kept', async () => {
  const { world } = await openPatient()
  await using _ = world
  world.cerner.put({
    resourceType: 'DocumentReference',
    id: 'D1',
    status: 'current',
    subject: { reference: 'Patient/P1' },
    content: [{ attachment: { contentType: 'text/plain', url: 'Binary/TR-1' } }],
  })
  await world.pulled('DocumentReference/D1')
  world.cerner.contents.set('Binary/TR-1', { bytes: Buffer.from('note'), mediaType: 'text/plain' })
  const [row] = await world.rows<{ id: string }>('select id from document')
  const first = await documentContent(world.parts, row?.id ?? '')
  const second = await documentContent(world.parts, row?.id ?? '')
  expect(Buffer.from(first.bytes).toString()).toBe('note')
  expect(Buffer.from(second.bytes).toString()).toBe('note')
  expect(world.cerner.calls.filter((call) => call === 'content')).toHaveLength(1)
})

test('two signs of a patient whom only a number names are saved together, and the patient is linked once', async () => {
  await using world = await openOutboundWorld()
  const id = await world.patient('1')
  world.cerner.put({
    ...person,
    id: 'P90',
    identifier: [{ system: 'CERNER', value: '90', type: { coding: [{ code: 'MR' }], text: 'MRN' } }],
  })
  const keys = [{ value: '90', authority: 'CERNER', type: 'MR' }]
  const said = { last_name: 'Roe', first_name: 'Jane', date_of_birth: '1980-05-15' }
  await world.news({
    kind: 'ADT^A04',
    asOf: '2026-03-01T00:00:00Z',
    warnings: [],
    statements: [
      {
        record: 'patient',
        keys,
        effect: 'upsert',
        sets: { identifiers: { rows: keys, place: 'PID-3' } },
        fields: Object.fromEntries(
          Object.entries(said).map(([name, value]) => [name, { value, place: 'PID-5' }]),
        ),
      },
    ],
  })
  const [row] = await world.rows<{ id: string }>('select id from patient where id <> $1', [id])
  const { exchange_ids } = await world.chart.vitalSigns(
    row?.id ?? '',
    {
      taken_at: '2026-03-04T17:00:00Z',
      signs: [
        { code: '8302-2', unit: 'cm', value: '180.5' },
        { code: '8867-4', unit: '/min', value: '72' },
      ],
    },
    actor,
  )
  world.worker()
  for (const exchange of exchange_ids) await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual(['searchPersons', 'createObservation', 'createObservation'])
})
