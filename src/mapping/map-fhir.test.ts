import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IntegrationError } from '../kernel/errors.ts'
import type { KeyedRow, Observation } from '../model/values.ts'
import {
  APPOINTMENT,
  BLOOD_PRESSURE,
  CERNER,
  ENCOUNTER,
  fhirSettings,
  fieldsOf,
  HEIGHT,
  keysOf,
  PATIENT,
  READ_AT,
  saidBy,
  site,
  statement,
  TENANT,
  TERMINOLOGY,
} from './fhir/resources.setup.ts'
import { mapFhir, readSchedule, readSlot } from './map-fhir.ts'
import { mshOf, said, statementOf } from './messages.setup.ts'

const codesOf = (message: { warnings: readonly { code: string; place: string }[] }): string[] =>
  message.warnings.map(({ code, place }) => `${code} ${place}`)

const map = (resource: object) => mapFhir(JSON.stringify(resource), fhirSettings(), READ_AT)

function failure(text: string): { code: string; at: object } {
  try {
    mapFhir(text, fhirSettings(), READ_AT)
  } catch (error) {
    if (error instanceof IntegrationError) return { code: error.code, at: error.at }
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('a Patient', () => {
  const message = saidBy(PATIENT)
  const patient = statement(message, 'patient')

  test('gives the fields of the guide, by use and period', () => {
    expect(fieldsOf(patient)).toEqual({
      external_id: '501',
      first_name: 'JANE',
      middle_name: 'Q',
      last_name: 'DOE',
      date_of_birth: '1990-01-31',
      gender: 'F',
      'address.line1': '12 Main St',
      'address.line2': 'Apt 3',
      'address.city': 'Springfield',
      'address.state': 'IL',
      'address.postal_code': '62701',
      'address.county': 'Sangamon',
      'address.country': 'USA',
      phone_home: '+15555550101;ext=22',
      email: 'jane@example.org',
      preferred_language: 'en',
      race: '2106-3',
      marital_status: 'M',
      ssn: '123-45-6789',
      deceased: false,
      deceased_at: null,
      primary_provider: { id: '5', authority: 'CERNER', last_name: 'Johnson', first_name: 'Jane' },
      active: true,
    })
    expect(codesOf(message)).toEqual([])
  })

  test('says where each value stood, in the words of FHIR', () => {
    expect(patient.fields['last_name']?.place).toBe('Patient.name[1].family')
    expect(patient.fields['phone_home']?.place).toBe('Patient.telecom[1]')
    expect(patient.fields['date_of_birth']?.place).toBe('Patient.birthDate')
  })

  test('is true as of its last update, to the millisecond; without one, as of when it was read', () => {
    expect(message.asOf).toBe('2026-01-02T03:04:05.678Z')
    expect(saidBy({ ...PATIENT, meta: undefined }).asOf).toBe(READ_AT)
  })

  test('is known by its logical id and by numbers in use; never by an ended one, one without a system, or the SSN', () => {
    expect(keysOf(patient)).toEqual([`FHIR:9001@${TENANT}`, 'MR:77@9.9.9', 'MR:501@CERNER'])
  })

  test('meets the patient of an HL7 message in key and number', () => {
    const hl7 = statementOf(said([mshOf('ADT^A04'), 'PID|1||501^^^CERNER^MRN||DOE^JANE']), 'patient')
    expect(patient.keys).toContainEqual({ value: '501', authority: 'CERNER', type: 'MR', raw_type: 'MRN' })
    expect(hl7.keys[0]).toMatchObject({ value: '501', authority: 'CERNER', type: 'MR' })
    expect(hl7.fields['external_id']?.value).toBe(patient.fields['external_id']?.value)
  })

  test('without a medical record number is numbered by its logical id', () => {
    expect(fieldsOf(statement(saidBy({ ...PATIENT, identifier: [] }), 'patient'))['external_id']).toBe('9001')
  })

  test('has contacts with relation and role', () => {
    expect(patient.sets['next_of_kin']?.rows).toEqual([
      { last_name: 'DOE', first_name: 'JOHN', relationship: 'SPS', role: 'EC', phone: '+15555550103' },
    ])
  })

  test('that was combined into another says only that it is not in use', () => {
    const link = [{ other: { reference: 'Patient/1' }, type: 'replaced-by' }]
    const combined = statement(saidBy({ ...PATIENT, active: false, link }), 'patient')
    expect(fieldsOf(combined)).toEqual({ active: false })
    expect(keysOf(combined)).toEqual([`FHIR:9001@${TENANT}`])
  })

  test('who died at a time is dead', () => {
    const { deceasedBoolean: _none, ...living } = PATIENT
    const dead = saidBy({ ...living, deceasedDateTime: '2026-01-01T10:00:00Z' })
    expect(fieldsOf(statement(dead, 'patient'))).toMatchObject({
      deceased: true,
      deceased_at: '2026-01-01T10:00:00.000Z',
    })
  })

  test('of which something is masked says nothing about it', () => {
    const absent = {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
    }
    const { birthDate: _none, ...rest } = PATIENT
    const masked = saidBy({
      ...rest,
      _birthDate: absent,
      name: [absent],
      maritalStatus: { coding: [{ system: `${TERMINOLOGY}/v3-NullFlavor`, code: 'UNK' }] },
    })
    const fields = fieldsOf(statement(masked, 'patient'))
    expect(Object.keys(fields)).not.toContain('date_of_birth')
    expect(Object.keys(fields)).not.toContain('last_name')
  })

  test('with a code that no set knows keeps the rest, and names set and place', () => {
    const marital = { coding: [site(38, '99', 'It is complicated')], text: 'It is complicated' }
    const odd = saidBy({ ...PATIENT, maritalStatus: marital })
    expect(codesOf(odd)).toEqual(['CODE_NOT_IN_SET Patient.maritalStatus'])
    expect(odd.warnings[0]?.says).toContain('v3-MaritalStatus')
    const answered = saidBy(
      { ...PATIENT, maritalStatus: marital },
      { codes: { 'marital-status': { '99': 'T' } } },
    )
    expect(fieldsOf(statement(answered, 'patient'))['marital_status']).toBe('T')
  })

  test('with a date that is none leaves it out with a warning', () => {
    expect(codesOf(saidBy({ ...PATIENT, birthDate: '1990-02-31' }))).toEqual([
      'FHIR_RESOURCE_INVALID Patient.birthDate',
    ])
  })
})

describe('an Appointment', () => {
  const message = saidBy(APPOINTMENT)
  const appointment = statement(message, 'appointment')

  test('gives times in UTC, provider, place, type, reason and slot', () => {
    expect(fieldsOf(appointment)).toEqual({
      external_id: '4800',
      provider_id: '5',
      provider: { id: '5', authority: 'CERNER', last_name: 'Johnson', first_name: 'Jane' },
      appointment_type: '11',
      start_time: '2026-03-08T20:00:00.000Z',
      end_time: '2026-03-08T20:30:00.000Z',
      status: 'booked',
      reason: 'Back pain',
      location_id: '22',
      notes: 'Bring films',
      service: { code: '394814009', text: 'Follow up', system: 'http://snomed.info/sct' },
      slot_id: '11-22-33-0',
    })
    expect(appointment.sets['resources']?.rows).toEqual([
      { kind: 'location', id: '22', name: 'Clinic 1', status: 'accepted' },
      { kind: 'provider', id: '5', name: 'Johnson, Jane', role: 'Resource', status: 'accepted' },
      { kind: 'other', name: 'Endoscopy Rooms', status: 'accepted' },
    ])
  })

  test('is known by its logical id and by the number of SCH-2, as SIU names it', () => {
    expect(keysOf(appointment)).toEqual([`FHIR:4800@${TENANT}`, 'FILL:4800@CERNER'])
    const siu = said([mshOf('SIU^S12'), 'SCH||4800^CERNER', 'PID|1||501^^^CERNER^MRN||DOE^JANE'])
    expect(appointment.keys).toContainEqual(statementOf(siu, 'appointment').keys[0])
  })

  test('names its patient by the logical id, and changes nothing about them', () => {
    const patient = statement(message, 'patient')
    expect(patient).toMatchObject({ effect: 'mention', fields: {} })
    expect(keysOf(patient)).toEqual([`FHIR:9001@${TENANT}`])
  })

  test('that was cancelled frees its slot, and a code 0 is no reason', () => {
    const zero = { coding: [{ system: `${CERNER}/14229`, code: '0', userSelected: true }] }
    const cancelled = statement(
      saidBy({ ...APPOINTMENT, status: 'cancelled', cancelationReason: zero }),
      'appointment',
    )
    expect(cancelled.effect).toBe('cancel')
    expect(fieldsOf(cancelled)).toMatchObject({ status: 'cancelled', slot_id: null })
    expect(Object.keys(cancelled.fields)).not.toContain('cancel_reason')
  })

  test('that was entered in error needs no patient; a booked one does', () => {
    const nobody = { ...APPOINTMENT, participant: [] }
    const wrong = saidBy({ ...nobody, status: 'entered-in-error' })
    expect(wrong.statements.map(({ record, effect }) => `${record} ${effect}`)).toEqual([
      'appointment cancel',
    ])
    expect(failure(JSON.stringify(nobody))).toEqual({
      code: 'FHIR_RESOURCE_INVALID',
      at: { place: 'Appointment.participant', expected: 'a reference to a patient' },
    })
  })

  test('that is only proposed has the times that were asked for', () => {
    const { start: _start, end: _end, ...rest } = APPOINTMENT
    const requestedPeriod = [{ start: '2026-03-09T14:00:00Z', end: '2026-03-09T18:00:00Z' }]
    const proposed = statement(saidBy({ ...rest, status: 'proposed', requestedPeriod }), 'appointment')
    expect(proposed.fields['start_time']).toEqual({
      value: '2026-03-09T14:00:00.000Z',
      place: 'Appointment.requestedPeriod[0].start',
    })
  })

  test('takes the type, provider and place by the codes that HL7 messages use, once the analyst says so', () => {
    const codes = {
      'appointment-type': { '11': 'FU' },
      practitioner: { '5': '12345' },
      location: { '22': 'CLINIC' },
    }
    expect(fieldsOf(statement(saidBy(APPOINTMENT, { codes }), 'appointment'))).toMatchObject({
      appointment_type: 'FU',
      provider_id: '12345',
      location_id: 'CLINIC',
    })
  })

  test('of another server is nobody we know', () => {
    const actor = { reference: 'https://elsewhere.example/r4/Patient/9001' }
    expect(failure(JSON.stringify({ ...APPOINTMENT, participant: [{ actor }] })).code).toBe(
      'FHIR_RESOURCE_INVALID',
    )
  })
})

const rowsOf = (resource: object, set = 'observations') =>
  statement(saidBy(resource), 'report').sets[set]?.rows as Observation[]

describe('an Observation', () => {
  test('is a report of its own with one result', () => {
    const report = statement(saidBy(HEIGHT), 'report')
    expect(keysOf(report)).toEqual([`FHIR:VS-1@${TENANT}`])
    expect(fieldsOf(report)).toEqual({
      external_id: 'VS-1',
      code: { code: '8302-2', text: 'Height/Length', system: 'http://loinc.org' },
      status: 'final',
      effective_at: '2026-01-02T10:00:00.000Z',
      issued_at: '2026-01-02T10:00:04.000Z',
      category: 'vital-signs',
      performer: { id: '5', authority: 'CERNER', last_name: 'Johnson', first_name: 'Jane' },
    })
    expect(report.sets['observations']?.rows).toEqual([
      {
        key: 'Observation/VS-1',
        code: { code: '8302-2', text: 'Height/Length', system: 'http://loinc.org' },
        status: 'final',
        quantity: { value: '180.5', unit: 'cm' },
        interpretation: ['N'],
        reference_range: '150-200',
        effective_at: '2026-01-02T10:00:00.000Z',
        performer: 'Jane Johnson',
        reported_at: '2026-01-02T10:00:05.000Z',
      },
    ])
  })

  test('keeps the digits that were written', () => {
    const text = JSON.stringify(HEIGHT).replace('180.5', '180.0')
    const mapped = mapFhir(text, fhirSettings(), READ_AT)
    const report = mapped.kind === 'mapped' ? statement(mapped.message, 'report') : undefined
    expect((report?.sets['observations']?.rows[0] as Observation).quantity?.value).toBe('180.0')
  })

  test('with components has a row for each, whose key is its code', () => {
    expect(rowsOf(BLOOD_PRESSURE).map(({ key, quantity }) => [key, quantity?.value])).toEqual([
      ['Observation/BP-1-2#8480-6', '120'],
      ['Observation/BP-1-2#8462-4', '80'],
    ])
  })

  test('keeps its row when the site maps the event to LOINC later', () => {
    const before = { ...HEIGHT, code: { coding: [site(72, '4154126', 'Height')] } }
    expect(rowsOf(before)[0]?.key).toBe(rowsOf(HEIGHT)[0]?.key)
  })

  test('that was entered in error says so in report and row', () => {
    const report = statement(saidBy({ ...HEIGHT, status: 'entered-in-error' }), 'report')
    expect(report.effect).toBe('cancel')
    expect(report.fields['status']?.value).toBe('entered-in-error')
    expect((report.sets['observations']?.rows[0] as Observation).status).toBe('entered-in-error')
  })

  const { valueQuantity: _none, ...BARE } = HEIGHT
  test.each<[string, object, Partial<Observation>]>([
    [
      'a coded value',
      {
        valueCodeableConcept: {
          coding: [{ system: 'http://snomed.info/sct', code: '1', display: 'Never' }],
          text: 'Never smoker',
        },
      },
      { text: 'Never smoker', codes: [{ code: '1', text: 'Never', system: 'http://snomed.info/sct' }] },
    ],
    ['words', { valueString: 'Trace' }, { text: 'Trace' }],
    ['a time', { valueDateTime: '2026-01-01T10:00:00-06:00' }, { text: '2026-01-01T16:00:00.000Z' }],
    ['a range', { valueRange: { low: { value: 1 }, high: { value: 2 } } }, { text: '1-2' }],
    ['a ratio', { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } }, { text: '1:128' }],
    [
      'a comparison',
      { valueQuantity: { value: 5, comparator: '<', unit: 'mg/dL' } },
      { quantity: { value: '5', comparator: '<', unit: 'mg/dL' } },
    ],
    ['yes or no', { valueBoolean: true }, { text: 'Yes' }],
    ['why there is none', { dataAbsentReason: { text: 'Not performed' } }, { text: 'Not performed' }],
    [
      'an unknown value',
      {
        dataAbsentReason: {
          coding: [{ system: `${TERMINOLOGY}/data-absent-reason`, code: 'unknown' }],
          text: 'Unknown',
        },
      },
      {},
    ],
  ])('reads %s', (_what, value, expected) => {
    const { quantity, text, codes } = rowsOf({ ...BARE, ...value })[0] as Observation
    expect(JSON.parse(JSON.stringify({ quantity, text, codes }))).toEqual(expected)
  })
})

describe('an Encounter', () => {
  const visit = statement(saidBy(ENCOUNTER), 'encounter')

  test('is known by its logical id and by its financial number, as PV1-19 types it', () => {
    expect(keysOf(visit)).toEqual([`FHIR:97@${TENANT}`, 'VN:100000@CERNER'])
    const adt = said([
      mshOf('ADT^A04'),
      'PID|1||501^^^CERNER^MRN||DOE^JANE',
      `PV1|1|O${'|'.repeat(17)}100000^^^CERNER^FIN NBR`,
    ])
    const hl7 = statementOf(adt, 'encounter')
    expect(hl7.keys[0]).toMatchObject({ value: '100000', authority: 'CERNER', type: 'VN' })
    expect(visit.fields['external_id']?.value).toBe(hl7.fields['external_id']?.value)
  })

  test('gives class, status, bed, people and times', () => {
    expect(fieldsOf(visit)).toEqual({
      external_id: '100000',
      account_number: '100000',
      status: 'in-progress',
      class: 'IMP',
      location: { facility: 'Model Hospital', unit: 'NU05', room: '102', bed: 'A' },
      attending: { id: '5', authority: 'CERNER', last_name: 'Johnson', first_name: 'Jane' },
      start_time: '2026-02-01T09:00:00.000Z',
      reason: { text: 'Chest pain' },
    })
  })

  test('that was entered in error is not shown as a visit', () => {
    const wrong = statement(saidBy({ ...ENCOUNTER, status: 'entered-in-error' }), 'encounter')
    expect([wrong.effect, fieldsOf(wrong)]).toEqual(['cancel', { status: 'cancelled' }])
  })

  test('that was combined into another has nothing to say', () => {
    const absent = {
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
      ],
    }
    const combined = {
      resourceType: 'Encounter',
      id: '1',
      status: 'unknown',
      subject: absent,
      partOf: { reference: 'Encounter/2' },
    }
    expect(map(combined)).toEqual({
      kind: 'ignored',
      code: 'FHIR_RECORD_COMBINED',
      place: 'Encounter.partOf',
    })
  })
})

