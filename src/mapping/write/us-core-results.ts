import { rowsOf, valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { Observation, Quantity } from '../../model/values.ts'
import { interpretation } from '../codesets/interpretation.ts'
import { decimal } from '../../standards/fhir/json.ts'
import type { FhirResource } from '../fhir/json.ts'
import {
  absentReason,
  compacted,
  conceptFrom,
  conceptOf,
  conceptOfCoded,
  LOINC,
  one,
  personReference,
  TERMINOLOGY,
  textConcept,
  UCUM,
} from './parts.ts'
import type { Json } from './parts.ts'
import { idOfRow } from './row-id.ts'
import { dateTimeOf, patientReference, resourceOf } from './us-core.ts'
import type { UsCoreContext } from './us-core.ts'
import { ucumOf } from './vital-signs.ts'

const OBSERVATION = 'Observation/'

/** True for a record that came as one FHIR Observation, and is no report of its own. */
export const isSingleObservation = (document: RecordDocument): boolean => {
  const rows = rowsOf<Observation>(document, 'observations')
  return rows.length > 0 && rows.every(({ key }) => key.startsWith(OBSERVATION))
}

/**
 * The results of a report as US Core Observations: one for each line, or one with components where the lines are the
 * parts of one, such as a blood pressure.
 */
export function toUsCoreObservation(document: RecordDocument, context: UsCoreContext): FhirResource[] {
  const rows = rowsOf<Observation>(document, 'observations').filter(({ attachment }) => !attachment)
  const isPanel = isSingleObservation(document) && rows.some(({ key }) => key.includes('#'))
  if (isPanel) return [panel(document, rows, context)]
  return rows.map((row) => {
    const id = isSingleObservation(document) && rows.length === 1 ? context.id : idOfRow(context.id, row.key)
    return resourceOf('Observation', { ...context, id }, profileOf(document), {
      status: row.status,
      category: [categoryOf(document)],
      code: codeOf(row),
      subject: patientReference(context),
      ...effective(row.effective_at ?? valueOf(document, 'effective_at')),
      issued: instantOf(valueOf(document, 'issued_at')),
      performer: one(textConcept(row.performer)).map((words) => ({ display: (words as Json)['text'] })),
      ...valueParts(row),
      note: (row.notes ?? []).map((text) => ({ text })),
    })
  })
}

function panel(document: RecordDocument, rows: readonly Observation[], context: UsCoreContext): FhirResource {
  const [first] = rows
  const parts = rows.filter(({ key }) => key.includes('#'))
  const whole = rows.find(({ key }) => !key.includes('#'))
  return resourceOf('Observation', context, profileOf(document), {
    status: valueOf(document, 'status') ?? first?.status ?? 'final',
    category: [categoryOf(document)],
    code: conceptOfCoded(valueOf(document, 'code')) ?? unknownCode(),
    subject: patientReference(context),
    ...effective(first?.effective_at ?? valueOf(document, 'effective_at')),
    issued: instantOf(valueOf(document, 'issued_at')),
    performer: one(textConcept(first?.performer)).map((words) => ({ display: (words as Json)['text'] })),
    ...(whole ? valueParts(whole) : {}),
    note: (whole?.notes ?? []).map((text) => ({ text })),
    component: parts.map((row) => compacted({ code: codeOf(row), ...valueParts(row) })),
  })
}

const isVitalSigns = (document: RecordDocument): boolean => valueOf(document, 'category') === 'vital-signs'

const profileOf = (document: RecordDocument): string =>
  isVitalSigns(document) ? 'us-core-vital-signs' : 'us-core-observation-lab'

const CATEGORIES: Readonly<Record<string, string>> = {
  'vital-signs': 'Vital Signs',
  'social-history': 'Social History',
  laboratory: 'Laboratory',
  imaging: 'Imaging',
  procedure: 'Procedure',
  survey: 'Survey',
  exam: 'Exam',
}

function categoryOf(document: RecordDocument): Json {
  const said = valueOf(document, 'category')
  // Reports of HL7 v2 are laboratory results unless they say otherwise.
  const code = typeof said === 'string' && Object.hasOwn(CATEGORIES, said) ? said : 'laboratory'
  return conceptOf(`${TERMINOLOGY}/observation-category`, code, CATEGORIES[code])
}

const unknownCode = (): Json => ({ extension: [absentReason('unknown')], text: 'Unknown' })
const codeOf = (row: Observation): Json => conceptOfCoded(row.code) ?? unknownCode()

const effective = (value: unknown): Json => compacted({ effectiveDateTime: dateTimeOf(value) })

const instantOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.includes('T') ? value : undefined

/** The value with its interpretation and range; why there is none, where there is none. */
function valueParts(row: Observation): Json {
  const value = valueOfRow(row)
  return compacted({
    ...(Object.keys(value).length > 0 ? value : { dataAbsentReason: NO_VALUE }),
    interpretation: (row.interpretation ?? []).flatMap((flag) =>
      one(conceptFrom(interpretation, `${TERMINOLOGY}/v3-ObservationInterpretation`, flag)),
    ),
    referenceRange: one(row.reference_range && { text: row.reference_range }),
  })
}

const NO_VALUE = conceptOf(`${TERMINOLOGY}/data-absent-reason`, 'unknown', 'Unknown')

function valueOfRow({ quantity, codes, text }: Observation): Json {
  if (quantity) return { valueQuantity: quantityOf(quantity) }
  if (codes && codes.length > 0)
    return {
      valueCodeableConcept: compacted({
        coding: codes.flatMap((code) => (conceptOfCoded(code)?.['coding'] as Json[] | undefined) ?? []),
        text,
      }),
    }
  return text === undefined ? {} : { valueString: text }
}

function quantityOf({ value, comparator, unit }: Quantity): Json {
  const ucum = unit === undefined ? undefined : (ucumOf(unit) ?? (isUcum(unit) ? unit : undefined))
  return compacted({
    value: numberOf(value),
    comparator,
    unit,
    ...(ucum === undefined ? {} : { system: UCUM, code: ucum }),
  })
}

// Units of laboratories that are UCUM as they stand; anything with blanks or capital words is not claimed to be.
const isUcum = (unit: string): boolean =>
  /^(?:%|(?:[munpk]?(?:g|L|mol|m|U|s|Eq)|\[\w+\]|10\*\d+|\/)(?:\/?(?:[munpkd]?(?:g|L|mol|U|min|h|s)|24\.h|m2))*)$/.test(
    unit,
  )

/** HL7 writes `.5`, `5.` and `+5`, which are no JSON numbers. */
function numberOf(digits: string): unknown {
  const tidy = digits
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.$/, '')
    .replace(/^(-?)0+(?=\d)/, '$1')
  return decimal(tidy)
}

