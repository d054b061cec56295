import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MRN_SYSTEM } from './codes.ts'
import {
  APP,
  COMBINED,
  CONFIDENTIAL,
  GUIDE_BOOKING,
  GUIDE_SEARCH,
  GUIDE_SLOT,
  OBRIEN,
  OTHER_APP,
  openSmallDoors,
  READER,
  SMITH,
  type Answered,
  type Doors,
} from './millennium-routes.world.ts'
import { servicesOf } from './millennium-routes-services.ts'

let doors: Doors
beforeEach(async () => {
  doors = await openSmallDoors()
})
afterEach(async () => doors[Symbol.asyncDispose]())

const parameters = (values: Record<string, string>): object => ({
  resourceType: 'Parameters',
  parameter: Object.entries(values).map(([name, valueString]) => ({ name, valueString })),
})
const search = async (values: Record<string, string>): Promise<Answered> =>
  doors.call('POST', '/patient/v1/Patient/search', parameters(values))
const booking = (patient: string, more: object = {}): object => ({
  resourceType: 'Appointment',
  status: 'booked',
  participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
  ...more,
})
const book = async (slot: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> =>
  doors.call('POST', `/scheduling/v1/slots/${slot}/book`, body, headers)
const booked = async (): Promise<{ id: string; etag: string }> => {
  const answer = await book(GUIDE_SLOT, GUIDE_BOOKING)
  return { id: String(answer.body['id']), etag: answer.headers.get('etag') ?? '' }
}

describe('the guide’s calls', () => {
  test('the patient search finds the guide’s patient', async () => {
    const answer = await doors.call('POST', '/patient/v1/Patient/search', GUIDE_SEARCH)
    expect(answer).toMatchObject({
      status: 200,
      ids: [SMITH],
      body: { resourceType: 'Bundle', type: 'searchset' },
    })
  })

  test('the booking is accepted to the letter while its time is to come', async () => {
    const answer = await book(GUIDE_SLOT, GUIDE_BOOKING)
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      resourceType: 'Appointment',
      status: 'booked',
      description: 'Annual physical examination',
      start: '2023-06-15T09:00:00Z',
      slot: [{ reference: `Slot/${GUIDE_SLOT}` }],
      minutesDuration: 30,
    })
    expect(answer.headers.get('location')).toBe(
      `${doors.server.url}/scheduling/v1/appointments/${String(answer.body['id'])}`,
    )
    expect(answer.headers.get('etag')).toBe('W/"0"')
  })

  test('both are served under /mws too, and the links stay there', async () => {
    const answer = await doors.call('POST', `/mws/scheduling/v1/slots/${GUIDE_SLOT}/book`, GUIDE_BOOKING)
    expect(answer.headers.get('location')).toContain('/mws/scheduling/v1/appointments/')
  })
})