describe('a DiagnosticReport', () => {
  const REPORT = {
    resourceType: 'DiagnosticReport',
    id: '196',
    meta: { lastUpdated: '2026-01-06T20:09:17.000+00:00' },
    identifier: [
      { system: 'https://fhir.cerner.com/ceuuid', value: 'CE1' },
      { system: `https://fhir.cerner.com/${TENANT}/acsn`, value: '00000MG1' },
    ],
    basedOn: [{ reference: 'ServiceRequest/29' }],
    status: 'final',
    category: [{ coding: [{ system: `${TERMINOLOGY}/v2-0074`, code: 'LAB' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '58410-2' }], text: 'CBC' },
    subject: { reference: 'Patient/9001' },
    effectiveDateTime: '2026-01-06T19:59:20Z',
    issued: '2026-01-06T20:09:17Z',
    result: [{ reference: 'Observation/L-1' }],
    presentedForm: [
      { contentType: 'application/xml', url: 'Binary/R-196', title: 'CBC' },
      { contentType: 'application/pdf', url: 'Binary/XR-196', title: 'CBC' },
    ],
  }

  test('meets the report of an ORU message by the laboratory’s number', () => {
    const report = statement(saidBy(REPORT), 'report')
    expect(keysOf(report)).toEqual([`FHIR:196@${TENANT}`, 'FILL:00000MG1@CERNER'])
    const oru = said([
      mshOf('ORU^R01'),
      'PID|1||501^^^CERNER^MRN||DOE^JANE',
      'OBR|1||00000MG1^CERNER|58410-2^CBC^LN',
    ])
    expect(report.keys).toContainEqual(statementOf(oru, 'report').keys[0])
    expect(report.fields['external_id']?.value).toBe('00000MG1')
  })

  test('is the header alone: results come by themselves, and one document stands once, as PDF', () => {
    const report = statement(saidBy(REPORT), 'report')
    expect(report.sets['observations']?.rows).toMatchObject([
      { key: 'DiagnosticReport/196#0', attachment: { media_type: 'application/pdf', url: 'Binary/XR-196' } },
    ])
  })
})

describe('a DocumentReference', () => {
  const NOTE = {
    resourceType: 'DocumentReference',
    id: '198',
    meta: { lastUpdated: '2026-01-07T09:43:56Z' },
    status: 'current',
    docStatus: 'final',
    type: {
      coding: [
        site(72, '2820507', 'Admission Note'),
        { system: `${TERMINOLOGY}/v3-NullFlavor`, code: 'UNK' },
      ],
      text: 'Admission Note',
    },
    category: [
      { coding: [{ system: `${TERMINOLOGY}/data-absent-reason`, code: 'unknown' }], text: 'Unknown' },
    ],
    subject: { reference: 'Patient/9001' },
    date: '2026-01-07T09:43:56Z',
    author: [{ reference: 'Practitioner/5', display: 'Johnson, Jane' }],
    content: [
      {
        attachment: { contentType: 'application/pdf', url: 'Binary/XR-198', title: 'Admission', size: 1200 },
      },
    ],
    context: { encounter: [{ reference: 'Encounter/97' }], period: { end: '2026-01-07T09:43:56Z' } },
  }

  test('is a document with the address of its content', () => {
    expect(fieldsOf(statement(saidBy(NOTE), 'document'))).toEqual({
      external_id: '198',
      status: 'current',
      doc_status: 'final',
      type: { code: '2820507', text: 'Admission Note', system: `${CERNER}/72` },
      title: 'Admission',
      author: { id: '5', authority: 'CERNER', last_name: 'Johnson', first_name: 'Jane' },
      created_at: '2026-01-07T09:43:56.000Z',
      period_end: '2026-01-07T09:43:56.000Z',
      media_type: 'application/pdf',
      content_url: 'Binary/XR-198',
      size_bytes: 1200,
      encounter_id: '97',
    })
  })

  test('withdrawn in its document status is withdrawn', () => {
    const wrong = statement(saidBy({ ...NOTE, docStatus: 'entered-in-error' }), 'document')
    expect([wrong.effect, wrong.fields['status']?.value]).toEqual(['cancel', 'entered-in-error'])
  })
})

describe('resources that are rows of their patient', () => {
  const rowOf = (resource: object): KeyedRow => {
    const patient = statement(saidBy(resource), 'patient')
    expect(patient.effect).toBe('mention')
    const [said] = Object.entries(patient.sets).filter(([name]) => name !== 'identifiers')
    expect(said?.[1].mode).toBe('keyed')
    return { ...(said?.[1].rows[0] as KeyedRow), set: said?.[0] } as KeyedRow
  }
  const about = {
    meta: { lastUpdated: '2026-01-01T00:00:00Z' },
    patient: { reference: 'Patient/9001' },
    subject: { reference: 'Patient/9001' },
  }
  const verified = (code: string) => ({ coding: [{ system: `${TERMINOLOGY}/condition-ver-status`, code }] })
  const snomed = (code: string, text: string) => ({
    coding: [site(72, '1', text), { system: 'http://snomed.info/sct', code }],
    text,
  })

  test('an allergy with all its reactions and the worst severity', () => {
    const reaction = [
      { manifestation: [{ text: 'Hives' }], severity: 'mild' },
      { manifestation: [{ text: 'Anaphylaxis' }], severity: 'severe' },
    ]
    expect(
      rowOf({
        ...about,
        resourceType: 'AllergyIntolerance',
        id: '1',
        category: ['medication'],
        clinicalStatus: { coding: [{ system: 'x', code: 'active' }] },
        code: snomed('7', 'Penicillin'),
        reaction,
      }),
    ).toEqual({
      set: 'allergies',
      key: 'AllergyIntolerance/1',
      type: 'DA',
      status: 'active',
      severity: 'SV',
      reaction: 'Hives; Anaphylaxis',
      substance: { code: '7', text: 'Penicillin', system: 'http://snomed.info/sct' },
    })
  })

  test('a problem, which is gone when it was refuted or entered in error', () => {
    const problem = {
      ...about,
      resourceType: 'Condition',
      id: 'p1',
      code: snomed('77', 'Pregnant'),
      onsetDateTime: '2019-06',
    }
    expect(rowOf({ ...problem, verificationStatus: verified('confirmed') })).toEqual({
      set: 'conditions',
      key: 'Condition/p1',
      verification: 'confirmed',
      onset: '2019-06',
      condition: { code: '77', text: 'Pregnant', system: 'http://snomed.info/sct' },
    })
    expect(rowOf({ ...problem, verificationStatus: verified('refuted') }).gone).toBe(true)
    expect(rowOf({ ...problem, verificationStatus: verified('entered-in-error') }).gone).toBe(true)
  })

  test('a drug, named by a contained medication or by words', () => {
    const request = {
      ...about,
      resourceType: 'MedicationRequest',
      id: 'm1',
      status: 'active',
      intent: 'order',
      dosageInstruction: [
        { text: '1 tab' },
        { doseAndRate: [{ doseQuantity: { value: 2, unit: 'mL' } }], route: { text: 'IV' } },
      ],
    }
    const contained = [
      {
        resourceType: 'Medication',
        id: 'med',
        code: {
          coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '99' }],
          text: 'Aspirin',
        },
      },
    ]
    expect(rowOf({ ...request, contained, medicationReference: { reference: '#med' } })).toMatchObject({
      medication: { code: '99', text: 'Aspirin' },
      dosage: '1 tab; 2 mL, IV',
    })
    expect(rowOf({ ...request, medicationReference: { display: 'Aspirin' } })).toMatchObject({
      medication: { text: 'Aspirin' },
    })
  })

  test('a vaccination of which only the year is known', () => {
    expect(
      rowOf({
        ...about,
        resourceType: 'Immunization',
        id: 'i1',
        status: 'completed',
        vaccineCode: snomed('112', 'Tetanus'),
        occurrenceDateTime: '1982',
      }),
    ).toMatchObject({
      set: 'immunizations',
      given: '1982',
      status: 'completed',
    })
  })

  test('a coverage, whose days are those of the practice and not of UTC', () => {
    const klass = (code: string, value: string, name: string) => ({
      type: { coding: [{ system: `${TERMINOLOGY}/coverage-class`, code }] },
      value,
      name,
    })
    const coverage = {
      ...about,
      resourceType: 'Coverage',
      id: 'c1',
      status: 'active',
      beneficiary: { reference: 'Patient/9001' },
      subscriber: { display: 'DOE, JANE' },
      subscriberId: 'A1',
      payor: [{ reference: 'Organization/4', display: 'Blue Cross' }],
      class: [klass('group', 'G1', 'Group'), klass('plan', '28', 'Gold')],
      period: { start: '2015-08-15T03:00:00Z' },
    }
    expect(rowOf(coverage)).toEqual({
      set: 'coverage',
      key: 'Coverage/c1',
      plan: { code: '28', text: 'Gold' },
      payer_id: '4',
      insurance_provider: 'Blue Cross',
      group_number: 'G1',
      group_name: 'Group',
      valid_from: '2015-08-14',
      member_id: 'A1',
      subscriber_name: 'JANE DOE',
    })
    expect(rowOf({ ...coverage, status: 'cancelled' }).gone).toBe(true)
  })
})

