import { format } from 'prettier'
import { EVENTS } from './mapping/events.ts'
import type { EventEffect } from './mapping/events.ts'
import { PROFILES } from './mapping/profiles.ts'
import type { Table } from './mapping/table.ts'
import { allergyTable } from './mapping/tables/allergy.ts'
import { appointmentTable } from './mapping/tables/appointment.ts'
import { coverageTable } from './mapping/tables/coverage.ts'
import { diagnosisTable } from './mapping/tables/diagnosis.ts'
import { encounterTable } from './mapping/tables/encounter.ts'
import { nextOfKinTable } from './mapping/tables/next-of-kin.ts'
import { patientTable } from './mapping/tables/patient.ts'
import { reportTable } from './mapping/tables/report.ts'

// The page is written anew by: node src/mapping-docs.ts

export const TABLES: readonly (readonly [title: string, file: string, table: Table])[] = [
  ['Patient', 'patient.ts', patientTable],
  ['Next of kin, a set of the patient', 'next-of-kin.ts', nextOfKinTable],
  ['Coverage, a set of the patient', 'coverage.ts', coverageTable],
  ['Allergies, a set of the patient', 'allergy.ts', allergyTable],
  ['Encounter', 'encounter.ts', encounterTable],
  ['Diagnoses, a set of the encounter', 'diagnosis.ts', diagnosisTable],
  ['Appointment', 'appointment.ts', appointmentTable],
  ['Report', 'report.ts', reportTable],
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

The HL7 v2 column is carried out today. The FHIR, CSV and CCL columns say where those channels will find the field;
the channels themselves do not exist yet.

How to read a row:

- \`PID-5.1.1\` is field 5, component 1, subcomponent 1 of PID. \`else\` joins places of which the first valued one
  counts. A word in brackets chooses the repetition: \`PID-13(mobile)\` is the one whose equipment or use is mobile.
- Without a bracket the repetition is the medical record number in PID-3, the legal name in PID-5, the home address in
  PID-11, and the first one everywhere else.
- *Read as* names the codec of \`src/mapping/codecs/\`, or the code set of \`src/mapping/codesets/\` in which the value is
  looked up (\`administrative-sex\`). A code that is not in its set leaves the field as it was, with the warning
  [CODE_NOT_IN_SET](errors.md#code_not_in_set).
- A field that a message does not send says nothing. A field sent as \`""\` is cleared. See
  [HL7 v2, §3.2](hl7-v2.md#32-empty-null-absent).

${TABLES.map(tableText).join('\n')}
## Results

The results of a report have no table, because what OBX-5 holds depends on OBX-2; \`src/mapping/read-observations.ts\`
and \`observation-value.ts\` read them. See [HL7 v2, §9](hl7-v2.md#9-orur01).

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