describe('person services', () => {
  test('names are compared by their keys: O’Brien is OBRIEN', async () => {
    expect((await search({ family: 'OBRIEN', given: 'M' })).ids.toSorted()).toEqual([OBRIEN, '1000002'])
    expect((await search({ family: "o'brien", given: 'mary' })).ids).toEqual([OBRIEN])
    expect((await search({ 'family:exact': 'OBRIE', birthdate: '1980-02-03' })).ids).toEqual([])
  })

  test('a search that says too little is refused', async () => {
    expect(await search({ family: 'Smith' })).toMatchObject({ status: 422, code: 'insufficient-criteria' })
    expect(await search({ phone: '2175550100' })).toMatchObject({ code: 'insufficient-criteria' })
    expect(await search({ shoe: '44', _id: SMITH })).toMatchObject({ status: 400, code: 'unknown-parameter' })
  })

  test('two hundred matches are shown page by page, and one more is too many', async () => {
    const add = (n: number): unknown =>
      doors.hospital.put({
        resourceType: 'Patient',
        id: String(2_000_000 + n),
        active: true,
        name: [{ family: 'Many', given: [`A${n}`] }],
        birthDate: '2000-01-01',
      })
    for (let n = 0; n < 200; n += 1) add(n)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await search({
        family: 'Many',
        given: 'A',
        ...(cursor === undefined ? {} : { _cursor: cursor }),
      })
      seen.push(...page.ids)
      cursor =
        page.next === undefined ? undefined : (new URL(page.next).searchParams.get('cursor') ?? undefined)
    } while (cursor !== undefined)
    expect(new Set(seen).size).toBe(200)
    expect(seen).toHaveLength(200)
    add(200)
    expect(await search({ family: 'Many', given: 'A' })).toMatchObject({
      status: 422,
      code: 'too-many-matches',
    })
  })

  test('one number in two pools is told apart by its pool', async () => {
    const found = await doors.call(
      'GET',
      `/patient/v1/Patient?identifier=${encodeURIComponent(`${MRN_SYSTEM}|777`)}`,
    )
    expect(found.ids).toEqual([OBRIEN])
    expect(await doors.call('GET', '/patient/v1/Patient?identifier=777')).toMatchObject({ status: 400 })
  })

  test('a combined person is read as inactive with the surviving one, found by no search, and not changed', async () => {
    const read = await doors.call('GET', `/patient/v1/Patient/${COMBINED}`)
    expect(read.body).toMatchObject({ active: false, link: [{ type: 'replaced-by' }] })
    expect((await search({ family: 'obrien', birthdate: '1980-02-03' })).ids).toEqual([OBRIEN])
    const inactive = await doors.call('POST', '/patient/v1/Patient/search', {
      ...parameters({ family: 'obrien', birthdate: '1980-02-03' }),
      parameter: [
        { name: 'family', valueString: 'obrien' },
        { name: 'birthdate', valueDate: '1980-02-03' },
        { name: '_includeInactive', valueBoolean: true },
      ],
    })
    expect(inactive.ids.toSorted()).toEqual([OBRIEN, COMBINED])
    const change = await doors.call(
      'PATCH',
      `/patient/v1/Patient/${COMBINED}`,
      [{ op: 'replace', path: '/gender', value: 'female' }],
      { 'if-match': 'W/"0"', 'content-type': 'application/json-patch+json' },
    )
    expect(change).toMatchObject({ status: 409, code: 'person-combined' })
    const links = await doors.call('GET', `/patient/v1/Patient/${COMBINED}/links`)
    expect(links.body['entry']).toMatchObject([{ resource: { link: [{ type: 'replaced-by' }] } }])
  })

  test('a confidential person is shown without address and phone', async () => {
    const { body } = await doors.call('GET', `/patient/v1/Patient/${CONFIDENTIAL}`)
    expect(body).not.toHaveProperty('address')
    expect(body).not.toHaveProperty('telecom')
    expect(body).toMatchObject({ meta: { security: [{ code: 'R' }] } })
  })

  const newPerson = (more: object = {}): object => ({
    resourceType: 'Patient',
    name: [{ family: 'Newby', given: ['Nina'] }],
    gender: 'female',
    birthDate: '2001-02-03',
    ...more,
  })

  test('a person is created with a key only, and once', async () => {
    expect(await doors.call('POST', '/patient/v1/Patient', newPerson())).toMatchObject({
      status: 428,
      code: 'precondition-required',
    })
    const key = { 'idempotency-key': '6d1b3f5e-0000-4000-8000-000000000001' }
    const first = await doors.call('POST', '/patient/v1/Patient', newPerson(), key)
    const again = await doors.call('POST', '/patient/v1/Patient', newPerson(), key)
    expect(first.status).toBe(201)
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await doors.call('POST', '/patient/v1/Patient', newPerson({ gender: 'male' }), key)
    expect(other).toMatchObject({ status: 422, code: 'idempotency-mismatch' })
  })

  test('a person who is known already is a suspect until somebody reviewed it', async () => {
    const twin = newPerson({
      name: [{ family: 'SMITH', given: ['JOHN'] }],
      gender: 'male',
      birthDate: '1971-03-09',
    })
    const refused = await doors.call('POST', '/patient/v1/Patient', twin, { 'idempotency-key': 'k1' })
    expect(refused).toMatchObject({ status: 409, code: 'duplicate-suspect' })
    const shown = await doors.call('POST', '/patient/v1/Patient', twin, {
      'idempotency-key': 'k2',
      prefer: 'return=representation',
    })
    expect(shown).toMatchObject({ status: 409, ids: [SMITH] })
    const reviewed = await doors.call('POST', '/patient/v1/Patient', twin, {
      'idempotency-key': 'k3',
      'x-duplicate-override': 'reviewed',
    })
    expect(reviewed.status).toBe(201)
  })

  test('record numbers are Millennium’s to give', async () => {
    const own = newPerson({ identifier: [{ system: MRN_SYSTEM, value: '1' }] })
    expect((await doors.call('POST', '/patient/v1/Patient', own, { 'idempotency-key': 'k4' })).status).toBe(
      422,
    )
  })

  test('a change needs the version, and the present one', async () => {
    const patch = [{ op: 'replace', path: '/gender', value: 'other' }]
    const type = { 'content-type': 'application/json-patch+json' }
    const path = `/patient/v1/Patient/${SMITH}`
    expect(await doors.call('PATCH', path, patch, type)).toMatchObject({ status: 428 })
    expect(await doors.call('PATCH', path, patch, { ...type, 'if-match': 'W/"9"' })).toMatchObject({
      status: 412,
      code: 'version-conflict',
    })
    const changed = await doors.call('PATCH', path, patch, { ...type, 'if-match': 'W/"0"' })
    expect(changed).toMatchObject({ status: 200, body: { gender: 'other' } })
    expect(changed.headers.get('etag')).toBe('W/"1"')
    doors.hospital.switches.locked.add(`Patient/${SMITH}`)
    expect(await doors.call('PATCH', path, patch, { ...type, 'if-match': 'W/"1"' })).toMatchObject({
      status: 423,
      code: 'record-locked',
    })
  })
})

