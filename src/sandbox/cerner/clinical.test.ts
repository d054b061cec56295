import { expect, test } from 'vitest'
import { openCalendar } from '../day.ts'
import { all, CAST, entriesOf, fixture, idFrom, NOW, openRoad, SYSTEM, type Road } from './hospital.world.ts'

/** Somebody who was seen last week, with results. */
async function seen(road: Road): Promise<{ patient: string; appointment: string }> {
  const week = Math.floor((NOW / 86_400_000 - 4) / 7) - 1
  const plan = openCalendar(CAST)
    .week(week)
    .find((one) => one.outcome === 'seen' && one.panels.length > 1 && !one.admitted)
  if (plan === undefined) throw new Error('nobody was seen')
  return { patient: road.hospital.patientId(plan.patient), appointment: plan.id }
}

test('observations of a visit are results and vital signs, newest first, social history before all', async () => {
  await using road = await openRoad()
  const { patient, appointment } = await seen(road)
  const found = await all(road, `/Observation?patient=${patient}`)
  const social = found.filter(({ id }) => id?.startsWith('SH-'))
  expect(found.slice(0, social.length)).toEqual(social)
  const times = found.slice(social.length).map((one) => String(one['effectiveDateTime']))
  expect(times).toEqual([...times].sort().reverse())
  const ofVisit = found.filter(
    (one) =>
      (one['encounter'] as unknown as { reference?: string } | undefined)?.reference ===
      `Encounter/97${appointment}`,
  )
  expect(ofVisit.filter(({ id }) => id?.startsWith('BP-'))).toHaveLength(1)
  expect(ofVisit.some(({ id }) => id?.startsWith('L-'))).toBe(true)
  for (const one of found) expect((await road.get(`/Observation/${String(one.id)}`)).json).toEqual(one)
})

test('the first page of observations holds all social history whatever was asked for', async () => {
  await using road = await openRoad()
  const { patient } = await seen(road)
  const social = entriesOf(await road.get(`/Observation?patient=${patient}&category=social-history`)).length
  const page = entriesOf(await road.get(`/Observation?patient=${patient}&_count=1`))
  expect(page).toHaveLength(Math.max(1, social))
  const ids = (await all(road, `/Observation?patient=${patient}&_count=1`)).map(({ id }) => id)
  expect(ids).toEqual((await all(road, `/Observation?patient=${patient}&_count=200`)).map(({ id }) => id))
})

test('category, code, date and last change narrow a search; date and last change exclude each other', async () => {
  await using road = await openRoad()
  const { patient } = await seen(road)
  const find = (query: string) => all(road, `/Observation?patient=${patient}&${query}`)
  for (const one of await find('category=laboratory')) expect(one.id).toMatch(/^L-/)
  const pressure = await find('code=http://loinc.org|85354-9')
  expect(pressure.length).toBeGreaterThan(0)
  expect(await find('code=8480-6')).toEqual([])
  const whole = await find('')
  const split = await Promise.all([
    find('_lastUpdated=lt2026-02-01T00:00:00Z'),
    find('_lastUpdated=ge2026-02-01T00:00:00Z'),
  ])
  expect(split.flat()).toHaveLength(whole.length)
  expect(
    (await road.get(`/Observation?patient=${patient}&date=ge2026-01-01&_lastUpdated=ge2026-01-01T00:00:00Z`))
      .status,
  ).toBe(400)
})

test('a blood pressure is written as two components and read as one observation', async () => {
  await using road = await openRoad()
  const body = fixture('observation-bp-create')
  const made = await road.send('POST', '/Observation', body)
  expect(made.status).toBe(201)
  expect(idFrom(made)).toMatch(/^BP-/)
  expect((await road.get(`/Observation/${idFrom(made)}`)).json).toMatchObject({
    identifier: [{ system: 'https://fhir.cerner.com/ceuuid' }],
    code: { coding: [{ userSelected: true }, { code: '85354-9' }] },
    component: [{ valueQuantity: { value: 121 } }, { valueQuantity: { value: 79 } }],
  })
  const [systolic] = body['component'] as object[]
  for (const more of [{ component: [systolic] }, { valueQuantity: { value: 1 } }])
    expect((await road.send('POST', '/Observation', { ...body, ...more })).status).toBe(422)
})

