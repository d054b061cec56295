import { describe, expect, test } from 'vitest'
import { IntegrationError } from '../../kernel/errors.ts'
import { bookingBody, cancelBody, personSearchBody, rescheduleBody, statusPatch } from './bodies.ts'
import { faultOf, isFault, readBooking, type BookingAsked, type BookingScene } from './booking.ts'
import { isEnough, nameKey, phoneKey } from './criteria.ts'
import { GUIDE_BOOKING, GUIDE_SEARCH } from './guide.setup.ts'
import { addressOf, isMillenniumId, isSlotId, OPERATION_NAMES, OPERATIONS } from './operations.ts'
import { DETAILS, outcomeOf, readOutcome, type DetailCode } from './outcome.ts'
import { askedOf, problemOf } from './problems.ts'
import { isCancelable, isReschedulable, mayBecome, STATUSES, type AppointmentStatus } from './statuses.ts'

describe('operations', () => {
  test('the seed’s two paths are kept as they are', () => {
    expect(OPERATIONS.searchPerson).toMatchObject({ method: 'POST', path: '/patient/v1/Patient/search' })
    expect(addressOf({ operation: 'bookAppointment', path: { slot: '1-2.3' }, query: [] })).toBe(
      '/scheduling/v1/slots/1-2.3/book',
    )
  })

  test('values cannot leave their place in an address, and a missing one is no address', () => {
    const at = { operation: 'readPerson', path: { id: '../x?y' }, query: [['a b', 'c&d']] } as const
    expect(addressOf(at)).toBe('/patient/v1/Patient/..%2Fx%3Fy?a%20b=c%26d')
    expect(() => addressOf({ operation: 'readPerson', path: {}, query: [] })).toThrow(RangeError)
  })

  test('every create carries a key, every change and cancellation the version', () => {
    for (const name of OPERATION_NAMES) {
      const { method, version, key, path } = OPERATIONS[name]
      if (method === 'PATCH' || path.endsWith('/cancel')) expect(version).toBe('required')
      if (/^create/.test(name)) expect(key).toBe('required')
    }
  })

  test('ids are digits, slot ids are opaque', () => {
    expect([isMillenniumId('12345'), isMillenniumId('012'), isMillenniumId('1'.repeat(21))]).toEqual([
      true,
      false,
      false,
    ])
    expect([isSlotId('21265426-633867-3121665-0'), isSlotId('a/b'), isSlotId('')]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('bodies', () => {
  test('the search is the guide’s block byte for byte', () => {
    expect(personSearchBody({ family: 'Smith', given: 'John' })).toBe(GUIDE_SEARCH)
  })

  test('a whole date of birth is a date, one with a prefix a string', () => {
    const parameters = (birthdate: string): unknown => JSON.parse(personSearchBody({ birthdate }, 'c'))
    expect(parameters('1980-01-02')).toMatchObject({
      parameter: [
        { name: 'birthdate', valueDate: '1980-01-02' },
        { name: '_cursor', valueString: 'c' },
      ],
    })
    expect(parameters('ge1980-01-02')).toMatchObject({
      parameter: [{ name: 'birthdate', valueString: 'ge1980-01-02' }, {}],
    })
  })

  test('what is not said is left out of a booking', () => {
    const body: unknown = JSON.parse(
      bookingBody({ start: 's', end: 'e', patient: { id: '1', display: 'X' } }),
    )
    expect(Object.keys(body as object)).toEqual(['resourceType', 'status', 'start', 'end', 'participant'])
  })

  test('the other bodies', () => {
    expect(JSON.parse(cancelBody({ system: 's', code: 'c', comment: 'x' }))).toEqual({
      reason: { coding: [{ system: 's', code: 'c' }] },
      comment: 'x',
    })
    expect(JSON.parse(rescheduleBody('1', 'y'))).toEqual({
      slot: { reference: 'Slot/1' },
      reason: { text: 'y' },
    })
    expect(JSON.parse(statusPatch('arrived'))).toEqual([{ op: 'replace', path: '/status', value: 'arrived' }])
  })
})

test.each([
  [['identifier'], true],
  [['_id'], true],
  [['family', 'birthdate'], true],
  [['family:exact', 'given'], true],
  [['phone', 'birthdate'], true],
  [['family'], false],
  [['given', 'birthdate'], false],
  [['phone', 'given'], false],
  [[], false],
])('criteria %j are enough: %j', (names, enough) => {
  expect(isEnough(names)).toBe(enough)
})

test('names and phones are compared by their keys', () => {
  expect(nameKey("O'Brien")).toBe(nameKey('OBRIEN'))
  expect(nameKey('Müller-Lüdenscheid')).toBe('MULLERLUDENSCHEID')
  expect(phoneKey('+1 (217) 555-0100')).toBe('2175550100')
})

describe('statuses', () => {
  // The table of §7, written out once more.
  const NEXT: Record<AppointmentStatus, AppointmentStatus[]> = {
    proposed: ['booked', 'cancelled'],
    pending: ['booked', 'cancelled'],
    booked: ['arrived', 'checked-in', 'cancelled', 'noshow'],
    arrived: ['checked-in', 'cancelled'],
    'checked-in': ['fulfilled', 'cancelled'],
    fulfilled: [],
    cancelled: [],
    noshow: [],
    'entered-in-error': [],
  }
  const all = Object.keys(STATUSES) as AppointmentStatus[]

  test('each status leads where the table says and nowhere else', () => {
    for (const from of all)
      expect(all.filter((to) => mayBecome(from, to, true))).toEqual(
        all.filter((to) => NEXT[from].includes(to)),
      )
  })

  test('no-show is written only where the site allows it', () => {
    expect(mayBecome('booked', 'noshow')).toBe(false)
  })

  test('a visit that began can be cancelled and not moved', () => {
    expect([
      isCancelable('arrived'),
      isReschedulable('arrived'),
      isReschedulable('booked'),
      isCancelable('fulfilled'),
    ]).toEqual([true, false, true, false])
  })
})

describe('bookings', () => {
  const asked: BookingAsked = {
    patient: '1',
    others: [],
    slot: null,
    start: null,
    end: null,
    description: null,
    comment: null,
  }
  const scene: BookingScene = {
    slotId: 's',
    slot: {
      start: '2026-01-01T09:00:00Z',
      end: '2026-01-01T09:30:00Z',
      free: true,
      bookable: true,
      actors: ['Practitioner/2'],
    },
    nowMs: Date.parse('2025-12-31T00:00:00Z'),
    leadMs: 3_600_000,
    patient: { active: true, survivor: null },
    heldByOther: false,
    overlaps: false,
    allowOverlap: false,
    locked: false,
  }
  const slot = scene.slot as NonNullable<BookingScene['slot']>

  // Each row breaks one more rule, from the last of the contract to the first: the earliest broken one is named.
  const faults: readonly [DetailCode, Partial<BookingAsked>, Partial<BookingScene>][] = [
    ['record-locked', {}, { locked: true }],
    ['patient-double-booked', {}, { overlaps: true }],
    ['slot-unavailable', {}, { heldByOther: true }],
    ['person-combined', {}, { patient: { active: false, survivor: '9' } }],
    ['lead-time', {}, { leadMs: Number.MAX_SAFE_INTEGER }],
    ['past-slot', {}, { nowMs: Date.parse('2026-01-01T09:00:00Z') }],
    ['appointment-type-not-bookable', {}, { slot: { ...slot, bookable: false } }],
    ['slot-time-mismatch', { start: '2026-01-01T09:01:00Z' }, {}],
    ['slot-not-found', {}, { slot: null }],
    [
      'rule-broken',
      { others: [{ reference: 'RelatedPerson/1', expression: 'Appointment.participant[1]' }] },
      {},
    ],
  ]

  test('the first rule that is broken is named, in the order of the contract', () => {
    let [body, state] = [asked, scene]
    for (const [code, more, around] of faults) {
      body = { ...body, ...more }
      state = { ...state, ...around }
      expect(faultOf(body, state)?.code).toBe(code)
    }
  })

  test('a booking that fits has no fault, in whatever offset its time is written', () => {
    expect(
      faultOf(
        {
          ...asked,
          start: '2026-01-01T03:00:00-06:00',
          end: '2026-01-01T09:30:59Z',
          others: [{ reference: 'Practitioner/2', expression: '' }],
        },
        scene,
      ),
    ).toBeNull()
  })

  test('a combined person’s fault names the surviving one for support', () => {
    expect(faultOf(asked, { ...scene, patient: { active: false, survivor: '9' } })?.diagnostics).toBe(
      'Patient/9',
    )
  })

  test('the guide’s sample is read', () => {
    expect(readBooking(JSON.parse(GUIDE_BOOKING))).toMatchObject({
      patient: '1234567',
      others: [{ reference: 'Practitioner/9876543' }],
      description: 'Annual physical examination',
    })
  })

  test.each([
    [null, 'not-json'],
    [{ resourceType: 'Appointment', status: 'booked', participant: 'x' }, 'not-json'],
    [{ resourceType: 'Appointment', status: 'booked', implicitRules: 'x' }, 'not-supported'],
    [{ resourceType: 'Appointment', status: 'booked', participant: [patient('needs-action')] }, 'required'],
    [
      {
        resourceType: 'Appointment',
        status: 'booked',
        participant: [patient('accepted'), patient('accepted')],
      },
      'required',
    ],
    [
      {
        resourceType: 'Appointment',
        status: 'booked',
        participant: [patient('accepted')],
        start: '2026-01-01T09:00Z',
      },
      'invalid-parameter',
    ],
    [
      { resourceType: 'Appointment', status: 'booked', participant: [patient('accepted')], slot: [{}, {}] },
      'slot-time-mismatch',
    ],
  ])('the body %j is refused as %s', (body, code) => {
    const read = readBooking(body)
    expect(isFault(read) && read.code).toBe(code)
  })
})

const patient = (status: string): object => ({ actor: { reference: 'Patient/1' }, status })

describe('answers that say no', () => {
  const asked = askedOf(OPERATIONS.bookAppointment)
  const codes = Object.keys(DETAILS) as DetailCode[]

  test('what is written is read', () => {
    for (const code of codes) {
      const text = JSON.stringify(outcomeOf(code, { requestId: 'r', expression: 'Appointment.slot[0]' }))
      expect(readOutcome(text)).toEqual({ code, issue: DETAILS[code].issue, place: 'Appointment.slot[0]' })
    }
  })

  test('every detail code becomes an error of ours that names no value', () => {
    for (const code of codes) {
      const body = JSON.stringify(outcomeOf(code, { diagnostics: 'SMITH^JOHN' }))
      const error = problemOf({ status: DETAILS[code].status, body }, asked, true)
      expect(error).toBeInstanceOf(IntegrationError)
      expect(error.message).not.toContain('SMITH')
    }
  })

  test.each([
    [401, 'FHIR_UNAUTHORIZED'],
    [403, 'FHIR_FORBIDDEN'],
    [404, 'FHIR_NOT_FOUND'],
    [409, 'MWS_CONFLICT'],
    [410, 'MWS_GONE'],
    [412, 'FHIR_VERSION_STALE'],
    [415, 'FHIR_NOT_ACCEPTABLE'],
    [422, 'FHIR_RULE_BROKEN'],
    [423, 'FHIR_RECORD_LOCKED'],
    [428, 'MWS_PRECONDITION_MISSING'],
    [429, 'FHIR_THROTTLED'],
    [302, 'FHIR_REDIRECTED'],
    [418, 'FHIR_REQUEST_REFUSED'],
    [503, 'FHIR_UNAVAILABLE'],
  ])('a bare %i is %s', (status, code) => {
    expect(problemOf({ status, body: '<html>' }, asked, true).code).toBe(code)
  })

  test('a 5xx after a write leaves open what became of it', () => {
    const error = problemOf(
      { status: 504, body: JSON.stringify(outcomeOf('upstream-timeout')) },
      asked,
      false,
    )
    expect([error.code, error.kind]).toEqual(['FHIR_WRITE_UNCERTAIN', 'ambiguous'])
  })

  test('words and odd places of an answer are left behind', () => {
    const body = JSON.stringify({
      issue: [{ code: 'Smith, John', expression: ['name = Smith'], diagnostics: 'Smith' }],
    })
    expect(readOutcome(body)).toEqual({ code: null, issue: null, place: null })
  })
})
