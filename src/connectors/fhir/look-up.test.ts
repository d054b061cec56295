import { describe, expect, test } from 'vitest'
import type { FhirResource, LostWrite } from '../cerner/port.ts'
import { clientFor, farSide, sendJson } from './far-side.world.ts'
import { lookUp } from './look-up.ts'

const SENT_AT = Date.parse('2026-05-01T12:00:00Z')
const AFTER = '2026-05-01T12:00:05Z'
const BEFORE = '2026-04-01T00:00:00Z'

/** A far side that holds these resources; a search sees them from its `visibleFrom`th time on. */
async function lookAmong(lost: Omit<LostWrite, 'sentAtMs'>, held: FhirResource[], visibleFrom = 1) {
  let searches = 0
  await using far = await farSide((one, response) => {
    const [path = '', query] = one.url.replace('/r4/tenant/', '').split('?')
    const [type, id] = path.split('/')
    if (query === undefined) {
      const found = held.find((resource) => resource.resourceType === type && resource.id === id)
      return found ? sendJson(response, found) : response.writeHead(404).end()
    }
    searches++
    const entry = searches < visibleFrom ? [] : held.filter(({ resourceType }) => resourceType === type)
    return sendJson(response, {
      resourceType: 'Bundle',
      type: 'searchset',
      entry: entry.map((resource) => ({ resource })),
    })
  })
  const { client, timer } = clientFor(far.base)
  await using _ = client
  const found = await lookUp(client, { ...lost, sentAtMs: SENT_AT })
  return {
    found,
    searches: far.asked.filter(({ url }) => url.includes('?')).map(({ url }) => url),
    waits: timer.waits,
  }
}

const meta = (lastUpdated: string) => ({ versionId: '0', lastUpdated })

describe('a lost booking', () => {
  const body = {
    resourceType: 'Appointment',
    status: 'booked',
    slot: [{ reference: 'Slot/1-2-3-0' }],
    participant: [{ actor: { reference: 'Patient/9' }, status: 'accepted' }],
  }
  const slot = { resourceType: 'Slot', id: '1-2-3-0', status: 'busy', start: '2026-05-04T15:00:00Z' }
  const made = {
    resourceType: 'Appointment',
    id: '77',
    status: 'booked',
    start: '2026-05-04T15:00:00.000Z',
    meta: meta(AFTER),
  }

  test('is found by the patient and the time of its slot, though the slot is missing when it is read', async () => {
    const { found, searches } = await lookAmong({ type: 'Appointment', body }, [slot, made])
    expect(found).toEqual({ type: 'Appointment', id: '77', version: '0', lastModifiedMs: Date.parse(AFTER) })
    expect(searches[0]).toBe(
      '/r4/tenant/Appointment?patient=9&date=ge2026-05-04T14:59:00.000Z&date=lt2026-05-04T15:01:00.000Z',
    )
  })

  test('is found when the search lags behind', async () => {
    const { found, searches } = await lookAmong({ type: 'Appointment', body }, [slot, made], 3)
    expect(found).toMatchObject({ id: '77' })
    expect(searches).toHaveLength(3)
  })

  test('is not there when only an older, a cancelled and another one are', async () => {
    const { found, waits } = await lookAmong({ type: 'Appointment', body }, [
      slot,
      { ...made, meta: meta(BEFORE) },
      { ...made, id: '78', status: 'cancelled' },
      { ...made, id: '79', slot: [{ reference: 'Slot/other-0' }] },
    ])
    expect(found).toBeNull()
    // It was looked for again, over seconds, before it was said to be missing.
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(10_000)
  })
})

describe('a lost booking whose start is known', () => {
  const body = {
    resourceType: 'Appointment',
    start: '2026-05-04T15:00:00Z',
    slot: [{ reference: 'Slot/1-2-3-0' }],
    participant: [{ actor: { reference: 'Patient/9' }, status: 'accepted' }],
  }
  const made = {
    resourceType: 'Appointment',
    id: '77',
    status: 'booked',
    start: '2026-05-04T15:00:00.000Z',
    meta: meta(AFTER),
  }

  test('is looked for at its start, though its slot is gone', async () => {
    const { found, searches } = await lookAmong({ type: 'Appointment', body }, [made])
    expect(found).toMatchObject({ id: '77' })
    expect(searches[0]).toContain('date=ge2026-05-04T14:59:00.000Z')
  })

  test('is not another appointment of the patient when neither start nor reason can tell', async () => {
    const { start: _start, ...unknown } = body
    const other = { ...made, start: '2026-06-01T09:00:00Z' }
    expect((await lookAmong({ type: 'Appointment', body: unknown }, [other])).found).toBeNull()
  })
})

describe('a lost new patient', () => {
  const body = {
    resourceType: 'Patient',
    name: [{ use: 'official', family: 'Wolf', given: ['Bigby'] }],
    birthDate: '1990-09-15',
    gender: 'male',
    telecom: [{ system: 'phone', value: '816-822-9121', use: 'home' }],
  }
  const made = {
    ...body,
    id: '5',
    name: [{ use: 'official', family: 'WOLF', given: ['BIGBY'], text: 'WOLF, BIGBY' }],
    telecom: [{ system: 'phone', value: '(816) 822-9121', use: 'home' }],
    meta: meta(AFTER),
  }

  test('is found by name, birth date, sex and phone, however Cerner writes them', async () => {
    const { found, searches } = await lookAmong({ type: 'Patient', body }, [made])
    expect(found).toMatchObject({ type: 'Patient', id: '5' })
    expect(searches[0]).toBe('/r4/tenant/Patient?family=Wolf&birthdate=1990-09-15')
  })

  test('is not another person of the same name and birth date', async () => {
    const namesake = { ...made, telecom: [{ system: 'phone', value: '555-555-0100', use: 'home' }] }
    expect((await lookAmong({ type: 'Patient', body }, [namesake])).found).toBeNull()
  })

  test('is not the person who was there before', async () => {
    expect((await lookAmong({ type: 'Patient', body }, [{ ...made, meta: meta(BEFORE) }])).found).toBeNull()
  })
})

describe('a lost vital sign', () => {
  const body = {
    resourceType: 'Observation',
    code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
    subject: { reference: 'Patient/9' },
    effectiveDateTime: '2026-05-01T11:59:00Z',
    valueQuantity: { value: 180, unit: 'cm' },
  }

  test('is found by patient, time, code and value', async () => {
    const made = { ...body, id: 'VS-1', effectiveDateTime: '2026-05-01T11:59:00.000Z', meta: meta(AFTER) }
    const other = { ...made, id: 'VS-2', valueQuantity: { value: 181, unit: 'cm' } }
    expect((await lookAmong({ type: 'Observation', body }, [other, made])).found).toMatchObject({
      id: 'VS-1',
    })
    expect((await lookAmong({ type: 'Observation', body }, [other])).found).toBeNull()
  })
})

test('a lost document is found by patient, title and the end of its period', async () => {
  const body = {
    resourceType: 'DocumentReference',
    subject: { reference: 'Patient/9' },
    content: [{ attachment: { title: 'Visit note' } }],
    context: { period: { end: '2026-05-01T11:00:00.000Z' } },
  }
  const made = { ...body, id: '8', context: { period: { end: '2026-05-01T11:00:00Z' } }, meta: meta(AFTER) }
  const { found, searches } = await lookAmong({ type: 'DocumentReference', body }, [made])
  expect(found).toMatchObject({ id: '8' })
  expect(searches[0]).toBe('/r4/tenant/DocumentReference?patient=9&_lastUpdated=ge2026-05-01T11:58:00.000Z')
})
