import fc from 'fast-check'
import { applyPatch } from 'rfc6902'
import type { Operation } from 'rfc6902'
import { describe, expect, test } from 'vitest'
import { IntegrationError } from '../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { emptyDocument, rowsOf } from '../model/document.ts'
import type { RecordDocument } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import { parseExact } from '../standards/fhir/json.ts'
import { reconcile } from '../sync/reconcile.ts'
import {
  APPOINTMENT,
  BLOOD_PRESSURE,
  ENCOUNTER,
  fhirSettings,
  fieldsOf,
  HEIGHT,
  PATIENT,
  READ_AT,
  saidBy,
  statement,
  TENANT,
  TERMINOLOGY,
} from './fhir/resources.setup.ts'
import { mapFhir } from './map-fhir.ts'
import type { FhirResource } from './map-fhir.ts'
import { instants } from './codecs/codecs.arbitraries.ts'
import { language } from './codesets/language.ts'
import { maritalStatus } from './codesets/marital-status.ts'
import { race } from './codesets/race.ts'
import { said } from './messages.setup.ts'
import { documentToFhir, observationToFhir, patientPatch, patientToFhir, VITAL_SIGNS } from './write-fhir.ts'
import * as writers from './write-fhir.ts'

const settings = fhirSettings()
const source = { exchangeId: 'x' as ExchangeId, connectionId: 'c' as ConnectionId, asOfMs: 1 }

/** The record that a resource makes. */
function stored(resource: object, record: RecordType): RecordDocument {
  return reconcile(emptyDocument(), statement(saidBy(resource), record), source).document
}

const holding = (fields: Readonly<Record<string, unknown>>): RecordDocument =>
  reconcile(
    emptyDocument(),
    {
      record: 'patient',
      keys: [],
      sets: {},
      effect: 'upsert',
      fields: Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, { value, place: 'x' }]),
      ),
    },
    source,
  ).document

const context = { id: '0197-a', patientId: '0197-p', lastUpdated: READ_AT, version: 3 }

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof IntegrationError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

// "Creating an Observation" of the integration guide, as it stands there.
const GUIDE_OBSERVATION = `{
  "resourceType": "Observation",
  "status": "final",
  "category": [
    {
      "coding": [
        {
          "system": "http://terminology.hl7.org/CodeSystem/observation-category",
          "code": "vital-signs",
          "display": "Vital Signs"
        }
      ]
    }
  ],
  "code": {
    "coding": [
      {
        "system": "http://loinc.org",
        "code": "8302-2",
        "display": "Body height"
      }
    ],
    "text": "Body height"
  },
  "subject": {
    "reference": "Patient/12345"
  },
  "effectiveDateTime": "2023-03-20T09:30:00Z",
  "valueQuantity": {
    "value": 180.0,
    "unit": "cm",
    "system": "http://unitsofmeasure.org",
    "code": "cm"
  }
}`

