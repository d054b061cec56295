import { describe, expect, test } from 'vitest'
import type { Booking, CernerRoad } from '../cerner/port.ts'
import { clientFor, farSide, sendIssue, sendJson } from './far-side.world.ts'
import type { Answering, FarSide } from './far-side.world.ts'
import { fhirRoad } from './road.ts'

const BOOKING: Booking = {
  slotId: '24477854-21304876-62852027-0',
  start: '2026-05-04T15:00:00Z',
  end: '2026-05-04T15:15:00Z',
  patient: { id: '12724066', display: 'Wolf' },
  reason: 'I have a cramp',
}

async function onRoad<T>(
  answering: Answering,
  work: (road: CernerRoad, far: FarSide) => Promise<T>,
): Promise<T> {
  await using far = await farSide(answering)
  const { client } = clientFor(far.base, { limits: { answerTimeoutMs: 300 } })
  await using _ = client
  return await work(fhirRoad(client), far)
}

const created =
  (type: string, id: string): Answering =>
  (_, response) =>
    response.writeHead(201, { location: `/r4/tenant/${type}/${id}`, etag: 'W/"0"' }).end()
const changed: Answering = (_, response) => response.writeHead(200, { etag: 'W/"8-8"' }).end()

test('a booking is the body that Cerner documents: the slot, the patient and the reason, no times', async () => {
  await onRoad(created('Appointment', '4828431'), async (road, far) => {
    expect(await road.book(BOOKING)).toMatchObject({ type: 'Appointment', id: '4828431', version: '0' })
    // cerner/fhir.cerner.com, R4 appointment create.
    expect(JSON.parse(far.asked[0]?.body ?? '')).toEqual({
      resourceType: 'Appointment',
      status: 'booked',
      slot: [{ reference: 'Slot/24477854-21304876-62852027-0' }],
      participant: [{ actor: { reference: 'Patient/12724066' }, status: 'accepted' }],
      reasonCode: [{ text: 'I have a cramp' }],
    })
  })
})

test('a reason longer than Cerner takes is refused before it is sent, not cut', async () => {
  await onRoad(created('Appointment', '1'), async (road, far) => {
    await expect(road.book({ ...BOOKING, reason: 'x'.repeat(256) })).rejects.toMatchObject({
      code: 'FHIR_RESOURCE_INVALID',
    })
    expect(far.asked).toEqual([])
  })
})

describe('a slot that is refused', () => {
  const refusing =
    (slotStatus: string): Answering =>
    (one, response) =>
      one.method === 'GET'
        ? sendJson(response, { resourceType: 'Slot', id: '1', status: slotStatus })
        : sendIssue(response, 422, { code: 'invalid', details: { text: 'Unprocessable entity' } })

  test('is told to be taken when it is', async () => {
    await onRoad(refusing('busy'), async (road) => {
      await expect(road.book(BOOKING)).rejects.toMatchObject({ code: 'FHIR_SLOT_TAKEN' })
      await expect(road.reschedule('9', '1', { slotId: '2' })).rejects.toMatchObject({
        code: 'FHIR_SLOT_TAKEN',
      })
    })
  })

  test('is told as a broken rule when it is free', async () => {
    await onRoad(refusing('free'), async (road) =>
      expect(road.book(BOOKING)).rejects.toMatchObject({ code: 'FHIR_RULE_BROKEN' }),
    )
  })
})