test('a vital sign needs a mapped code, the unit of what it measures, and a performer unless a system writes it', async () => {
  const grant = { ...SYSTEM, persona: 'provider' as const }
  await using road = await openRoad({ gate: { admit: () => grant } })
  const body = fixture('guide-observation-create')
  const performer = [{ reference: 'Practitioner/9000001' }]
  expect((await road.send('POST', '/Observation', body)).status).toBe(422)
  expect((await road.send('POST', '/Observation', { ...body, performer })).status).toBe(201)
  const tries = [
    { code: { coding: [{ system: 'http://loinc.org', code: '1234-5' }] } },
    { valueQuantity: { value: 1, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' } },
    { valueString: 'tall' },
    { status: 'preliminary' },
    { effectiveDateTime: undefined },
    { subject: { reference: 'Patient/1' } },
    {
      category: [
        {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'social-history' },
          ],
        },
      ],
    },
  ]
  for (const more of tries)
    expect([more, (await road.send('POST', '/Observation', { ...body, performer, ...more })).status]).toEqual(
      [more, 422],
    )
})

test('an update is amended or corrected, keeps patient and category, and rises in version', async () => {
  await using road = await openRoad()
  const body = fixture('guide-observation-create')
  const id = idFrom(await road.send('POST', '/Observation', body))
  const path = `/Observation/${id}`
  const now = (await road.get(path)).json
  const next = {
    ...body,
    id,
    status: 'corrected',
    identifier: now['identifier'],
    valueQuantity: { ...(body['valueQuantity'] as object), value: 181 },
  }
  const put = (more: object, version = '0') =>
    road.send('PUT', path, { ...next, ...more }, { 'if-match': `W/"${version}"` })
  expect((await put({ status: 'final' })).status).toBe(422)
  expect((await put({ identifier: undefined })).status).toBe(422)
  expect((await put({ subject: { reference: 'Patient/54321' } })).status).toBe(422)
  expect((await put({ id: 'other' })).status).toBe(400)
  const done = await put({})
  expect([done.status, done.headers['etag']]).toEqual([200, 'W/"1"'])
  expect((await road.get(path)).json).toMatchObject({
    status: 'corrected',
    valueQuantity: { value: 181 },
    meta: { versionId: '1' },
  })
  expect((await put({})).status).toBe(409)
})

test('documents lead to their bytes, natively or as a Binary resource', async () => {
  await using road = await openRoad()
  const { patient } = await seen(road)
  const [document] = await all(road, `/DocumentReference?patient=${patient}`)
  const [content] = document?.['content'] as unknown as { attachment: { url: string; contentType: string } }[]
  const url = content?.attachment.url ?? ''
  const native = await road.get(url)
  expect(native.headers['content-type']).toContain(content?.attachment.contentType)
  expect(native.text).toContain('Electronically signed by')
  const resource = await road.get(url, { accept: 'application/fhir+json' })
  expect(resource.json).toMatchObject({
    resourceType: 'Binary',
    contentType: content?.attachment.contentType,
  })
  expect(Buffer.from(String(resource.json['data']), 'base64').toString()).toBe(native.text)
})

test('a laboratory report comes as a PDF', async () => {
  await using road = await openRoad()
  const { patient } = await seen(road)
  const [report] = await all(road, `/DiagnosticReport?patient=${patient}`)
  const [form] = report?.['presentedForm'] as unknown as { url: string }[]
  const answer = await road.get(form?.url ?? '', { accept: 'application/pdf' })
  expect([answer.status, answer.headers['content-type'], answer.text.slice(0, 5)]).toEqual([
    200,
    'application/pdf',
    '%PDF-',
  ])
})