describe('a vital sign for Cerner', () => {
  const height = {
    sign: 'height',
    value: '180.0',
    patient: '12345',
    effectiveAt: '2023-03-20T09:30:00.000Z',
  } as const

  test('is the Observation of the guide, byte for byte', () => {
    expect(JSON.stringify(observationToFhir(height), null, 2)).toBe(GUIDE_OBSERVATION)
  })

  test('names who answers for it, in the role Cerner asks for', () => {
    expect(observationToFhir({ ...height, performer: '5', encounter: '97' })).toMatchObject({
      encounter: { reference: 'Encounter/97' },
      performer: [
        {
          reference: 'Practitioner/5',
          extension: [{ valueCodeableConcept: { coding: [{ code: 'LA' }] } }],
        },
      ],
    })
  })

  test('of blood pressure has two components and no value of its own', () => {
    const { sign: _sign, value: _value, ...taken } = height
    const pressure = observationToFhir({ ...taken, sign: 'blood_pressure', systolic: '120', diastolic: '80' })
    expect(pressure).not.toHaveProperty('valueQuantity')
    expect(JSON.parse(JSON.stringify(pressure['component']))).toMatchObject([
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 120, code: 'mm[Hg]' } },
      { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 80, code: 'mm[Hg]' } },
    ])
    const upsideDown = () =>
      observationToFhir({ ...taken, sign: 'blood_pressure', systolic: '80', diastolic: '120' })
    expect(codeOf(upsideDown)).toBe('VITAL_SIGN_NOT_PLAUSIBLE')
  })

  test.each(['18', '1800', 'tall', '', '0x20', '180,0', '1e2'])('of %s cm is not sent', (value) => {
    const code = codeOf(() => observationToFhir({ ...height, value }))
    // 1e2 is the number 100 written another way, and JSON takes it.
    expect(code).toBe(value === '1e2' ? 'nothing was thrown' : 'VITAL_SIGN_NOT_PLAUSIBLE')
  })

  test('reads back with the digits that were entered', () => {
    const signs = fc.constantFrom(...(Object.keys(VITAL_SIGNS) as (keyof typeof VITAL_SIGNS)[]))
    const taken = signs.chain((sign) => {
      const { low, high } = VITAL_SIGNS[sign]
      const value = fc
        .integer({ min: Math.ceil(low * 10), max: high * 10 })
        .map((tenths) => (tenths / 10).toFixed(1))
      return fc.record({
        sign: fc.constant(sign),
        value,
        effectiveAt: instants,
        patient: fc.constant('9001'),
      })
    })
    fc.assert(
      fc.property(taken, (vital) => {
        const text = JSON.stringify({ ...observationToFhir(vital), id: '1' })
        const mapped = mapFhir(text, settings, READ_AT)
        if (mapped.kind !== 'mapped') throw new Error('not mapped')
        const report = statement(mapped.message, 'report')
        const { unit } = VITAL_SIGNS[vital.sign]
        expect(report.sets['observations']?.rows).toMatchObject([
          { quantity: { value: vital.value, unit }, effective_at: vital.effectiveAt },
        ])
        expect(fieldsOf(report)).toMatchObject({ category: 'vital-signs', status: 'final' })
      }),
    )
  })
})

const MADE = {
  last_name: 'DOE',
  first_name: 'JOHN',
  middle_name: 'Q R',
  date_of_birth: '1980-05-15',
  gender: 'M',
  phone_home: '+15555551234;ext=9',
  phone_mobile: '+442071838750',
  email: 'john@example.org',
  'address.line1': '12 Main St',
  'address.city': 'Springfield',
  'address.postal_code': '62701',
  race: '2106-3',
  ethnicity: '2186-5',
  preferred_language: 'en',
  marital_status: 'M',
} as const

describe('a patient made at Cerner', () => {
  const body = patientToFhir(holding({ ...MADE, ssn: '123-45-6789' }), settings, { assigner: '675844' })

  test('says where to enrol first, alone, and sends no number of ours but the SSN', () => {
    expect(body['identifier']).toEqual([
      { assigner: { reference: 'Organization/675844' } },
      {
        type: { coding: [{ system: `${TERMINOLOGY}/v2-0203`, code: 'SS' }] },
        system: 'http://hl7.org/fhir/sid/us-ssn',
        value: '123456789',
      },
    ])
  })

  test('has the parts that Cerner requires of names, telecom and addresses', () => {
    expect(body['name']).toEqual([{ use: 'official', family: 'DOE', given: ['JOHN', 'Q R'] }])
    expect(body['telecom']).toMatchObject([
      { system: 'phone', use: 'home', value: '5555551234' },
      { system: 'phone', use: 'mobile', value: '+442071838750' },
      { system: 'email', use: 'home', value: 'john@example.org' },
    ])
    expect(body['address']).toEqual([
      { use: 'home', line: ['12 Main St'], city: 'Springfield', postalCode: '62701' },
    ])
  })

  test('reads back as it was', () => {
    expect(fieldsOf(statement(saidBy({ ...body, id: '1' }), 'patient'))).toMatchObject(MADE)
  })

  test('needs a whole name', () => {
    const nameless = () => patientToFhir(holding({ last_name: 'DOE' }), settings, { assigner: '1' })
    expect(codeOf(nameless)).toBe('FHIR_RULE_BROKEN')
  })
})