describe('a change of an appointment', () => {
  test('says which version it means, and answers with the new one', async () => {
    await onRoad(changed, async (road, far) => {
      expect(await road.setStatus('9', '410v795030969834', 'arrived')).toEqual({
        type: 'Appointment',
        id: '9',
        version: '8-8',
        lastModifiedMs: null,
      })
      expect(far.asked[0]).toMatchObject({
        method: 'PATCH',
        url: '/r4/tenant/Appointment/9',
        headers: { 'if-match': 'W/"410v795030969834"', 'content-type': 'application/json-patch+json' },
        body: '[{"op":"replace","path":"/status","value":"arrived"}]',
      })
    })
  })

  test('to cancelled carries one coded reason and the comment', async () => {
    await onRoad(changed, async (road, far) => {
      const system = 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason'
      await road.cancel('9', '1', { system, code: 'oth-err', comment: 'not required cancelled' })
      // cerner/fhir.cerner.com, R4 appointment patch with action-comment.
      expect(JSON.parse(far.asked[0]?.body ?? '')).toEqual([
        {
          op: 'replace',
          path: '/extension',
          value: [
            {
              url: 'https://fhir-ehr.cerner.com/r4/StructureDefinition/action-comment',
              valueString: 'not required cancelled',
            },
          ],
        },
        { op: 'replace', path: '/status', value: 'cancelled' },
        { op: 'add', path: '/cancelationReason', value: { coding: [{ system, code: 'oth-err' }] } },
      ])
    })
  })

  test('that its status does not allow names both', async () => {
    const refusing: Answering = (one, response) =>
      one.method === 'GET'
        ? sendJson(response, { resourceType: 'Appointment', id: '9', status: 'fulfilled' })
        : sendIssue(response, 422, { code: 'business-rule' })
    await onRoad(refusing, async (road) =>
      expect(road.setStatus('9', '1', 'arrived')).rejects.toMatchObject({
        code: 'APPOINTMENT_TRANSITION',
        at: { from: 'fulfilled', to: 'arrived' },
      }),
    )
  })

  test('without a usable version is stale before it is sent', async () => {
    await onRoad(changed, async (road, far) => {
      await expect(road.setStatus('9', '', 'arrived')).rejects.toMatchObject({ code: 'FHIR_VERSION_STALE' })
      expect(far.asked).toEqual([])
    })
  })
})

describe('searching', () => {
  const slot = (id: string) => ({
    resource: { resourceType: 'Slot', id, status: 'free' },
    search: { mode: 'match' },
  })

  test('free slots asks for the range from and to, and stops at the limit', async () => {
    const answering: Answering = (_, response) =>
      sendJson(response, {
        resourceType: 'Bundle',
        type: 'searchset',
        entry: Array.from({ length: 8 }, (_n, n) => slot(String(n))),
      })
    await onRoad(answering, async (road, far) => {
      const query = {
        serviceTypes: ['http://snomed.info/sct|394581000'],
        from: '2026-05-04T00:00:00Z',
        to: '2026-05-05T00:00:00Z',
      }
      expect(await road.findSlots({ ...query, practitioner: '5', limit: 3 })).toHaveLength(3)
      expect(far.asked[0]?.url).toBe(
        '/r4/tenant/Slot?service-type=http://snomed.info/sct%7C394581000&start=ge2026-05-04T00:00:00Z&start=lt2026-05-05T00:00:00Z&schedule.actor=Practitioner/5&_count=5&_include=Slot:schedule',
      )
    })
  })

  test('persons without anything to search by is refused before it is sent', async () => {
    await onRoad(changed, async (road, far) => {
      await expect(road.searchPersons({})).rejects.toMatchObject({ code: 'FHIR_SEARCH_INCOMPLETE' })
      expect(far.asked).toEqual([])
    })
  })

  test('the content of a document is unwrapped from its Binary', async () => {
    const data = Buffer.from('%PDF-1.7').toString('base64')
    const answering: Answering = (_, response) =>
      sendJson(response, { resourceType: 'Binary', contentType: 'application/pdf', data })
    await onRoad(answering, async (road, far) => {
      const { bytes, mediaType } = await road.content(`${far.base}/Binary/XR-1`)
      expect([Buffer.from(bytes).toString(), mediaType]).toEqual(['%PDF-1.7', 'application/pdf'])
    })
  })

  test('content that comes as it is, is taken as it is', async () => {
    const answering: Answering = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/xml' }).end('<a/>')
    await onRoad(answering, async (road, far) => {
      const { bytes, mediaType } = await road.content(`${far.base}/Binary/$autogen-ccd-if?patient=1`)
      expect([Buffer.from(bytes).toString(), mediaType]).toEqual(['<a/>', 'application/xml'])
    })
  })
})