test('a written document is found, read and replaced; its rules are kept', async () => {
  await using road = await openRoad()
  const body = fixture('document-reference-create')
  const made = await road.send('POST', '/DocumentReference', body)
  expect(made.status).toBe(201)
  expect((await road.get(`/Binary/TR-${idFrom(made)}`)).text).toBe('Seen for a cough.')
  const attachment = (contentType: string, data: string) => ({
    content: [{ attachment: { contentType, data } }],
  })
  const b64 = (text: string): string => Buffer.from(text).toString('base64')
  const tries: object[] = [
    { docStatus: undefined },
    { docStatus: 'preliminary' },
    { type: { coding: [{ system: 'http://loinc.org', code: '1-1' }] } },
    {
      type: {
        coding: [
          ...(body['type'] as { coding: object[] }).coding,
          { system: `https://fhir.cerner.com/${road.hospital.tenant}/codeSet/72`, code: '1' },
        ],
      },
    },
    { context: { period: {} } },
    attachment('text/plain', b64('x')),
    attachment('image/png', b64('x')),
    attachment('application/pdf', b64('not a pdf')),
    attachment('application/xhtml+xml;charset=utf-8', b64('<p>open')),
  ]
  for (const more of tries)
    expect([more, (await road.send('POST', '/DocumentReference', { ...body, ...more })).status]).toEqual([
      more,
      422,
    ])
  const wrong = { ...body, status: 'entered-in-error', docStatus: 'amended' }
  const put = await road.send('PUT', `/DocumentReference/${idFrom(made)}`, wrong, { 'if-match': 'W/"0"' })
  expect(put.status).toBe(200)
  expect(entriesOf(await road.get('/DocumentReference?patient=12345'))).toMatchObject([
    { status: 'entered-in-error' },
  ])
})

test('a signed-in doctor writes documents in no other name', async () => {
  const grant = { ...SYSTEM, persona: 'provider' as const, user: '9000002' }
  await using road = await openRoad({ gate: { admit: () => grant } })
  const body = fixture('document-reference-create')
  expect((await road.send('POST', '/DocumentReference', body)).status).toBe(422)
  const author = [{ reference: 'Practitioner/9000002' }]
  expect((await road.send('POST', '/DocumentReference', { ...body, author })).status).toBe(201)
})

test('the continuity of care document is generated as it is fetched', async () => {
  await using road = await openRoad()
  const answer = await road.get('/DocumentReference/$docref?patient=12345&type=http://loinc.org|34133-9')
  const [content] = entriesOf(answer)[0]?.['content'] as unknown as { attachment: { url: string } }[]
  const xml = await road.get(content?.attachment.url ?? '', { accept: 'application/xml' })
  expect(xml.text).toMatch(/<ClinicalDocument[^]*<family>DOE<\/family>/)
})

test('an encounter is created at one place, its period and attributes patched, its status not', async () => {
  await using road = await openRoad()
  const body = {
    resourceType: 'Encounter',
    status: 'in-progress',
    type: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0004', code: 'O' }] }],
    subject: { reference: 'Patient/12345' },
    serviceProvider: { reference: 'Organization/675844' },
    period: { start: '2026-03-02T01:13:00Z' },
    reasonCode: [{ text: 'Neck Pain' }],
  }
  const location = [{ location: { reference: 'Location/21250403' } }]
  for (const more of [
    { location },
    { serviceProvider: undefined },
    { status: 'cancelled' },
    { type: [] },
    { period: { start: '2026-03-02' } },
  ])
    expect([more, (await road.send('POST', '/Encounter', { ...body, ...more })).status]).toEqual([more, 422])
  const id = idFrom(await road.send('POST', '/Encounter', body))
  const [found] = entriesOf(await road.get('/Encounter?patient=12345&status=in-progress'))
  expect(found).toMatchObject({ id, class: { code: 'AMB' }, reasonCode: [{ text: 'Neck Pain' }] })
  const cerner = 'https://fhir-ehr.cerner.com/r4/StructureDefinition'
  const done = await road.send(
    'PATCH',
    `/Encounter/${id}`,
    [
      { op: 'replace', path: '/period/end', value: '2026-03-02T02:00:00.000Z' },
      {
        op: 'replace',
        path: '/extension',
        value: [
          {
            url: `${cerner}/estimated-financial-responsibility-amount`,
            valueMoney: { value: 10, currency: 'USD' },
          },
        ],
      },
      { op: 'add', path: '/extension/-', value: { url: `${cerner}/custom-attribute`, extension: [] } },
    ],
    { 'if-match': 'W/"0"' },
  )
  expect(done.status).toBe(200)
  expect((await road.get(`/Encounter/${id}`)).json).toMatchObject({
    period: { start: '2026-03-02T01:13:00Z', end: '2026-03-02T02:00:00.000Z' },
    extension: [{ valueMoney: { value: 10 } }, { url: `${cerner}/custom-attribute` }],
  })
  const status = [{ op: 'replace', path: '/status', value: 'finished' }]
  expect((await road.send('PATCH', `/Encounter/${id}`, status, { 'if-match': 'W/"1"' })).status).toBe(422)
})

