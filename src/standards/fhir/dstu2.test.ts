import { describe, expect, test } from 'vitest'
import { fromDstu2 } from './dstu2.ts'
import { parseResource, writeResource } from './json.ts'

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
const convert = (resource: object) => fromDstu2(resource as { resourceType: string })

describe('DSTU 2 in the shape of R4', () => {
  test('a patient: names in parts, care provider, argonaut extensions, moved systems, replaced link', () => {
    const patient = convert({
      resourceType: 'Patient',
      id: '1',
      extension: [
        {
          url: 'http://fhir.org/guides/argonaut/StructureDefinition/argo-race',
          extension: [
            { url: 'ombCategory', valueCoding: { system: 'http://hl7.org/fhir/v3/Race', code: '2106-3' } },
          ],
        },
      ],
      identifier: [{ type: { coding: [{ system: 'http://hl7.org/fhir/v2/0203', code: 'MR' }] }, value: '5' }],
      name: [{ use: 'official', family: ['VAN DER', 'BERG'], given: ['JO'] }],
      contact: [{ name: { family: ['DOE'] } }],
      careProvider: [{ reference: 'Practitioner/5' }],
      maritalStatus: { coding: [{ system: 'http://hl7.org/fhir/v3/MaritalStatus', code: 'M' }] },
      link: [{ other: { reference: 'Patient/2' }, type: 'replace' }],
    })
    expect(patient).toMatchObject({
      extension: [
        {
          url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
          extension: [{ valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238' } }],
        },
      ],
      identifier: [{ type: { coding: [{ system: `${TERMINOLOGY}/v2-0203` }] } }],
      name: [{ family: 'VAN DER BERG', given: ['JO'] }],
      contact: [{ name: { family: 'DOE' } }],
      generalPractitioner: [{ reference: 'Practitioner/5' }],
      maritalStatus: { coding: [{ system: `${TERMINOLOGY}/v3-MaritalStatus` }] },
      link: [{ type: 'replaced-by' }],
    })
    expect(patient).not.toHaveProperty('careProvider')
  })

  test('an appointment: type and reason become lists', () => {
    expect(
      convert({ resourceType: 'Appointment', id: '1', type: { text: 'PT' }, reason: { text: 'ACL' } }),
    ).toEqual({
      resourceType: 'Appointment',
      id: '1',
      serviceType: [{ text: 'PT' }],
      reasonCode: [{ text: 'ACL' }],
    })
  })

  test('a slot and a schedule', () => {
    expect(convert({ resourceType: 'Slot', type: { text: 'PT' }, freeBusyType: 'busy' })).toEqual({
      resourceType: 'Slot',
      serviceType: [{ text: 'PT' }],
      status: 'busy',
    })
    expect(convert({ resourceType: 'Schedule', actor: { display: 'A' } })).toMatchObject({
      actor: [{ display: 'A' }],
    })
  })

  test('an encounter: the word of its class becomes a code', () => {
    const encounter = convert({
      resourceType: 'Encounter',
      class: 'inpatient',
      patient: { reference: 'Patient/1' },
      reason: [{ text: 'x' }],
    })
    expect(encounter).toEqual({
      resourceType: 'Encounter',
      class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'IMP' },
      subject: { reference: 'Patient/1' },
      reasonCode: [{ text: 'x' }],
    })
  })

  test('an observation: category, comments and members', () => {
    expect(
      convert({
        resourceType: 'Observation',
        category: { text: 'Vital Signs' },
        comments: 'calm',
        related: [
          { type: 'has-member', target: { reference: 'Observation/2' } },
          { type: 'derived-from', target: {} },
        ],
      }),
    ).toEqual({
      resourceType: 'Observation',
      category: [{ text: 'Vital Signs' }],
      note: [{ text: 'calm' }],
      hasMember: [{ reference: 'Observation/2' }],
    })
  })

  test.each([
    ['active', 'active', 'confirmed'],
    ['unconfirmed', 'active', 'unconfirmed'],
    ['resolved', 'resolved', 'confirmed'],
  ])('an allergy that is %s is clinically %s and %s', (status, clinical, verification) => {
    expect(
      convert({
        resourceType: 'AllergyIntolerance',
        status,
        substance: { text: 'Egg' },
        criticality: 'CRITH',
      }),
    ).toMatchObject({
      code: { text: 'Egg' },
      criticality: 'high',
      clinicalStatus: { coding: [{ code: clinical }] },
      verificationStatus: { coding: [{ code: verification }] },
    })
  })

  test('an allergy that was entered in error has no clinical status', () => {
    const wrong = convert({ resourceType: 'AllergyIntolerance', status: 'entered-in-error' })
    expect(wrong).toMatchObject({ verificationStatus: { coding: [{ code: 'entered-in-error' }] } })
    expect(wrong).not.toHaveProperty('clinicalStatus')
    expect(wrong).not.toHaveProperty('status')
  })

  test('a condition, a drug order, a statement, a vaccination that was not given, a document', () => {
    expect(
      convert({
        resourceType: 'Condition',
        patient: {},
        category: { coding: [{ code: 'problem' }] },
        clinicalStatus: 'active',
        dateRecorded: '2020-01-01',
      }),
    ).toMatchObject({
      category: [{ coding: [{ code: 'problem-list-item' }] }],
      clinicalStatus: { coding: [{ code: 'active' }] },
      recordedDate: '2020-01-01',
    })
    expect(
      convert({ resourceType: 'MedicationOrder', dateWritten: '2020', prescriber: { display: 'A' } }),
    ).toEqual({
      resourceType: 'MedicationRequest',
      intent: 'order',
      authoredOn: '2020',
      requester: { display: 'A' },
    })
    expect(convert({ resourceType: 'MedicationStatement', status: 'active' })).toMatchObject({
      resourceType: 'MedicationRequest',
      reportedBoolean: true,
    })
    expect(
      convert({
        resourceType: 'Immunization',
        status: 'completed',
        wasNotGiven: true,
        date: '2020',
        performer: { reference: 'Practitioner/1' },
      }),
    ).toMatchObject({
      status: 'not-done',
      occurrenceDateTime: '2020',
      performer: [{ actor: { reference: 'Practitioner/1' } }],
    })
    expect(
      convert({
        resourceType: 'DocumentReference',
        docStatus: { coding: [{ code: 'final' }] },
        created: '2020',
        context: { encounter: { reference: 'Encounter/1' } },
      }),
    ).toMatchObject({
      docStatus: 'final',
      date: '2020',
      context: { encounter: [{ reference: 'Encounter/1' }] },
    })
  })

  test('R4 comes back as it is, decimals digit by digit', () => {
    const text = '{"resourceType":"Observation","category":[{"text":"x"}],"valueQuantity":{"value":180.0}}'
    expect(writeResource(fromDstu2(parseResource(text)))).toBe(text)
  })

  test('the resource that was handed in is not changed', () => {
    const given = { resourceType: 'Patient', name: [{ family: ['A'] }], careProvider: [] }
    const before = structuredClone(given)
    fromDstu2(given)
    expect(given).toEqual(before)
  })
})
