import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IntegrationError } from '../../kernel/errors.ts'
import {
  COMBINED,
  CONFIDENTIAL,
  DOCTOR,
  GUIDE_SLOT,
  OBRIEN,
  SMITH,
} from '../../sandbox/cerner/millennium-routes.world.ts'
import { servicesOf } from '../../sandbox/cerner/millennium-routes-services.ts'
import { SOAP_ACCOUNT } from '../../sandbox/cerner/soap-routes.ts'
import type { Booking, Written } from '../cerner/port.ts'
import { probeMillennium } from './probe.ts'
import { openLine, TRANSPORTS, type Line } from './services.world.ts'
import { cernerSettings } from '../cerner/definition.ts'

// Every example of the reference page (millennium-web-services.md §2, §6 to §9), over each transport.
describe.each(TRANSPORTS)('Millennium services over %s', (name) => {
  let line: Line
  beforeEach(async () => {
    line = await openLine(name)
  })
  afterEach(async () => line[Symbol.asyncDispose]())

  const guide: Booking = {
    slotId: GUIDE_SLOT,
    start: '2023-06-15T09:00:00Z',
    end: '2023-06-15T09:30:00Z',
    patient: { id: SMITH, display: 'Smith, John' },
    practitioner: { id: DOCTOR, display: 'Dr. Jane Johnson' },
    reason: 'Annual physical examination',
  }
  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work
    } catch (error) {
      if (error instanceof IntegrationError) return error.code
      throw error
    }
    return 'none'
  }
  const booked = async (): Promise<Written> => line.road.book(guide)
  const versionOf = async (id: string): Promise<string> => (await line.road.readAppointment(id)).version ?? ''

  test('the guide’s search finds its patient', async () => {
    const [found] = await line.road.searchPersons({ family: 'Smith', given: 'John' })
    expect(found).toMatchObject({ version: '0', resource: { resourceType: 'Patient', id: SMITH } })
    expect(JSON.parse(found?.text ?? '')).toEqual(found?.resource)
  })

  test('the guide’s booking makes an appointment that can be read', async () => {
    const written = await booked()
    expect(written).toMatchObject({ type: 'Appointment', version: '0' })
    expect(written.lastModifiedMs).toBe(line.doors.clock.now())
    const { resource } = await line.road.readAppointment(written.id)
    expect(resource).toMatchObject({
      status: 'booked',
      description: 'Annual physical examination',
      start: guide.start,
    })
  })

  test('a search below the minimum is not even sent', async () => {
    expect(await codeOf(line.road.searchPersons({ family: 'Smith' }))).toBe('FHIR_SEARCH_INCOMPLETE')
    expect(line.calls).toEqual([])
  })

  test('all pages of a search come, each person once', async () => {
    for (let n = 0; n < 120; n += 1)
      line.doors.hospital.put({
        resourceType: 'Patient',
        id: String(2_000_000 + n),
        active: true,
        name: [{ family: 'Many', given: [`A${n}`] }],
        birthDate: '2000-01-01',
      })
    expect(await line.road.searchPersons({ family: 'Many', given: 'A' })).toHaveLength(120)
    for (let n = 120; n < 201; n += 1)
      line.doors.hospital.put({
        resourceType: 'Patient',
        id: String(2_000_000 + n),
        active: true,
        name: [{ family: 'Many', given: [`A${n}`] }],
        birthDate: '2000-01-01',
      })
    expect(await codeOf(line.road.searchPersons({ family: 'Many', given: 'A' }))).toBe('MWS_TOO_MANY_MATCHES')
  })

  test('a combined person is read as inactive, a confidential one without address', async () => {
    expect((await line.road.readPerson(COMBINED)).resource).toMatchObject({
      active: false,
      link: [{ other: { reference: `Patient/${OBRIEN}` } }],
    })
    expect((await line.road.readPerson(CONFIDENTIAL)).resource).not.toHaveProperty('address')
    expect(await codeOf(line.road.readPerson('404'))).toBe('FHIR_NOT_FOUND')
  })

  test('a person is registered and changed; a suspect is refused', async () => {
    const nina = {
      resourceType: 'Patient',
      name: [{ use: 'official', family: 'Newby', given: ['Nina'] }],
      gender: 'female',
      birthDate: '2001-02-03',
    }
    const made = await line.road.createPerson(nina)
    const changed = await line.road.updatePerson(made.id, made.version ?? '', [
      { op: 'replace', path: '/gender', value: 'other' },
    ])
    expect(changed).toMatchObject({ type: 'Patient', id: made.id, version: '1' })
    expect(await codeOf(line.road.updatePerson(made.id, '0', []))).toBe('FHIR_VERSION_STALE')
    expect(await codeOf(line.road.createPerson({ ...nina, gender: 'other' }))).toBe('MWS_DUPLICATE_SUSPECT')
    const { birthDate: _gone, ...incomplete } = nina
    expect(await codeOf(line.road.createPerson(incomplete))).toBe('FHIR_RULE_BROKEN')
  })

  test('slots are found by type, and no more than asked for', async () => {
    const query = { serviceTypes: ['24477854'], from: '2023-06-15T13:00:00Z', to: '2023-06-15T16:00:00Z' }
    expect(await line.road.findSlots(query)).toHaveLength(12)
    const few = await line.road.findSlots({ ...query, practitioner: `Practitioner/${DOCTOR}`, limit: 5 })
    expect(few.map(({ resource }) => resource.id)).toEqual(['grid-0', 'grid-1', 'grid-2', 'grid-3', 'grid-4'])
  })

  test('a visit is moved, arrives, is checked in and fulfilled', async () => {
    const { id, version } = await booked()
    const moved = await line.road.reschedule(id, version ?? '', { slotId: 'slot-0930', reason: 'Later' })
    expect((await line.road.readAppointment(id)).resource['start']).toBe('2023-06-15T09:30:00Z')
    const arrived = await line.road.setStatus(id, moved.version ?? '', 'arrived')
    const inside = await line.road.setStatus(id, arrived.version ?? '', 'checked-in')
    const done = await line.road.setStatus(id, inside.version ?? '', 'fulfilled')
    expect(await codeOf(line.road.setStatus(id, done.version ?? '', 'arrived'))).toBe('MWS_STATUS_REFUSED')
  })

  test('a visit is cancelled with a reason', async () => {
    const { id, version } = await booked()
    const why = {
      system: 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason',
      code: 'pat',
      comment: 'Called in',
    }
    expect(await codeOf(line.road.cancel(id, version ?? '', { ...why, code: 'bored' }))).toBe(
      'MWS_REASON_MISSING',
    )
    await line.road.cancel(id, version ?? '', why)
    expect((await line.road.readAppointment(id)).resource['status']).toBe('cancelled')
    expect(await codeOf(line.road.cancel(id, await versionOf(id), why))).toBe('MWS_NOT_CHANGEABLE')
  })

  test.each<[string, Partial<Booking>, string]>([
    ['a slot that is not there', { slotId: 'nowhere' }, 'MWS_SLOT_UNKNOWN'],
    ['a slot of another time', { start: '2023-06-15T08:00:00Z' }, 'MWS_SLOT_MISMATCH'],
    [
      'a slot that is over',
      { slotId: 'slot-past', start: '2023-05-31T09:00:00Z', end: '2023-05-31T09:10:00Z' },
      'MWS_SLOT_PAST',
    ],
    ['a combined person', { patient: { id: COMBINED, display: '' } }, 'MWS_PERSON_COMBINED'],
    ['a doctor of another slot', { practitioner: { id: '9000002', display: '' } }, 'FHIR_RULE_BROKEN'],
  ])('a booking of %s is told as what it is', async (_what, change, code) => {
    expect(await codeOf(line.road.book({ ...guide, ...change }))).toBe(code)
  })

  test('a slot that somebody else took is taken; a second place at the same time is refused', async () => {
    await booked()
    const other = { ...guide, patient: { id: OBRIEN, display: "O'Brien, Mary" } }
    expect(await codeOf(line.road.book(other))).toBe('FHIR_SLOT_TAKEN')
    const { practitioner: _none, ...here } = guide
    const twice = {
      ...here,
      slotId: 'slot-overlap',
      start: '2023-06-15T09:10:00Z',
      end: '2023-06-15T09:20:00Z',
    }
    expect(await codeOf(line.road.book(twice))).toBe('MWS_DOUBLE_BOOKED')
  })

  test('a record that is open elsewhere is asked for three more times, five seconds apart', async () => {
    const { id, version } = await booked()
    line.doors.hospital.switches.locked.add(`Appointment/${id}`)
    expect(await codeOf(line.road.setStatus(id, version ?? '', 'arrived'))).toBe('FHIR_RECORD_LOCKED')
    expect(line.waits).toEqual([5000, 5000, 5000])
    line.onWait = () => line.doors.hospital.switches.locked.clear()
    await line.road.setStatus(id, version ?? '', 'arrived')
    expect((await line.road.readAppointment(id)).resource['status']).toBe('arrived')
  })

  test('the answer to a booking is lost after the commit: the key finds it again, and nothing is booked twice', async () => {
    await line.doors.call('POST', '/_sandbox/faults', {
      kind: 'drop-after',
      times: 1,
      match: { method: 'POST', path: name === 'rest' ? '/book' : '/soap/' },
    })
    const written = await line.roadOf('0190d9a0-0000-7000-8000-00000000000a').book(guide)
    expect(line.calls.filter(({ kind }) => kind === 'book Appointment')).toHaveLength(2)
    expect(line.doors.hospital.count('Appointment')).toBe(1)
    expect((await line.road.readAppointment(written.id)).resource['status']).toBe('booked')
  })

  test('a person whose answer was lost is not registered twice, not even by the next attempt of the queue', async () => {
    const nina = {
      resourceType: 'Patient',
      name: [{ use: 'official', family: 'Newby', given: ['Nina'] }],
      gender: 'female',
      birthDate: '2001-02-03',
    }
    const before = line.doors.hospital.count('Patient')
    await line.doors.call('POST', '/_sandbox/faults', {
      kind: 'drop-after',
      times: 6,
      match: { method: 'POST', path: name === 'rest' ? '/patient/' : '/soap/' },
    })
    const exchange = '0190d9a0-0000-7000-8000-00000000000b'
    const first = await codeOf(line.roadOf(exchange).createPerson(nina))
    expect(first).toBe('FHIR_ANSWER_LOST')
    await line.doors.call('DELETE', '/_sandbox/faults')
    const again = await line.roadOf(exchange).createPerson(nina)
    expect(line.doors.hospital.count('Patient')).toBe(before + 1)
    const found = await line.road.lookUp({ type: 'Patient', body: nina, sentAtMs: line.doors.clock.now() })
    expect(found?.id).toBe(again.id)
    expect(await codeOf(line.roadOf(exchange).createPerson({ ...nina, gender: 'male' }))).toBe(
      'MWS_KEY_REUSED',
    )
  })

  test('a lost change is not repeated: it ends as uncertain, and what it made is found', async () => {
    const { id, version } = await booked()
    await line.doors.call('POST', '/_sandbox/faults', {
      kind: 'drop-after',
      times: 1,
      match: { path: name === 'rest' ? '/appointments/' : '/soap/' },
    })
    expect(await codeOf(line.road.setStatus(id, version ?? '', 'arrived'))).toBe('FHIR_ANSWER_LOST')
    expect((await line.road.readAppointment(id)).resource['status']).toBe('arrived')
    const body = {
      resourceType: 'Appointment',
      start: guide.start,
      participant: [{ actor: { reference: `Patient/${SMITH}` } }],
    }
    expect(
      (await line.road.lookUp({ type: 'Appointment', body, sentAtMs: line.doors.clock.now() }))?.id,
    ).toBe(id)
    const { start: _start, ...bySlot } = { ...body, slot: [{ reference: `Slot/${GUIDE_SLOT}` }] }
    expect(
      (await line.road.lookUp({ type: 'Appointment', body: bySlot, sentAtMs: line.doors.clock.now() }))?.id,
    ).toBe(id)
    const elsewhere = { ...body, start: '2023-06-16T09:00:00Z' }
    expect(
      await line.road.lookUp({ type: 'Appointment', body: elsewhere, sentAtMs: line.doors.clock.now() }),
    ).toBeNull()
  })

  test('a first try that is still under way is waited for, and then nobody knows what becomes of it', async () => {
    const services = servicesOf(line.doors.hospital, line.doors.clock)
    const gate = Promise.withResolvers<undefined>()
    const began = Promise.withResolvers<undefined>()
    services.pause = async () => {
      began.resolve(undefined)
      await gate.promise
    }
    const exchange = '0190d9a0-0000-7000-8000-00000000000c'
    const first = line.roadOf(exchange).book(guide)
    await began.promise
    services.pause = null
    expect(await codeOf(line.roadOf(exchange).book(guide))).toBe('FHIR_ANSWER_LOST')
    expect(line.waits).toEqual([2000, 2000, 2000, 2000, 2000])
    gate.resolve(undefined)
    expect((await line.roadOf(exchange).book(guide)).id).toBe((await first).id)
  })

  test('results come by category and year with their digits, retracted ones among them', async () => {
    const found = await line.road.results({
      patient: SMITH,
      category: 'vital-signs',
      from: '2021-01-01T00:00:00Z',
      to: '2023-06-01T00:00:00Z',
    })
    expect(found.map(({ resource }) => resource.id)).toEqual(['VS-2', 'VS-1', 'VS-0'])
    expect(found[1]?.resource['status']).toBe('entered-in-error')
    expect(found[0]?.text).toContain('"value":180.5')
    expect(line.calls).toHaveLength(3)
    expect(await line.road.results({ patient: SMITH, to: '2023-05-21T00:00:00Z' })).toHaveLength(1)
  })

  test('documents are found, read and filed; bytes fit their checksum', async () => {
    const [found] = await line.road.documents({ patient: SMITH, from: '2023-05-01T00:00:00Z' })
    const [content] = found?.resource['content'] as { attachment: { url: string } }[]
    const { bytes, mediaType } = await line.road.content(content?.attachment.url ?? '')
    expect(Buffer.from(bytes).toString('utf8')).toBe('Feels well.\n')
    expect(mediaType).toMatch(/^text\/plain/)
    const letter = {
      resourceType: 'DocumentReference',
      status: 'current',
      docStatus: 'final',
      type: { coding: [{ system: 'http://loinc.org', code: '34133-9' }] },
      subject: { reference: `Patient/${SMITH}` },
      author: [{ reference: `Practitioner/${DOCTOR}` }],
      content: [
        {
          attachment: {
            contentType: 'text/plain',
            title: 'Letter',
            data: Buffer.from('Dear colleague').toString('base64'),
          },
        },
      ],
      context: { encounter: [{ reference: 'Encounter/1' }], period: { end: '2023-06-01T00:00:00Z' } },
    }
    const filed = await line.road.createDocument(letter)
    expect(
      (await line.road.lookUp({ type: 'DocumentReference', body: letter, sentAtMs: line.doors.clock.now() }))
        ?.id,
    ).toBe(filed.id)
    expect(await codeOf(line.road.createDocument({ ...letter, docStatus: 'preliminary' }))).toBe(
      'MWS_DOCUMENT_REFUSED',
    )
  })

  test('vital signs are filed where the site has opened it, digit by digit', async () => {
    const text = `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]},"subject":{"reference":"Patient/${SMITH}"},"effectiveDateTime":"2023-05-30T09:30:00Z","valueQuantity":{"value":180.0,"unit":"cm"}}`
    const resource = JSON.parse(text) as { resourceType: string }
    expect(await codeOf(line.road.createObservation(resource, text))).toBe('FHIR_RULE_BROKEN')
    servicesOf(line.doors.hospital, line.doors.clock).switches.resultsWritable = true
    const filed = await line.road.createObservation(resource, text)
    const sent = line.calls.filter(({ kind }) => kind === 'POST Observation').at(-1)
    expect(Buffer.from(sent?.requestBody ?? []).toString('utf8')).toContain('180.0')
    expect(
      (await line.road.lookUp({ type: 'Observation', body: resource, sentAtMs: line.doors.clock.now() }))?.id,
    ).toBe(filed.id)
  })

  test('the log has each call with its kind, without token and password', async () => {
    await booked()
    const [call] = line.calls
    expect(call).toMatchObject({
      channel: 'millennium',
      kind: 'book Appointment',
      method: 'POST',
      attempt: 1,
    })
    const kept = JSON.stringify(call) + Buffer.from(call?.requestBody ?? []).toString('utf8')
    expect(kept).not.toMatch(/Bearer ey/)
    expect(kept).not.toContain(SOAP_ACCOUNT.password)
  })

  test('the connectivity test reads from each service that is on, and names one the site has not', async () => {
    const settings = cernerSettings.parse({
      knownPatient: SMITH,
      millennium: { person: true, scheduling: true, clinical: true, documents: true },
    })
    const probe = async () =>
      probeMillennium({ settings, transport: line.millennium.transport, timer: line.millennium.timer })
    expect((await probe()).map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => 'passed'))
    servicesOf(line.doors.hospital, line.doors.clock).switches.services.clinical = false
    const steps = await probe()
    expect(steps.filter(({ outcome }) => outcome === 'failed').map(({ name: rung }) => rung)).toEqual([
      'Services are enabled there',
      'Clinical results services: a read',
    ])
    expect(line.doors.hospital.count('Appointment')).toBe(0)
  })
})