test('encounters are searched by date, and counted only for a patient', async () => {
  await using road = await openRoad()
  const { patient, appointment } = await seen(road)
  const [visit] = entriesOf(await road.get(`/Encounter?_id=97${appointment}`))
  const { start } = visit?.['period'] as unknown as { start: string }
  const same = await road.get(`/Encounter?patient=${patient}&date=ge${start}&date=le${start}`)
  expect(entriesOf(same).map(({ id }) => id)).toContain(`97${appointment}`)
  expect((await road.get('/Encounter?identifier=1&_count=5')).status).toBe(400)
})

test('policies of a person are told as Coverage, changed, and deleted', async () => {
  await using road = await openRoad()
  const insured =
    Array.from({ length: 50 }, (_, n) => n).find((n) => road.hospital.world.person(n).coverage.length > 0) ??
    0
  const person = road.hospital.world.person(insured)
  const [coverage] = entriesOf(await road.get(`/Coverage?patient=${person.personId}`))
  expect(coverage).toMatchObject({
    status: 'active',
    subscriberId: person.coverage[0]?.memberId,
    payor: [{ display: person.coverage[0]?.payer.name }],
  })
  const path = `/Coverage/${String(coverage?.id)}`
  const version = (answer: { headers: Readonly<Record<string, unknown>> }) => ({
    'if-match': String(answer.headers['etag']),
  })
  const patch = [
    { op: 'replace', path: '/subscriberId', value: 'NEW1' },
    { op: 'replace', path: '/period' },
  ]
  const done = await road.send('PATCH', path, patch, version(await road.get(path)))
  expect(done.status).toBe(200)
  const after = await road.get(path)
  expect(after.json).toMatchObject({ subscriberId: 'NEW1' })
  expect(after.json['period']).toBeUndefined()
  expect((await road.send('DELETE', path)).status).toBe(412)
  expect((await road.send('DELETE', path, undefined, version(after))).status).toBe(204)
  expect((await road.get(path)).status).toBe(404)
  expect(entriesOf(await road.get(`/Coverage?patient=${person.personId}`)).map(({ id }) => id)).not.toContain(
    coverage?.id,
  )
})

test('a coverage is created for a person or for a visit', async () => {
  await using road = await openRoad()
  const { patient, appointment } = await seen(road)
  const body = {
    resourceType: 'Coverage',
    status: 'active',
    subscriber: { reference: `Patient/${patient}` },
    subscriberId: 'A1',
    beneficiary: { reference: `Patient/${patient}` },
    payor: [{ reference: 'Organization/589801' }],
    class: [{ type: { coding: [{ code: 'plan' }] }, value: '729800', name: 'Plan' }],
  }
  expect(
    (await road.send('POST', '/Coverage', { ...body, payor: [{ reference: 'Organization/1' }] })).status,
  ).toBe(422)
  const own = idFrom(await road.send('POST', '/Coverage', body))
  const extension = [
    {
      url: 'https://fhir-ehr.cerner.com/r4/StructureDefinition/coverage-encounter',
      valueReference: { reference: `Encounter/97${appointment}` },
    },
  ]
  const visit = idFrom(await road.send('POST', '/Coverage', { ...body, extension }))
  const ids = async (query: string): Promise<unknown[]> =>
    entriesOf(await road.get(`/Coverage?${query}`)).map(({ id }) => id)
  expect(await ids(`patient=${patient}`)).toContain(own)
  expect(await ids(`patient=${patient}`)).not.toContain(visit)
  expect(await ids(`-encounter=97${appointment}`)).toContain(visit)
  expect((await road.get(`/Coverage?patient=${patient}&-encounter=97${appointment}`)).status).toBe(400)
})