describe('a patch of a patient', () => {
  const current = { ...PATIENT, name: [{ ...PATIENT.name[1], suffix: ['SR'] }] } as unknown as FhirResource

  /** Cerner's side: the tests must hold, and the result is read again. */
  function applied(changes: Readonly<Record<string, unknown>>, to: FhirResource = current) {
    const { operations, unsupported } = patientPatch(to, changes, settings)
    const copy = structuredClone(to) as object
    const failures = applyPatch(copy, structuredClone(operations) as Operation[]).filter(
      (one) => one !== null,
    )
    expect(failures).toEqual([])
    return { fields: fieldsOf(statement(saidBy(copy), 'patient')), unsupported, operations }
  }

  test.each<[string, unknown]>([
    ['last_name', 'ROE'],
    ['first_name', 'JANET'],
    ['middle_name', 'X'],
    ['name_suffix', 'JR'],
    ['date_of_birth', '1991-02-28'],
    ['gender', 'O'],
    ['marital_status', 'D'],
    ['preferred_language', 'es'],
    ['phone_home', '+15555550199'],
    ['phone_mobile', '+15555550177'],
    ['phone_work', '+15555550188;ext=4'],
    ['email', 'new@example.org'],
    ['address.line1', '14 Main St'],
    ['address.city', 'Chicago'],
    ['address.postal_code', '60601'],
    ['race', '2028-9'],
    ['ethnicity', '2135-2'],
  ])('brings %s to Cerner', (field, value) => {
    const before = fieldsOf(statement(saidBy(current), 'patient'))
    const { fields, unsupported } = applied({ [field]: value })
    expect(unsupported).toEqual(field === 'email' ? ['email'] : [])
    if (field !== 'email') expect(fields).toEqual({ ...before, [field]: value })
  })

  test('tests the id of each element it touches, by the place the element has', () => {
    const { operations } = patientPatch(
      current,
      { phone_home: '+15555550199', 'address.city': 'Chicago' },
      settings,
    )
    expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'test /telecom/1/id',
      'replace /telecom/1/value',
      'replace /telecom/1/extension',
      'test /address/1/id',
      'replace /address/1/city',
    ])
  })

  test('removes a number that was cleared', () => {
    const { fields } = applied({ phone_home: null })
    // The number of the next rank is the home number now.
    expect(fields['phone_home']).toBe('+15555550100')
  })

  test('writes an element anew where a part of it is missing, since nothing can be replaced that is not there', () => {
    const bare = { ...PATIENT.address[1], line: undefined }
    const to = JSON.parse(JSON.stringify({ ...current, address: [bare] })) as FhirResource
    const { fields, operations } = applied({ 'address.line1': '14 Main St' }, to)
    expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
      'test /address/0/id',
      'remove /address/0',
      'add /address/-',
    ])
    expect(fields).toMatchObject({ 'address.line1': '14 Main St', 'address.city': 'Springfield' })
  })

  test('adds what is not there yet', () => {
    const { operations } = applied({ phone_work: '+15555550188' })
    expect(operations).toEqual([
      { op: 'add', path: '/telecom/-', value: { system: 'phone', value: '5555550188', use: 'work' } },
    ])
  })

  test('names another provider of the same Cerner, and nobody else', () => {
    const { fields } = applied({ primary_provider: { id: '8', authority: 'CERNER' } })
    expect(fields['primary_provider']).toEqual({ id: '8', authority: 'CERNER' })
    expect(applied({ primary_provider: { id: '8', authority: 'NPI' } }).unsupported).toEqual([
      'primary_provider',
    ])
  })

  test('returns what Cerner cannot take', () => {
    const changes = {
      deceased: true,
      ssn: '1',
      'address.city': null,
      date_of_birth: '1990',
      last_name: null,
      gender: null,
    }
    const { operations, unsupported } = patientPatch(current, changes, settings)
    expect(operations).toEqual([])
    expect([...unsupported].sort()).toEqual(Object.keys(changes).sort())
  })

  test('leaves a name alone that is not the first one', () => {
    const { unsupported } = patientPatch(PATIENT, { last_name: 'ROE' }, settings)
    expect(unsupported).toEqual(['last_name'])
  })

  test('makes no operation for a number that is there already', () => {
    const same = patientPatch(current, { phone_home: '+15555550101;ext=22' }, settings)
    expect(same.operations.some(({ path }) => path.endsWith('/value'))).toBe(false)
  })
})

