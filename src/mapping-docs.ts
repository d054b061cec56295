import { format } from 'prettier'
import { EVENTS } from './mapping/events.ts'
import type { EventEffect } from './mapping/events.ts'
import { PROFILES } from './mapping/profiles.ts'
import type { Table } from './mapping/table.ts'
import { allergyTable } from './mapping/tables/allergy.ts'
import { appointmentTable } from './mapping/tables/appointment.ts'
import { conditionTable } from './mapping/tables/condition.ts'
import { coverageTable } from './mapping/tables/coverage.ts'
import { diagnosisTable } from './mapping/tables/diagnosis.ts'
import { documentTable } from './mapping/tables/document.ts'
import { encounterTable } from './mapping/tables/encounter.ts'
import { immunizationTable } from './mapping/tables/immunization.ts'
import { medicationTable } from './mapping/tables/medication.ts'
import { nextOfKinTable } from './mapping/tables/next-of-kin.ts'
import { observationTable } from './mapping/tables/observation.ts'
import { patientTable } from './mapping/tables/patient.ts'
import { reportTable } from './mapping/tables/report.ts'

// The page is written anew by: node src/mapping-docs.ts

export const TABLES: readonly (readonly [title: string, file: string, table: Table])[] = [
  ['Patient', 'patient.ts', patientTable],
  ['Next of kin, a set of the patient', 'next-of-kin.ts', nextOfKinTable],
  ['Coverage, a set of the patient', 'coverage.ts', coverageTable],
  ['Allergies, a set of the patient', 'allergy.ts', allergyTable],
  ['Conditions, a set of the patient', 'condition.ts', conditionTable],
  ['Medications, a set of the patient', 'medication.ts', medicationTable],
  ['Immunizations, a set of the patient', 'immunization.ts', immunizationTable],
  ['Encounter', 'encounter.ts', encounterTable],
  ['Diagnoses, a set of the encounter', 'diagnosis.ts', diagnosisTable],
  ['Appointment', 'appointment.ts', appointmentTable],
  ['Report', 'report.ts', reportTable],
  ['Observations, a set of the report', 'observation.ts', observationTable],
  ['Document', 'document.ts', documentTable],
]

const code = (text: string | null): string => (text === null ? '' : `\`${text}\``)

// The first valued place counts; a bar would end the cell.
const places = (column: string | null): string =>
  column === null ? '' : column.split(' | ').map(code).join(' else ')

function tableText([title, file, { rows }]: (typeof TABLES)[number]): string {
  const lines = rows.map(
    ({ field, v2, fhir, csv, ccl, codec }) =>
      `| ${[code(field), places(v2), places(fhir), code(csv), code(ccl), codec.name].join(' | ')} |`,
  )
  return `## ${title}

\`src/mapping/tables/${file}\`

| Field | HL7 v2 | FHIR R4 | CSV | CCL | Read as |
|---|---|---|---|---|---|
${lines.join('\n')}
`
}

const APPOINTMENT = { upsert: 'create or update', cancel: 'end, even if it was never seen', mention: 'name' }

function effectText(effect: EventEffect): string {
  switch (effect.kind) {
    case 'adt':
      return `patient: ${effect.patient === 'upsert' ? 'create or update' : 'fill what is empty'}; visit: ${effect.visit}`
    case 'siu':
      return `appointment: ${APPOINTMENT[effect.appointment]}; status: ${effect.status ?? 'as SCH-25 says, else booked'}${effect.snapshot ? '' : '; resources are left as they are'}`
    case 'oru':
      return 'reports: create or update, with their results; patient and visit: fill what is empty'
  }
  return effect satisfies never
}

const eventLines = Object.entries(EVENTS).map(([event, effect]) => `| \`${event}\` | ${effectText(effect)} |`)

const profileLines = Object.entries(PROFILES).map(
  ([name, remaps]) => `| \`${name}\` | ${remaps.map(({ from, to }) => `${from} to ${to}`).join(', ')} |`,
)