test('lists of problems, allergies, medicines and vaccinations come whole and are written', async () => {
  await using road = await openRoad()
  const T = 'http://terminology.hl7.org/CodeSystem'
  const coded = (system: string, code: string) => ({ coding: [{ system, code }] })
  const patient = { reference: 'Patient/12345' }
  const allergy = {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: coded(`${T}/allergyintolerance-clinical`, 'active'),
    category: ['medication'],
    code: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '723'),
    patient,
    onsetDateTime: '2019-09-11T23:30:00-05:00',
    reaction: [{ manifestation: [{ text: 'rash' }] }],
  }
  const first = idFrom(await road.send('POST', '/AllergyIntolerance', allergy))
  // An equal one is brought up to date.
  expect(idFrom(await road.send('POST', '/AllergyIntolerance', allergy))).toBe(first)
  expect(entriesOf(await road.get('/AllergyIntolerance?patient=12345'))).toMatchObject([
    { id: first, onsetDateTime: '2019-09-12' },
  ])
  expect(
    (await road.send('POST', '/AllergyIntolerance', { ...allergy, category: ['food', 'medication'] })).status,
  ).toBe(422)

  const condition = {
    resourceType: 'Condition',
    clinicalStatus: coded(`${T}/condition-clinical`, 'active'),
    verificationStatus: coded(`${T}/condition-ver-status`, 'confirmed'),
    category: [coded(`${T}/condition-category`, 'problem-list-item')],
    code: coded('http://snomed.info/sct', '38341003'),
    subject: patient,
  }
  const problem = idFrom(await road.send('POST', '/Condition', condition))
  expect(problem).toMatch(/^p/)
  const diagnosis = { ...condition, category: [coded(`${T}/condition-category`, 'encounter-diagnosis')] }
  expect((await road.send('POST', '/Condition', diagnosis)).status).toBe(422)
  const resolved = { ...condition, clinicalStatus: coded(`${T}/condition-clinical`, 'resolved') }
  expect((await road.send('PUT', `/Condition/${problem}`, resolved, { 'if-match': 'W/"0"' })).status).toBe(
    200,
  )
  expect(entriesOf(await road.get('/Condition?patient=12345&clinical-status=resolved'))).toHaveLength(1)

  const medicine = {
    resourceType: 'MedicationRequest',
    status: 'active',
    intent: 'order',
    reportedBoolean: true,
    medicationCodeableConcept: { text: 'Acetaminophen' },
    subject: patient,
  }
  const taken = idFrom(await road.send('POST', '/MedicationRequest', medicine))
  const stop = [{ op: 'replace', path: '/status', value: 'stopped' }]
  expect(
    (await road.send('PATCH', `/MedicationRequest/${taken}`, stop, { 'if-match': 'W/"0"' })).status,
  ).toBe(200)
  expect(entriesOf(await road.get('/MedicationRequest?patient=12345&status=stopped'))).toHaveLength(1)
  expect(
    (await road.send('POST', '/MedicationRequest', { ...medicine, reportedBoolean: false })).status,
  ).toBe(422)

  const shot = {
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: { text: 'Tdap' },
    patient,
    occurrenceDateTime: '2025-06-30',
  }
  const given = idFrom(await road.send('POST', '/Immunization', shot))
  expect(
    (
      await road.send(
        'PUT',
        `/Immunization/${given}`,
        { ...shot, status: 'entered-in-error' },
        { 'if-match': 'W/"0"' },
      )
    ).status,
  ).toBe(200)
  expect(entriesOf(await road.get('/Immunization?patient=12345&date=ge2025-01-01'))).toMatchObject([
    { status: 'entered-in-error' },
  ])
})

test('what the population has is told as HL7 tells it', async () => {
  await using road = await openRoad()
  const { world } = road.hospital
  const sick = Array.from({ length: 400 }, (_, n) => world.person(n)).find(
    (one) => one.allergies.length > 0 && one.conditions.length > 1,
  )
  if (sick === undefined) throw new Error('nobody is ill')
  const allergies = entriesOf(await road.get(`/AllergyIntolerance?patient=${sick.personId}`))
  expect(allergies.map((one) => (one['code'] as unknown as { text?: string }).text)).toEqual(
    sick.allergies.map(({ text }) => text),
  )
  const problems = entriesOf(await road.get(`/Condition?patient=${sick.personId}&category=problem-list-item`))
  const icd = problems.map(
    (one) => (one['code'] as unknown as { coding: { code: string }[] }).coding.at(-1)?.code,
  )
  expect(icd.sort()).toEqual(sick.conditions.map(({ code }) => code).sort())
})