describe('a document for Cerner', () => {
  const note = {
    patient: '1',
    author: '2',
    encounter: '3',
    type: { loinc: '34133-9' },
    title: 'x',
    mediaType: 'text/plain',
    dataBase64: 'YQ==',
    periodEnd: '2026-01-01T01:00:00.000Z',
  }

  test('has the shape Cerner takes, with the character set of text', () => {
    expect(documentToFhir(note, settings)).toEqual({
      resourceType: 'DocumentReference',
      status: 'current',
      docStatus: 'final',
      type: { coding: [{ system: 'http://loinc.org', code: '34133-9' }] },
      subject: { reference: 'Patient/1' },
      author: [{ reference: 'Practitioner/2' }],
      content: [{ attachment: { contentType: 'text/plain;charset=utf-8', data: 'YQ==', title: 'x' } }],
      context: { encounter: [{ reference: 'Encounter/3' }], period: { end: '2026-01-01T01:00:00Z' } },
    })
  })

  test('of a site’s own type is of its code set 72', () => {
    expect(documentToFhir({ ...note, type: { event: '28' } }, settings)['type']).toEqual({
      coding: [{ system: `https://fhir.cerner.com/${TENANT}/codeSet/72`, code: '28' }],
    })
  })

  test('of a kind Cerner does not take, or not in base64, is not sent', () => {
    expect(codeOf(() => documentToFhir({ ...note, mediaType: 'image/png' }, settings))).toBe(
      'DOCUMENT_NOT_TAKEN',
    )
    expect(codeOf(() => documentToFhir({ ...note, dataBase64: 'ä' }, settings))).toBe('DOCUMENT_NOT_TAKEN')
  })
})