const LAB = conceptOf(`${TERMINOLOGY}/v2-0074`, 'LAB', 'Laboratory')

/** US Core DiagnosticReport for laboratory or notes, its results as references to the Observations of its lines. */
export function toUsCoreDiagnosticReport(document: RecordDocument, context: UsCoreContext): FhirResource {
  const of = (field: string): unknown => valueOf(document, field)
  const category = of('category')
  const forms = rowsOf<Observation>(document, 'observations').flatMap(({ attachment }) => attachment ?? [])
  const results = toUsCoreObservation(document, context).map(({ id }) => ({
    reference: `Observation/${id ?? ''}`,
  }))
  const isNote = typeof category === 'string' && category.startsWith('LP')
  return resourceOf('DiagnosticReport', context, `us-core-diagnosticreport-${isNote ? 'note' : 'lab'}`, {
    identifier: one(
      typeof of('external_id') === 'string' && {
        type: conceptOf(`${TERMINOLOGY}/v2-0203`, 'FILL', 'Filler identifier'),
        value: of('external_id'),
      },
    ),
    status: of('status') ?? 'unknown',
    category: [isNote ? { coding: [{ system: LOINC, code: category }] } : LAB],
    code: conceptOfCoded(of('code')) ?? unknownCode(),
    subject: patientReference(context),
    ...effective(of('effective_at')),
    issued: instantOf(of('issued_at')),
    performer: one(personReference(of('performer'))),
    result: results,
    conclusion: of('notes'),
    presentedForm: forms.map(({ media_type: contentType, title, data_base64: data }) =>
      compacted({ contentType, data, title }),
    ),
  })
}