describe('scheduling services', () => {
  test.each([
    ['not an Appointment', { resourceType: 'Slot' }, GUIDE_SLOT, 400, 'not-json'],
    ['another status', booking(SMITH, { status: 'arrived' }), GUIDE_SLOT, 422, 'status-transition'],
    ['no patient', { ...booking(SMITH), participant: [] }, GUIDE_SLOT, 422, 'required'],
    [
      'a stranger beside the patient',
      booking(SMITH, {
        participant: [
          { actor: { reference: `Patient/${SMITH}` }, status: 'accepted' },
          { actor: { reference: 'Practitioner/9000002' } },
        ],
      }),
      GUIDE_SLOT,
      422,
      'rule-broken',
    ],
    ['an unknown slot', booking(SMITH), 'nowhere', 404, 'slot-not-found'],
    [
      'another slot in the body',
      booking(SMITH, { slot: [{ reference: 'Slot/grid-1' }] }),
      GUIDE_SLOT,
      422,
      'slot-time-mismatch',
    ],
    [
      'another time',
      booking(SMITH, { start: '2023-06-15T10:00:00Z' }),
      GUIDE_SLOT,
      422,
      'slot-time-mismatch',
    ],
    ['the past', booking(SMITH), 'slot-past', 422, 'past-slot'],
    ['a combined person', booking(COMBINED), GUIDE_SLOT, 409, 'person-combined'],
  ])('a booking with %s is refused', async (_what, body, slot, status, code) => {
    expect(await book(slot, body)).toMatchObject({ status, code })
  })

  test('a start in another offset is the same start', async () => {
    expect((await book(GUIDE_SLOT, booking(SMITH, { start: '2023-06-15T04:00:00-05:00' }))).status).toBe(201)
  })

  test('the first fault in the order of the contract is named', async () => {
    const body = booking(COMBINED, { start: '2023-06-15T10:00:00Z' })
    expect(await book('slot-past', body)).toMatchObject({ code: 'slot-time-mismatch' })
  })

  test('fifty at once for one slot: one wins', async () => {
    for (let n = 0; n < 50; n += 1)
      doors.hospital.put({ resourceType: 'Patient', id: String(3_000_000 + n), active: true })
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => book('grid-3', booking(String(3_000_000 + n)))),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status, code }) => status === 409 && code === 'slot-unavailable')).toHaveLength(
      49,
    )
    expect(doors.hospital.count('Appointment')).toBe(1)
  })

  test('the same patient in the same slot twice is one appointment, without any key', async () => {
    const first = await book(GUIDE_SLOT, GUIDE_BOOKING)
    const again = await book(GUIDE_SLOT, GUIDE_BOOKING)
    expect(again.status).toBe(200)
    expect(again.body['id']).toBe(first.body['id'])
  })

  test('a patient cannot be at two places, unless it is meant', async () => {
    await booked()
    expect(await book('slot-overlap', booking(SMITH))).toMatchObject({
      status: 409,
      code: 'patient-double-booked',
    })
    expect((await book('slot-overlap', booking(SMITH), { 'x-allow-overlap': 'true' })).status).toBe(201)
  })

  test('a held slot is free for its holder only, until the hold runs out', async () => {
    const hold = await doors.call('POST', '/scheduling/v1/slots/grid-0/hold', { ttlSeconds: 300 })
    expect(hold.status).toBe(201)
    const other = { authorization: `Bearer ${await doors.token(OTHER_APP)}` }
    expect(await book('grid-0', booking(SMITH), other)).toMatchObject({
      status: 409,
      code: 'slot-unavailable',
    })
    expect((await doors.call('GET', '/scheduling/v1/slots/grid-0')).body['status']).toBe('busy')
    doors.clock.advance(301_000)
    expect((await book('grid-0', booking(SMITH), other)).status).toBe(201)
    expect((await doors.call('POST', '/scheduling/v1/slots/grid-1/hold', { ttlSeconds: 301 })).status).toBe(
      400,
    )
  })

  test('a hold can be given back', async () => {
    const hold = await doors.call('POST', '/scheduling/v1/slots/grid-0/hold', { ttlSeconds: 60 })
    const path = `/scheduling/v1/slots/grid-0/hold/${String(hold.body['holdId'])}`
    expect((await doors.call('DELETE', path)).status).toBe(204)
    expect((await doors.call('DELETE', path)).status).toBe(404)
  })

  test('slots are searched by type, place or doctor with both ends of the time', async () => {
    const range = 'start=ge2023-06-15T00:00:00Z&start=lt2023-06-16T00:00:00Z'
    expect((await doors.call('GET', `/scheduling/v1/slots?service-type=24477858&${range}`)).ids).toEqual([
      GUIDE_SLOT,
      'slot-0930',
    ])
    expect(await doors.call('GET', `/scheduling/v1/slots?${range}`)).toMatchObject({
      status: 400,
      code: 'missing-parameter',
    })
    expect(
      await doors.call('GET', '/scheduling/v1/slots?location=21250403&start=ge2023-06-15T00:00:00Z'),
    ).toMatchObject({ status: 400 })
  })

  const change = async (id: string, status: string, etag: string): Promise<Answered> =>
    doors.call(
      'PATCH',
      `/scheduling/v1/appointments/${id}`,
      [{ op: 'replace', path: '/status', value: status }],
      {
        'if-match': etag,
        'content-type': 'application/json-patch+json',
      },
    )

  test('the status takes the steps of the table and no other', async () => {
    const { id, etag } = await booked()
    expect(await change(id, 'fulfilled', etag)).toMatchObject({ status: 422, code: 'status-transition' })
    expect(await change(id, 'noshow', etag)).toMatchObject({ code: 'status-transition' })
    const arrived = await change(id, 'arrived', etag)
    expect(arrived.body['status']).toBe('arrived')
    expect(await change(id, 'checked-in', etag)).toMatchObject({ status: 412 })
    expect((await change(id, 'checked-in', arrived.headers.get('etag') ?? '')).status).toBe(200)
  })

  test('a cancellation needs the version and a reason, frees the slot, and is done once', async () => {
    const { id, etag } = await booked()
    const path = `/scheduling/v1/appointments/${id}/cancel`
    const reason = { reason: 'Patient request', comment: 'Called in' }
    expect(await doors.call('POST', path, reason)).toMatchObject({ status: 428 })
    expect(await doors.call('POST', path, { reason: 'bored' }, { 'if-match': etag })).toMatchObject({
      status: 422,
      code: 'cancel-reason-required',
    })
    const done = await doors.call('POST', path, reason, { 'if-match': etag })
    expect(done).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    expect((await doors.call('GET', `/scheduling/v1/slots/${GUIDE_SLOT}`)).body['status']).toBe('free')
    const again = await doors.call('POST', path, reason, { 'if-match': done.headers.get('etag') ?? '' })
    expect(again).toMatchObject({ status: 422, code: 'not-cancelable' })
  })

  test('a move keeps the id, takes the new time and counts the sequence', async () => {
    const { id, etag } = await booked()
    const moved = await doors.call(
      'POST',
      `/scheduling/v1/appointments/${id}/reschedule`,
      { slot: { reference: 'Slot/slot-0930' } },
      { 'if-match': etag },
    )
    expect(moved).toMatchObject({
      status: 200,
      body: { id, start: '2023-06-15T09:30:00Z', slot: [{ reference: 'Slot/slot-0930' }] },
    })
    expect(moved.body['extension']).toContainEqual({
      url: 'urn:practicestudio:mws:schedule-seq',
      valueInteger: 1,
    })
  })

  test('appointments are found by who and when', async () => {
    const { id } = await booked()
    const found = await doors.call(
      'GET',
      `/scheduling/v1/appointments?patient=${SMITH}&start=ge2023-06-15T00:00:00Z&start=lt2023-06-16T00:00:00Z`,
    )
    expect(found.ids).toEqual([id])
  })
})

