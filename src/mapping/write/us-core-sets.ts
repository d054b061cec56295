import { rowsOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { Allergy, Condition, Coverage, Immunization, Medication } from '../../model/values.ts'
import { FHIR_ALLERGY_TYPE, FHIR_SEVERITY } from '../codecs/allergy.ts'
import { subscriberRelationship } from '../codesets/subscriber-relationship.ts'
import type { FhirResource } from '../fhir/json.ts'
import {
  compacted,
  conceptFrom,
  conceptOf,
  conceptOfCoded,
  one,
  personReference,
  TERMINOLOGY,
  textConcept,
} from './parts.ts'
import type { Json } from './parts.ts'
import { idOfRow } from './row-id.ts'
import { dateTimeOf, patientReference, resourceOf } from './us-core.ts'
import type { UsCoreContext } from './us-core.ts'

/** Rows of a patient's sets as resources of their own. A row without a key is named by what it says. */

type Row = { key?: string; as_of?: string }

function resources<T extends Row>(
  document: RecordDocument,
  set: string,
  write: (row: T, context: UsCoreContext) => FhirResource,
  context: UsCoreContext,
): FhirResource[] {
  return rowsOf<T>(document, set).map((row) => {
    const id = idOfRow(context.patientId, row.key ?? `${set}|${JSON.stringify(row)}`)
    return write(row, { ...context, id, ...(row.as_of === undefined ? {} : { lastUpdated: row.as_of }) })
  })
}

const coded = (name: string, code: string | undefined): Json | undefined =>
  code === undefined ? undefined : conceptOf(`${TERMINOLOGY}/${name}`, code)

const unknown = (): Json => conceptOf(`${TERMINOLOGY}/v3-NullFlavor`, 'UNK', 'unknown')

export const toUsCoreCoverage = (document: RecordDocument, context: UsCoreContext): FhirResource[] =>
  resources<Coverage>(document, 'coverage', coverage, context)

function coverage(row: Coverage, context: UsCoreContext): FhirResource {
  const plan = { type: conceptOf(`${TERMINOLOGY}/coverage-class`, 'plan', 'Plan') }
  const group = { type: conceptOf(`${TERMINOLOGY}/coverage-class`, 'group', 'Group') }
  const planCode = row.plan?.code ?? row.plan?.text
  return resourceOf('Coverage', context, 'us-core-coverage', {
    identifier: one(
      row.member_id && {
        type: conceptOf(`${TERMINOLOGY}/v2-0203`, 'MB', 'Member number'),
        value: row.member_id,
      },
    ),
    status: 'active',
    type: textConcept(row.plan_type),
    subscriber: one(row.subscriber_name && { display: row.subscriber_name })[0],
    subscriberId: row.member_id,
    beneficiary: patientReference(context),
    relationship:
      conceptFrom(
        subscriberRelationship,
        `${TERMINOLOGY}/subscriber-relationship`,
        row.subscriber_relationship,
      ) ?? conceptOf(`${TERMINOLOGY}/subscriber-relationship`, 'other', 'Other'),
    period: compacted({ start: row.valid_from, end: row.valid_to }),
    payor: [
      compacted({
        identifier: row.payer_id && { value: row.payer_id },
        display: row.insurance_provider ?? row.payer_id ?? 'Unknown',
      }),
    ],
    class: [
      ...one(planCode && compacted({ ...plan, value: planCode, name: row.plan?.text })),
      ...one(row.group_number && compacted({ ...group, value: row.group_number, name: row.group_name })),
    ],
    order: row.order,
  })
}

export const toUsCoreAllergyIntolerance = (
  document: RecordDocument,
  context: UsCoreContext,
): FhirResource[] => resources<Allergy>(document, 'allergies', allergy, context)

function allergy(row: Allergy, context: UsCoreContext): FhirResource {
  const manifestations = (row.reaction ?? '')
    .split('; ')
    .filter(Boolean)
    .map((text) => ({ text }))
  const severity = FHIR_SEVERITY.get(row.severity ?? '')
  return resourceOf('AllergyIntolerance', context, 'us-core-allergyintolerance', {
    clinicalStatus: coded('allergyintolerance-clinical', row.status ?? 'active'),
    verificationStatus: coded('allergyintolerance-verification', 'confirmed'),
    category: one(FHIR_ALLERGY_TYPE.get(row.type ?? '')),
    code: conceptOfCoded(row.substance) ?? unknown(),
    patient: patientReference(context),
    onsetDateTime: row.onset,
    // A reaction must say what it showed; severity alone is written with words that say so.
    reaction:
      manifestations.length === 0 && severity === undefined
        ? []
        : [compacted({ manifestation: manifestations.length > 0 ? manifestations : [unknown()], severity })],
  })
}

export const toUsCoreCondition = (document: RecordDocument, context: UsCoreContext): FhirResource[] =>
  resources<Condition>(document, 'conditions', condition, context)

function condition(row: Condition, context: UsCoreContext): FhirResource {
  const category = row.category ?? 'problem-list-item'
  const isDiagnosis = category === 'encounter-diagnosis'
  const system =
    category === 'health-concern'
      ? 'http://hl7.org/fhir/us/core/CodeSystem/condition-category'
      : `${TERMINOLOGY}/condition-category`
  const profile = isDiagnosis
    ? 'us-core-condition-encounter-diagnosis'
    : 'us-core-condition-problems-health-concerns'
  return resourceOf('Condition', context, profile, {
    // An abated condition must not be active (FHIR R4, con-4).
    clinicalStatus: coded(
      'condition-clinical',
      row.status ?? (row.ended === undefined ? 'active' : 'resolved'),
    ),
    verificationStatus: coded('condition-ver-status', row.verification ?? 'confirmed'),
    category: [conceptOf(system, category)],
    severity: textConcept(row.severity),
    code: conceptOfCoded(row.condition) ?? unknown(),
    subject: patientReference(context),
    onsetDateTime: dateTimeOf(row.onset),
    abatementDateTime: dateTimeOf(row.ended),
    recordedDate: dateTimeOf(row.recorded),
  })
}

export const toUsCoreMedicationRequest = (document: RecordDocument, context: UsCoreContext): FhirResource[] =>
  resources<Medication>(document, 'medications', medication, context)

function medication(row: Medication, context: UsCoreContext): FhirResource {
  return resourceOf('MedicationRequest', context, 'us-core-medicationrequest', {
    status: row.status ?? 'unknown',
    intent: row.intent ?? 'order',
    reportedBoolean: row.reported,
    medicationCodeableConcept: conceptOfCoded(row.medication) ?? unknown(),
    subject: patientReference(context),
    authoredOn: dateTimeOf(row.authored),
    requester: personReference(row.prescriber) ?? { display: 'Unknown' },
    dosageInstruction: one(row.dosage && { text: row.dosage }),
  })
}

export const toUsCoreImmunization = (document: RecordDocument, context: UsCoreContext): FhirResource[] =>
  resources<Immunization>(document, 'immunizations', immunization, context)

function immunization(row: Immunization, context: UsCoreContext): FhirResource {
  const given = dateTimeOf(row.given)
  return resourceOf('Immunization', context, 'us-core-immunization', {
    status: row.status ?? 'completed',
    vaccineCode: conceptOfCoded(row.vaccine) ?? unknown(),
    patient: patientReference(context),
    occurrenceDateTime: given,
    occurrenceString: given === undefined ? 'Unknown' : undefined,
    primarySource: false,
    manufacturer: one(row.manufacturer && { display: row.manufacturer })[0],
    lotNumber: row.lot,
    site: textConcept(row.site),
    performer: one(personReference(row.performer)).map((actor) => ({ actor })),
  })
}