describe('what only one transport has', () => {
  test('a token that was taken back is renewed once, over REST and SOAP', async () => {
    for (const name of ['rest', 'soap11'] as const) {
      await using line = await openLine(name)
      await line.road.readPerson(SMITH)
      await line.doors.call('POST', '/_sandbox/faults', { kind: 'revoke' })
      expect((await line.road.readPerson(SMITH)).resource.id).toBe(SMITH)
      expect(line.discarded).toHaveLength(1)
    }
  })

  test('429 is waited out as long as the services say', async () => {
    await using line = await openLine('rest')
    await line.doors.call('POST', '/_sandbox/faults', {
      kind: 'status',
      status: 429,
      retryAfter: 7,
      times: 1,
      match: { path: '/patient/' },
    })
    await line.road.readPerson(SMITH)
    expect(line.waits).toContain(7000)
  })

  test('an HTML page with status 200 is no answer, and a page in place of a change leaves it open', async () => {
    await using line = await openLine('rest', { retries: 0 })
    const { id, version } = await line.road.book({
      slotId: GUIDE_SLOT,
      start: '2023-06-15T09:00:00Z',
      end: '2023-06-15T09:30:00Z',
      patient: { id: SMITH, display: '' },
    })
    await line.doors.call('POST', '/_sandbox/faults', { kind: 'wrong-type', match: { path: '/scheduling/' } })
    await expect(line.road.readAppointment(id)).rejects.toMatchObject({ code: 'FHIR_ANSWER_UNREADABLE' })
    await expect(line.road.setStatus(id, version ?? '', 'arrived')).rejects.toMatchObject({
      code: 'FHIR_WRITE_UNCERTAIN',
    })
  })

  test('over SOAP a page of HTML is no envelope', async () => {
    await using line = await openLine('soap12', { retries: 0 })
    await line.doors.call('POST', '/_sandbox/faults', { kind: 'wrong-type', match: { path: '/soap/' } })
    await expect(line.road.readPerson(SMITH)).rejects.toMatchObject({ code: 'SOAP_UNREADABLE' })
  })
})