describe('keys, limits, pages', () => {
  test('a repeat while the first still runs is told so, and after a day the key is forgotten', async () => {
    const services = servicesOf(doors.hospital, doors.clock)
    const gate = Promise.withResolvers<undefined>()
    const began = Promise.withResolvers<undefined>()
    services.pause = async () => {
      began.resolve(undefined)
      await gate.promise
    }
    const key = { 'idempotency-key': 'same' }
    const first = book('grid-0', booking(SMITH), key)
    await began.promise
    const second = await book('grid-0', booking(SMITH), key)
    expect(second).toMatchObject({ status: 409, code: 'still-running' })
    expect(second.headers.get('retry-after')).toBe('2')
    gate.resolve(undefined)
    services.pause = null
    expect((await first).status).toBe(201)
    expect((await book('grid-0', booking(SMITH), key)).headers.get('idempotent-replayed')).toBe('true')
    doors.clock.advance(24 * 3_600_000 + 1)
    const fresh = { ...key, authorization: `Bearer ${await doors.token(APP)}` }
    const later = await book('grid-0', booking(SMITH), fresh)
    expect(later.headers.get('idempotent-replayed')).toBeNull()
    expect(later.status).toBe(200)
  })

  test('limits are off until they are switched on, and then say how long to wait', async () => {
    const read = async (): Promise<Answered> => doors.call('GET', `/patient/v1/Patient/${SMITH}`)
    const many = async (): Promise<number[]> =>
      (await Promise.all(Array.from({ length: 25 }, read))).map(({ status }) => status)
    expect(await many()).not.toContain(429)
    expect((await doors.call('PATCH', '/_sandbox/millennium', { rateLimits: true })).status).toBe(200)
    doors.clock.advance(5000)
    expect((await many()).filter((status) => status === 429)).toHaveLength(5)
    expect((await read()).headers.get('retry-after')).toBe('1')
    doors.clock.advance(1000)
    expect((await read()).status).toBe(200)
  })

  const slots =
    '/scheduling/v1/slots?service-type=24477854&start=ge2023-06-15T13:00:00Z&start=lt2023-06-15T15:00:00Z'

  test('a cursor is not confused by what comes and goes between two pages', async () => {
    const first = await doors.call('GET', `${slots}&_count=5`)
    expect(first.ids).toEqual(['grid-0', 'grid-1', 'grid-2', 'grid-3', 'grid-4'])
    await book('grid-1', booking(SMITH))
    doors.hospital.put({
      ...doors.hospital.records.read('Slot', 'grid-0', {} as never).resource,
      id: 'early',
    })
    const second = await doors.call('GET', first.next ?? '')
    expect(second.ids).toEqual(['grid-5', 'grid-6', 'grid-7', 'grid-8', 'grid-9'])
    const third = await doors.call('GET', second.next ?? '')
    expect(third).toMatchObject({ ids: ['grid-10', 'grid-11'], next: undefined })
  })

  test('a cursor is bound to its query and its client, and lives fifteen minutes', async () => {
    const { next = '' } = await doors.call('GET', `${slots}&_count=5`)
    const cursor = new URL(next).searchParams.get('cursor') ?? ''
    const other = `/scheduling/v1/slots?location=21250403&start=ge2023-06-15T13:00:00Z&start=lt2023-06-15T15:00:00Z&cursor=${cursor}`
    expect(await doors.call('GET', other)).toMatchObject({ status: 400, code: 'invalid-parameter' })
    const stranger = { authorization: `Bearer ${await doors.token(OTHER_APP)}` }
    expect(await doors.call('GET', next, undefined, stranger)).toMatchObject({ status: 400 })
    doors.clock.advance(15 * 60_000)
    const fresh = { authorization: `Bearer ${await doors.token(APP)}` }
    expect(await doors.call('GET', next, undefined, fresh)).toMatchObject({ status: 410, code: 'gone' })
    expect(await doors.call('GET', `${slots}&_count=201`, undefined, fresh)).toMatchObject({ status: 400 })
  })
})