describe('US Core resources of our own records', () => {
  test('a patient reads back with every field that a reader may see', () => {
    const before = statement(saidBy(PATIENT), 'patient')
    const patient = writers.toUsCorePatient(stored(PATIENT, 'patient'), context)
    expect(patient).toMatchObject({ id: '0197-a', meta: { versionId: '3', lastUpdated: READ_AT } })
    expect(JSON.stringify(patient)).not.toContain('123456789')
    const after = fieldsOf(statement(saidBy(patient), 'patient'))
    const { ssn: _ssn, external_id: _number, primary_provider: _provider, ...seen } = fieldsOf(before)
    expect(after).toMatchObject(seen)
  })

  test('any patient reads back', () => {
    const patients = fc.record(
      {
        last_name: fc.constantFrom('DOE', "O'BRIEN", 'VAN DER BERG', 'Müller'),
        first_name: fc.constantFrom('JOHN', 'Ann-Marie'),
        gender: fc.constantFrom('M', 'F', 'O', 'U'),
        date_of_birth: fc.constantFrom('1980', '1980-05', '1980-05-15'),
        race: fc.constantFrom(...race.rows.map(([code]) => code)),
        marital_status: fc.constantFrom(...maritalStatus.rows.map(([code]) => code)),
        preferred_language: fc.constantFrom(...language.rows.map(([code]) => code)),
        phone_mobile: fc.constantFrom('+15555551234', '+15555551234;ext=7', '+442071838750'),
        deceased: fc.boolean(),
        active: fc.boolean(),
      },
      { requiredKeys: ['last_name', 'first_name'] },
    )
    fc.assert(
      fc.property(patients, (fields) => {
        const message = saidBy(writers.toUsCorePatient(holding(fields), context))
        expect(fieldsOf(statement(message, 'patient'))).toMatchObject(fields)
        expect(message.warnings).toEqual([])
      }),
    )
  })

  test('an appointment, a visit', () => {
    const appointment = writers.toUsCoreAppointment(stored(APPOINTMENT, 'appointment'), context)
    expect(appointment).toMatchObject({
      status: 'booked',
      start: '2026-03-08T20:00:00Z',
      comment: 'Bring films',
    })
    const again = fieldsOf(statement(saidBy(appointment), 'appointment'))
    expect(again).toMatchObject({
      reason: 'Back pain',
      appointment_type: '11',
    })
    const visit = writers.toUsCoreEncounter(stored(ENCOUNTER, 'encounter'), context)
    expect(fieldsOf(statement(saidBy(visit), 'encounter'))).toMatchObject({
      class: 'IMP',
      status: 'in-progress',
      location: { facility: 'Model Hospital', unit: 'NU05', room: '102', bed: 'A' },
      attending: { last_name: 'Johnson', first_name: 'Jane' },
    })
  })

  test('a vital sign is one Observation with its UCUM code and its digits', () => {
    const exact = parseExact(JSON.stringify(HEIGHT).replace('180.5', '180.0')) as object
    const [height, ...others] = writers.toUsCoreObservation(stored(exact, 'report'), context)
    expect(others).toEqual([])
    expect(JSON.stringify(height)).toContain(
      '"valueQuantity":{"value":180.0,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}',
    )
  })

  test('a blood pressure is one Observation with two components', () => {
    const [pressure, ...others] = writers.toUsCoreObservation(stored(BLOOD_PRESSURE, 'report'), context)
    expect(others).toEqual([])
    expect(pressure?.id).toBe('0197-a')
    const components = JSON.parse(JSON.stringify(pressure?.['component'])) as unknown
    expect(components).toMatchObject([
      { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: 120, code: 'mm[Hg]' } },
      { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: 80 } },
    ])
    expect(pressure).not.toHaveProperty('dataAbsentReason')
  })

  test('a report of HL7 refers to an Observation for each of its lines', () => {
    const oru = said([
      'MSH|^~\\&|LAB|H|S|C|20260310120000-0500||ORU^R01|1|P|2.5.1',
      'PID|1||501^^^CERNER^MRN||DOE^JANE',
      'OBR|1||F1^CERNER|58410-2^CBC^LN|||20260310||||||||||||||||||F',
      'OBX|1|NM|718-7^Hemoglobin^LN||.5|g/dL|12-16|L|||F',
      'OBX|2|ST|9999^Comment^L||see note||||||F',
    ])
    const report = oru.statements.find(({ record }) => record === 'report')
    if (!report) throw new Error('no report')
    const { document } = reconcile(emptyDocument(), report, source)
    const observations = writers.toUsCoreObservation(document, context)
    expect(JSON.parse(JSON.stringify(observations))).toMatchObject([
      {
        status: 'final',
        category: [{ coding: [{ code: 'laboratory' }] }],
        code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
        valueQuantity: { value: 0.5, unit: 'g/dL', code: 'g/dL' },
        interpretation: [{ coding: [{ code: 'L' }] }],
        referenceRange: [{ text: '12-16' }],
      },
      { code: { coding: [{ code: '9999', display: 'Comment' }] }, valueString: 'see note' },
    ])
    const ids = observations.map(({ id }) => `Observation/${id ?? ''}`)
    expect(new Set(ids).size).toBe(2)
    const result = writers.toUsCoreDiagnosticReport(document, context)['result']
    expect(result).toEqual(ids.map((reference) => ({ reference })))
  })

  const about = {
    subject: { reference: 'Patient/1' },
    patient: { reference: 'Patient/1' },
    beneficiary: { reference: 'Patient/1' },
  }
  const concept = (system: string, code: string, text: string) => ({
    coding: [{ system, code, display: text }],
    text,
  })
  test.each<[string, keyof typeof writers, string, object]>([
    [
      'AllergyIntolerance',
      'toUsCoreAllergyIntolerance',
      'allergies',
      {
        clinicalStatus: concept(`${TERMINOLOGY}/allergyintolerance-clinical`, 'active', 'active'),
        category: ['food'],
        code: concept('http://snomed.info/sct', '1', 'Egg'),
        reaction: [{ manifestation: [{ text: 'Hives' }], severity: 'severe' }],
        onsetDateTime: '2019',
      },
    ],
    [
      'Condition',
      'toUsCoreCondition',
      'conditions',
      {
        clinicalStatus: concept(`${TERMINOLOGY}/condition-clinical`, 'resolved', 'Resolved'),
        verificationStatus: concept(`${TERMINOLOGY}/condition-ver-status`, 'confirmed', 'Confirmed'),
        category: [concept(`${TERMINOLOGY}/condition-category`, 'problem-list-item', 'Problem')],
        code: concept('http://snomed.info/sct', '7', 'Pregnant'),
        onsetDateTime: '2019-06',
        abatementDateTime: '2020-01-01',
        recordedDate: '2019-07-01T10:00:00Z',
        severity: { text: 'Mild' },
      },
    ],
    [
      'MedicationRequest',
      'toUsCoreMedicationRequest',
      'medications',
      {
        status: 'active',
        intent: 'order',
        medicationCodeableConcept: concept('http://www.nlm.nih.gov/research/umls/rxnorm', '9', 'Aspirin'),
        requester: { display: 'Johnson, Jane' },
        authoredOn: '2020-01-01',
        dosageInstruction: [{ text: '1 tab' }],
        reportedBoolean: false,
      },
    ],
    [
      'Immunization',
      'toUsCoreImmunization',
      'immunizations',
      {
        status: 'completed',
        vaccineCode: concept('http://hl7.org/fhir/sid/cvx', '112', 'Tetanus'),
        occurrenceDateTime: '1982',
        lotNumber: 'L1',
        manufacturer: { display: 'Maker' },
        site: { text: 'Arm' },
        performer: [{ actor: { display: 'Nurse, Nora' } }],
      },
    ],
    [
      'Coverage',
      'toUsCoreCoverage',
      'coverage',
      {
        status: 'active',
        subscriber: { display: 'JANE' },
        subscriberId: 'A1',
        payor: [{ display: 'Blue Cross', identifier: { value: 'P1' } }],
        relationship: concept(`${TERMINOLOGY}/subscriber-relationship`, 'self', 'Self'),
        period: { start: '2020-01-01' },
        class: [
          { type: concept(`${TERMINOLOGY}/coverage-class`, 'plan', 'Plan'), value: '28', name: 'Gold' },
        ],
        order: 1,
      },
    ],
  ])('a row of %s reads back', (resourceType, writer, set, members) => {
    const resource = { resourceType, id: '1', ...about, ...members }
    const document = stored(resource, 'patient')
    const write = writers[writer] as (document: RecordDocument, of: typeof context) => FhirResource[]
    const [written] = write(document, context)
    expect(written?.id).toMatch(/^0197-p-[0-9a-f]{16}$/)
    const [before] = rowsOf<Record<string, unknown>>(document, set)
    const [after] = rowsOf<Record<string, unknown>>(stored(written as object, 'patient'), set)
    const { key: _key, as_of: _asOf, ...said } = before ?? {}
    expect(after).toMatchObject(said)
    expect(write(document, context)[0]?.id).toBe(written?.id)
  })
})