/** The reference page, `docs/reference/mapping.md`. */
export function mappingPage(): Promise<string> {
  const text = `# Mapping

Made from \`src/mapping/\`; a test keeps the two equal. One table per record, one row per Practice Studio field, one
column per source.

The HL7 v2 and FHIR R4 columns are carried out. The CSV and CCL columns say where those channels will find the field;
the channels themselves do not exist yet.

How to read a row:

- \`PID-5.1.1\` is field 5, component 1, subcomponent 1 of PID. \`else\` joins places of which the first valued one
  counts. A word in brackets chooses the repetition: \`PID-13(mobile)\` is the one whose equipment or use is mobile.
- Without a bracket the repetition is the medical record number in PID-3, the legal name in PID-5, the home address in
  PID-11, and the first one everywhere else.
- \`name.given[0]\` is a member of a FHIR resource. A number in brackets is the place in a list, words choose the element
  by what it is, \`[*]\` takes the whole list. Without a bracket it is the official name, the home address, the preferred
  language, the active location, the primary performer and the PDF; and the first element everywhere else. What has ended
  by its period is passed over.
- *Read as* names the codec of \`src/mapping/codecs/\`, or the code set of \`src/mapping/codesets/\` in which the value is
  looked up (\`administrative-sex\`). A code that is not in its set leaves the field as it was, with the warning
  [CODE_NOT_IN_SET](errors.md#code_not_in_set).
- A field that a message does not send says nothing. A field sent as \`""\` is cleared. See
  [HL7 v2, §3.2](hl7-v2.md#32-empty-null-absent).

${TABLES.map(tableText).join('\n')}
## Results of HL7 v2

The results of an ORU message have no column, because what OBX-5 holds depends on OBX-2; \`src/mapping/read-observations.ts\`
and \`observation-value.ts\` read them. See [HL7 v2, §9](hl7-v2.md#9-orur01).

## FHIR resources

| Resource | What it says |
|---|---|
| \`Patient\` | patient: create or update, with identifiers and next of kin. One that was combined into another: no longer active |
| \`Appointment\` | patient: name; appointment: create or update. Cancelled, no-show, entered in error: end, even if it was never seen |
| \`Encounter\` | patient: name; visit: create or update. Entered in error: cancelled. Combined into another: ignored |
| \`Observation\` | patient: name; a report of its own with one result, or one for each component |
| \`DiagnosticReport\` | patient: name; report: create or update. Its results come by themselves; a presented document is a row |
| \`DocumentReference\` | patient: name; document: create or update |
| \`Coverage\`, \`AllergyIntolerance\`, \`Condition\`, \`MedicationRequest\`, \`Immunization\` | patient: name, with one row of a set. Entered in error, refuted, or a coverage that is not active: the row is gone |
| \`Practitioner\`, \`Location\`, \`Organization\` | an entry of the directory |
| any other | ignored, with the code [FHIR_TYPE_NOT_SUPPORTED](errors.md#fhir_type_not_supported) |

*Name* makes a patient who is missing, known by the logical id alone, and changes nothing. A member that is absent, masked
or unknown says nothing: it never clears a field.

How the roads meet:

- A FHIR id is an identifier of type \`FHIR\`, with the tenant as its authority. It links patients, visits, appointments,
  reports and documents.
- A patient is also linked by the numbers in use that name a person (medical record number and the like). The system at
  Cerner gets the name that HL7 messages use from *Names of identifier systems* in the connection. A number without a
  system links nobody, because nothing says whose it is; a social security number never does.
- An appointment is also linked as SCH-2 names it, a visit by its financial number as PV1-19 has it, a report by the
  laboratory's number as OBR-3 has it.
- \`external_id\` is the number that both roads know: the medical record number, visit number or laboratory's number.
  Only a record without one is numbered by its FHIR id.
- Codes that each site makes for itself, providers and locations can be brought to the ones of HL7 messages with code
  translations: sets \`appointment-type\`, \`medical-service\`, \`admit-source\`, \`discharge-disposition\`,
  \`practitioner\`, \`location\`.
- Of several codings a standard one is kept, LOINC first; the site's own is kept where there is no other.

DSTU 2 is brought into the shape of R4 first (\`src/standards/fhir/dstu2.ts\`). What the mapping makes of the vendor's
published examples is on [a page of its own](vendor-examples.md).

## Events

What each event does (\`src/mapping/events.ts\`). An event that is not here is acknowledged and ignored, with the code
[HL7_EVENT_NOT_SUPPORTED](errors.md#hl7_event_not_supported).

| Event | Effect |
|---|---|
${eventLines.join('\n')}

## Profiles

Shipped sets of field moves (\`src/mapping/profiles.ts\`), chosen per connection.

| Profile | Moves |
|---|---|
${profileLines.join('\n')}
`
  return format(text, { parser: 'markdown', printWidth: 110 })
}

if (import.meta.main) {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${import.meta.dirname}/../docs/reference/mapping.md`, await mappingPage())
}