describe('tokens and media types', () => {
  test('without a token 401, without the scope 403, with a reader’s scope reading', async () => {
    const path = `/patient/v1/Patient/${SMITH}`
    expect((await doors.call('GET', path, undefined, { authorization: '' })).status).toBe(401)
    const reader = { authorization: `Bearer ${await doors.token(READER)}` }
    expect((await doors.call('GET', path, undefined, reader)).status).toBe(200)
    expect((await book(GUIDE_SLOT, GUIDE_BOOKING, reader)).status).toBe(403)
    doors.clock.advance(3_600_000)
    expect((await doors.call('GET', path)).status).toBe(401)
  })

  test('media types, methods and broken JSON have their statuses', async () => {
    const path = '/patient/v1/Patient/search'
    expect(await doors.call('POST', path, GUIDE_SEARCH, { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      code: 'media-type',
    })
    expect(await doors.call('POST', path, GUIDE_SEARCH, { accept: 'text/html' })).toMatchObject({
      status: 406,
    })
    expect(await doors.call('POST', path, '{"half')).toMatchObject({ status: 400, code: 'not-json' })
    const method = await doors.call('PUT', path, {})
    expect(method).toMatchObject({ status: 405, code: 'not-allowed' })
    expect(method.headers.get('allow')).toBe('POST')
    const fhir = await doors.call('POST', path, GUIDE_SEARCH, { 'content-type': 'application/fhir+json' })
    expect(fhir.headers.get('content-type')).toContain('application/fhir+json')
  })

  test('the request id is echoed and stands in the answer that says no', async () => {
    const id = '0b0c1c55-8d57-4f6b-8d0e-3a0f3c8e5a11'
    const answer = await doors.call('GET', '/patient/v1/Patient/404', undefined, { 'x-request-id': id })
    expect(answer).toMatchObject({ status: 404, code: 'not-found', body: { id } })
    expect(answer.headers.get('x-request-id')).toBe(id)
  })
})

describe('results, documents, changes, reference', () => {
  const range = 'effective=ge2023-05-01T00:00:00Z&effective=lt2023-06-01T00:00:00Z'

  test('results need a category or a code, and at most a year; retracted ones are shown as such', async () => {
    const found = await doors.call(
      'GET',
      `/clinical/v1/results?patient=${SMITH}&category=vital-signs&${range}`,
    )
    expect(found.ids).toEqual(['VS-2', 'VS-1', 'VS-0'])
    expect(await doors.call('GET', `/clinical/v1/results?patient=${SMITH}&${range}`)).toMatchObject({
      status: 422,
      code: 'category-required',
    })
    const wide = 'effective=ge2021-05-01T00:00:00Z&effective=lt2023-06-01T00:00:00Z'
    expect(
      await doors.call('GET', `/clinical/v1/results?patient=${SMITH}&category=vital-signs&${wide}`),
    ).toMatchObject({ status: 400, code: 'date-range-too-wide' })
    expect((await doors.call('GET', '/clinical/v1/results/VS-1')).body['status']).toBe('entered-in-error')
    expect((await doors.call('POST', '/clinical/v1/results', {}, { 'idempotency-key': 'r' })).status).toBe(
      422,
    )
  })

  const content = Buffer.from('A letter.').toString('base64')
  const document = (more: object = {}, attachment: object = {}): object => ({
    resourceType: 'DocumentReference',
    status: 'current',
    docStatus: 'final',
    type: { coding: [{ system: 'http://loinc.org', code: '34133-9' }] },
    subject: { reference: `Patient/${SMITH}` },
    author: [{ reference: 'Practitioner/9876543' }],
    content: [{ attachment: { contentType: 'text/plain', data: content, ...attachment } }],
    context: { encounter: [{ reference: 'Encounter/1' }], period: { end: '2023-06-01T00:00:00Z' } },
    ...more,
  })
  const create = async (body: object, key: string): Promise<Answered> =>
    doors.call('POST', '/documents/v1/documents', body, { 'idempotency-key': key })

  test('content comes with its digest', async () => {
    const answer = await doors.call('GET', '/documents/v1/documents/5001/content')
    expect(answer.body['text']).toBe('Feels well.\n')
    expect(answer.headers.get('digest')).toMatch(/^sha-256=/)
  })

  test('only final documents of known types with a right checksum are taken, each once', async () => {
    expect(await create(document({ docStatus: 'preliminary' }), 'd1')).toMatchObject({
      status: 422,
      code: 'not-final',
    })
    expect(await create(document({}, { contentType: 'image/png' }), 'd2')).toMatchObject({
      code: 'unsupported-type',
    })
    expect(await create(document({}, { hash: 'AAAA' }), 'd3')).toMatchObject({ code: 'checksum-mismatch' })
    const made = await create(document(), 'd4')
    expect(made.status).toBe(201)
    const again = await create(document(), 'd5')
    expect(again).toMatchObject({ status: 200, body: { id: made.body['id'] } })
    doors.clock.advance(24 * 3_600_000)
    const fresh = { authorization: `Bearer ${await doors.token(APP)}`, 'idempotency-key': 'd6' }
    expect((await doors.call('POST', '/documents/v1/documents', document(), fresh)).status).toBe(201)
  })

  test('a replaced document is superseded, a retracted one entered in error', async () => {
    const first = String((await create(document(), 'd1')).body['id'])
    const replaced = await doors.call(
      'POST',
      `/documents/v1/documents/${first}/replace`,
      document({}, { data: Buffer.from('Better.').toString('base64') }),
      { 'idempotency-key': 'd2' },
    )
    expect(replaced.body).toMatchObject({
      relatesTo: [{ code: 'replaces', target: { reference: `DocumentReference/${first}` } }],
    })
    expect((await doors.call('GET', `/documents/v1/documents/${first}`)).body['status']).toBe('superseded')
    const second = String(replaced.body['id'])
    expect(
      (await doors.call('POST', `/documents/v1/documents/${second}/retract`, { reason: 'wrong chart' })).body[
        'status'
      ],
    ).toBe('entered-in-error')
  })

  test('the feed of changes goes on where its watermark stands, and ends after seven days', async () => {
    const since = new Date(doors.clock.now()).toISOString()
    doors.clock.advance(1000)
    const { id } = await booked()
    const first = await doors.call('GET', `/scheduling/v1/appointments/changes?since=${since}`)
    expect(first.body).toMatchObject({
      type: 'history',
      entry: [{ resource: { id }, request: { method: 'PUT' } }],
    })
    const watermark = first.headers.get('x-change-watermark') ?? ''
    doors.clock.advance(1000)
    doors.hospital.touch('Appointment', id, { comment: 'Bring the letter' })
    const second = await doors.call('GET', `/scheduling/v1/appointments/changes?since=${watermark}`)
    expect(second.body['entry']).toMatchObject([{ resource: { comment: 'Bring the letter' } }])
    doors.clock.advance(8 * 86_400_000)
    const fresh = { authorization: `Bearer ${await doors.token(APP)}` }
    expect(
      await doors.call('GET', `/scheduling/v1/appointments/changes?since=${since}`, undefined, fresh),
    ).toMatchObject({ status: 410, code: 'gone' })
  })

  test('metadata needs no token; code sets, types and places are there', async () => {
    const metadata = await doors.call('GET', '/reference/v1/metadata', undefined, { authorization: '' })
    expect(metadata.body).toMatchObject({
      versions: ['v1'],
      serverTime: '2023-06-01T12:00:00.000Z',
      services: { person: { enabled: true } },
    })
    expect((await doors.call('GET', '/reference/v1/code-sets/14229')).body['values']).toContainEqual(
      expect.objectContaining({ meaning: 'PATIENT REQUEST' }),
    )
    expect((await doors.call('GET', '/reference/v1/locations')).ids).toEqual(['21250403'])
    expect((await doors.call('GET', '/reference/v1/practitioners?_id=9876543')).ids).toEqual(['9876543'])
    expect((await doors.call('GET', '/scheduling/v1/appointment-types')).body['types']).toContainEqual(
      expect.objectContaining({ bookable: true }),
    )
  })
})
