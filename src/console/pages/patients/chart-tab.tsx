import type { ReactNode } from 'react'
import type { Patient } from '../../../contract/patients.ts'
import { Time } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { personName } from '../../parts/words.ts'
import css from './patients.module.css'

type Code = { code?: string; text?: string; system?: string } | undefined
const PAST = new Set([
  'resolved',
  'inactive',
  'remission',
  'completed',
  'stopped',
  'cancelled',
  'ended',
  'not-done',
  'entered-in-error',
])
const nameOf = (code: Code): string => code?.text ?? code?.code ?? 'Not named'

export interface Line {
  key: string
  name: string
  code: Code
  status: string | undefined
  facts: ReactNode[]
  alert?: string | undefined
}

export const conditionsOf = (one: Patient): Line[] =>
  one.conditions.map((entry) => ({
    key: entry.key,
    name: nameOf(entry.condition),
    code: entry.condition,
    status: entry.status,
    facts: [
      entry.severity,
      entry.onset !== undefined && (
        <>
          since <Time at={entry.onset} />
        </>
      ),
      entry.ended !== undefined && (
        <>
          until <Time at={entry.ended} />
        </>
      ),
      entry.verification !== 'confirmed' && entry.verification,
      entry.category?.replaceAll('-', ' '),
    ],
  }))

export const medicationsOf = (one: Patient): Line[] =>
  one.medications.map((entry) => ({
    key: entry.key,
    name: nameOf(entry.medication),
    code: entry.medication,
    status: entry.status,
    facts: [
      entry.dosage,
      entry.reported === true && 'reported by the patient',
      entry.authored !== undefined && (
        <>
          ordered <Time at={entry.authored} />
        </>
      ),
      personName(entry.prescriber),
    ],
  }))

/** HL7 tables 0128 and 0127 as people say them; a code of the site's own stays as it was sent. */
// prettier-ignore
const SEVERITIES: Record<string, string> = { SV: 'severe', MO: 'moderate', MI: 'mild', U: 'severity unknown' }
// prettier-ignore
const ALLERGY_TYPES: Record<string, string> = {
  DA: 'drug', FA: 'food', MA: 'miscellaneous', MC: 'contraindication', EA: 'environmental', AA: 'animal', PA: 'plant',
  LA: 'pollen',
}
const said = (words: Record<string, string>, code: string | undefined): string | undefined =>
  code === undefined ? undefined : (words[code.toUpperCase()] ?? code)

/** The substances in one line, each once: HL7 and FHIR both tell of the same allergy. */
export const substancesOf = (one: Patient): string =>
  [...new Set(one.allergies.map(({ substance }) => substance?.text ?? substance?.code).filter(Boolean))].join(
    ', ',
  )

export const allergiesOf = (one: Patient): Line[] =>
  one.allergies.map((entry, index) => ({
    key: entry.key ?? `${entry.substance?.code ?? ''} ${index}`,
    name: nameOf(entry.substance),
    code: entry.substance,
    status: entry.status,
    alert: said(SEVERITIES, entry.severity),
    facts: [
      said(ALLERGY_TYPES, entry.type),
      entry.reaction,
      entry.onset !== undefined && (
        <>
          since <Time at={entry.onset} />
        </>
      ),
    ],
  }))

export const immunizationsOf = (one: Patient): Line[] =>
  one.immunizations.map((entry) => ({
    key: entry.key,
    name: nameOf(entry.vaccine),
    code: entry.vaccine,
    status: entry.status,
    facts: [
      entry.given !== undefined && (
        <>
          given <Time at={entry.given} />
        </>
      ),
      entry.site,
      entry.lot !== undefined && `lot ${entry.lot}`,
      entry.manufacturer,
      personName(entry.performer),
    ],
  }))

const isFact = (fact: ReactNode): boolean =>
  fact !== undefined && fact !== null && fact !== false && fact !== ''

/** Lines of a part of the chart: what is current first, what is past after it and quieter. */
export function ChartLines({
  lines,
  none,
  compact = false,
}: {
  lines: Line[]
  none: string
  compact?: boolean
}) {
  if (lines.length === 0) return <p className={css.chartNone}>{none}</p>
  const isPast = ({ status }: Line): boolean => PAST.has(status ?? '')
  const sorted = [...lines.filter((line) => !isPast(line)), ...lines.filter(isPast)]
  return (
    <ul className={css.chart}>
      {sorted.map((line) => (
        <li key={line.key} data-past={isPast(line)}>
          <span className={css.chartName}>
            {line.name}{' '}
            {line.alert !== undefined && (
              <span className="pill" data-tone="bad">
                {line.alert}
              </span>
            )}
            {line.status !== undefined && line.status !== 'active' && (
              <span className="pill" data-tone="mute">
                {line.status.replaceAll('-', ' ')}
              </span>
            )}
          </span>
          <span className={css.chartFacts}>
            {line.facts.filter(isFact).map((fact, index) => (
              <span key={index}>{fact}</span>
            ))}
            {!compact && line.code?.code !== undefined && (
              <span className="mono" title={line.code.system}>
                {line.code.code}
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}

// prettier-ignore
const SECTIONS: [set: 'conditions' | 'medications' | 'allergies' | 'immunizations', title: string, lines: (one: Patient) => Line[], none: string][] = [
  ['conditions',    'Conditions',    conditionsOf,    'No condition was sent. That is not the same as none.'],
  ['medications',   'Medications',   medicationsOf,   'No medication was sent. That is not the same as none.'],
  ['allergies',     'Allergies',     allergiesOf,     'None was sent. That is not the same as none known.'],
  ['immunizations', 'Immunizations', immunizationsOf, 'No immunization was sent.'],
]

export function ChartTab({ one }: { one: Patient }) {
  return (
    <div className={css.groups}>
      {SECTIONS.map(([set, title, lines, none]) => (
        <section key={set} className="card" aria-labelledby={`chart-${set}`}>
          <div className="cardHead">
            <h2 id={`chart-${set}`}>{title}</h2>
            <span style={{ marginLeft: 'auto' }}>
              <WhereFrom field={title} from={one.provenance[set]} />
            </span>
          </div>
          <ChartLines lines={lines(one)} none={none} />
        </section>
      ))}
    </div>
  )
}