test('practitioners, locations and organizations go to the directory', () => {
  const practitioner = {
    resourceType: 'Practitioner',
    id: '5',
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1111111111' }],
    active: true,
    name: [{ use: 'usual', text: 'Johnson, Jane', family: 'Johnson', given: ['Jane'] }],
    telecom: [{ system: 'phone', value: '5555550001', use: 'work' }],
  }
  expect(map(practitioner)).toMatchObject({
    kind: 'directory',
    entry: {
      kind: 'practitioner',
      id: '5',
      name: 'Johnson, Jane',
      active: true,
      detail: { npi: '1111111111', last_name: 'Johnson', first_name: 'Jane', phone: '+15555550001' },
    },
  })
  expect(
    map({
      resourceType: 'Location',
      id: '3',
      status: 'inactive',
      name: 'NU05',
      partOf: { reference: 'Location/2' },
    }),
  ).toMatchObject({
    entry: { kind: 'location', active: false, detail: { part_of: '2' } },
  })
  expect(map({ resourceType: 'Organization', id: '4', name: 'Blue Cross' })).toMatchObject({
    entry: { kind: 'organization', id: '4', name: 'Blue Cross', active: true },
  })
})

test('slots and schedules are read with every coding they can be searched by', () => {
  const serviceType = [{ coding: [site(14249, '11', 'Follow up')], text: 'Follow up' }]
  const slot = {
    resourceType: 'Slot',
    id: '1-2-3-15',
    extension: [
      {
        valueReference: { reference: 'Location/22' },
        url: 'https://fhir-ehr.cerner.com/r4/StructureDefinition/scheduling-location',
      },
    ],
    serviceType,
    schedule: { reference: 'Schedule/1-2-3-0' },
    status: 'free',
    start: '2026-02-01T15:00:00Z',
    end: '2026-02-01T15:15:00.000Z',
  }
  expect(readSlot(slot)).toEqual({
    id: '1-2-3-15',
    start: '2026-02-01T15:00:00.000Z',
    end: '2026-02-01T15:15:00.000Z',
    status: 'free',
    serviceTypes: [{ code: '11', text: 'Follow up', system: `${CERNER}/14249` }],
    scheduleId: '1-2-3-0',
    locationId: '22',
  })
  expect(
    readSchedule({
      resourceType: 'Schedule',
      id: '1-2-3-0',
      serviceType,
      actor: [{ reference: 'Practitioner/5', display: 'Johnson, Jane' }],
    }),
  ).toMatchObject({
    active: true,
    practitionerIds: ['5'],
    locationIds: [],
    actors: ['Johnson, Jane'],
  })
})

test('types that are not read are ignored by name', () => {
  expect(map({ resourceType: 'Procedure', id: '1' })).toEqual({
    kind: 'ignored',
    code: 'FHIR_TYPE_NOT_SUPPORTED',
    place: 'Procedure',
  })
  expect(map({ resourceType: 'toString', id: '1' })).toMatchObject({ kind: 'ignored' })
})

test('what is no resource fails by place, and quotes nothing of it', () => {
  expect(failure('{"resourceType":"Patient","name":[{"family":"DOE"')).toMatchObject({
    code: 'FHIR_RESOURCE_INVALID',
  })
  expect(failure('[]').code).toBe('FHIR_RESOURCE_INVALID')
  expect(failure('{"resourceType":"Patient"}')).toEqual({
    code: 'FHIR_RESOURCE_INVALID',
    at: { place: 'Patient.id', expected: 'an id' },
  })
})

const SAMPLES: readonly object[] = [PATIENT, APPOINTMENT, HEIGHT, BLOOD_PRESSURE, ENCOUNTER]

/** The resource with values of any kind put in the place of some of its parts. */
function mutated(value: unknown, swap: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return swap(value.map((one: unknown) => mutated(one, swap)))
  if (typeof value !== 'object' || value === null) return swap(value)
  return swap(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, mutated(part, swap)])))
}

test('reading never fails but with an error of the table, whatever stands in the resource', () => {
  const resources = fc.constantFrom(...SAMPLES)
  const parts = fc.array(fc.oneof(fc.jsonValue(), fc.constantFrom(null, '', [], {}, [null], [[]], 'x', -1)), {
    minLength: 1,
    maxLength: 8,
  })
  const versions = fc.constantFrom('R4' as const, 'DSTU2' as const)
  fc.assert(
    fc.property(
      resources,
      parts,
      fc.infiniteStream(fc.nat({ max: 30 })),
      versions,
      (resource, swaps, dice, version) => {
        const swap = (part: unknown): unknown => {
          const roll = dice.next().value as number
          return roll < 2 ? swaps[(dice.next().value as number) % swaps.length] : part
        }
        const { resourceType } = resource as { resourceType: string }
        const text = JSON.stringify({ ...(mutated(resource, swap) as object), resourceType })
        try {
          mapFhir(text, fhirSettings({ version }), READ_AT)
        } catch (error) {
          if (!(error instanceof IntegrationError)) throw error
        }
      },
    ),
    { numRuns: 1500 },
  )
})
