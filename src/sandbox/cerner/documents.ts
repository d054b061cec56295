import { PANELS } from '../labs.ts'
import { escaped, instant, type Base } from './base.ts'
import { hasEnded, reportOf, type Stay, type Test } from './chart.ts'
import { reportLines } from './observation.ts'
import { providerName, shownName } from './patient-resource.ts'
import { textPdf } from './pdf.ts'
import { stayOf, staysOf } from './stays.ts'
import { PRESSURE_PARTS, VITALS, vitalsOf } from './vitals.ts'

/** A document that the story of a visit leaves behind: note, summary of a stay, report of an emergency. */
export interface Note {
  readonly id: string
  readonly stay: Stay
  readonly title: string
  readonly loinc: string
  readonly contentType: string
  readonly binaryId: string
  /** When it was signed. */
  readonly at: number
}

const KINDS = {
  O: { title: 'Progress Note', loinc: '11506-3', contentType: 'text/html', binary: 'TR' },
  E: { title: 'ED Note', loinc: '34111-5', contentType: 'text/plain', binary: 'TR' },
  I: { title: 'Discharge Summary', loinc: '18842-5', contentType: 'application/pdf', binary: 'XR' },
} as const

const noteFor = (stay: Stay): Note => {
  const { title, loinc, contentType, binary } = KINDS[stay.visit.kind]
  const id = `5${stay.number}`
  const at = stay.endedAt ?? stay.visit.startedAt
  return { id, stay, title, loinc, contentType, binaryId: `${binary}-${id}`, at }
}

// A blood draw leaves results and no note.
const leavesNote = (base: Base, stay: Stay): boolean =>
  stay.visit.reason !== 'LABORATORY' && hasEnded(stay, base.clock.now())

export const notesOf = (base: Base, n: number): Note[] =>
  staysOf(base, n)
    .filter((stay) => leavesNote(base, stay))
    .map(noteFor)

export function noteOf(base: Base, id: string): Note | null {
  const stay = id.startsWith('5') ? stayOf(base, id.slice(1)) : null
  return stay !== null && leavesNote(base, stay) ? noteFor(stay) : null
}

/** The bytes behind a note's attachment. */
export function contentOf(base: Base, note: Note): Buffer {
  const { stay, title } = note
  const person = base.world.person(stay.patient)
  const { visit } = stay
  const values = vitalsOf(base.world.cast.seed, person, stay)
  const signs = VITALS.map(({ key, name, unit }) => `${name}: ${values.get(key) ?? ''} ${unit}`)
  const pressure = PRESSURE_PARTS.map(({ key }) => values.get(key)).join('/')
  const lines = [
    title,
    `Patient: ${shownName(person)}   DOB: ${person.birthDate}   MRN: ${person.mrn}`,
    `Visit: ${visit.fin}   ${instant(visit.startedAt)} to ${instant(stay.endedAt ?? visit.startedAt)}`,
    `Reason: ${visit.reason}`,
    '',
    `Blood pressure: ${pressure} mmHg`,
    ...signs,
    '',
    `Problems: ${person.conditions.map(({ text }) => text).join('; ') || 'None known'}`,
    `Allergies: ${person.allergies.map(({ text }) => text).join('; ') || 'No known allergies'}`,
    '',
    `Electronically signed by ${providerName(visit.provider)} ${instant(note.at)}`,
  ]
  switch (note.contentType) {
    case 'application/pdf':
      return textPdf(lines)
    case 'text/plain':
      return Buffer.from(lines.join('\n'))
    default:
      return Buffer.from(html(title, lines.slice(1)))
  }
}

const html = (title: string, lines: readonly string[]): string =>
  `<!DOCTYPE html><html><head><title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1>${lines
    .map((line) => (line === '' ? '<hr/>' : `<p>${escaped(line)}</p>`))
    .join('')}</body></html>`

/** A laboratory report as the printer has it. */
export function reportPdf(base: Base, test: Test): Buffer | null {
  const report = reportOf(test, base.clock.now())
  if (report === null) return null
  const person = base.world.person(test.patient)
  const lines = reportLines(base, test, report.status).map(({ result, status }) => {
    const value = result.value.replace('^', '')
    return `${result.name}: ${value} ${result.unit} [${result.range}] ${result.flag}${status === 'C' ? ' corrected' : ''}`
  })
  return textPdf([
    PANELS[test.order.panel].name,
    `Patient: ${shownName(person)}   DOB: ${person.birthDate}   MRN: ${person.mrn}`,
    `Order: ${test.order.placer}   Accession: ${test.order.filler}   Collected: ${instant(test.order.collectedAt)}`,
    '',
    ...lines,
  ])
}

/** A continuity of care document, generated as it is fetched. */
export function ccdOf(base: Base, n: number): Buffer {
  const person = base.world.person(n)
  const stamp = instant(base.clock.now()).replace(/\D/g, '').slice(0, 14)
  const section = (code: string, title: string, items: readonly string[]): string =>
    `<component><section><code code="${code}" codeSystem="2.16.840.1.113883.6.1"/><title>${title}</title><text><list>${
      items.map((item) => `<item>${escaped(item)}</item>`).join('') || '<item>None recorded</item>'
    }</list></text></section></component>`
  const gender = person.sex === 'F' || person.sex === 'M' ? person.sex : 'UN'
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>` +
      `<templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/><id root="2.16.840.1.113883.3.42.10001.100001.99" extension="${person.personId}-${stamp}"/>` +
      `<code code="34133-9" codeSystem="2.16.840.1.113883.6.1" displayName="Summarization of Episode Note"/><title>Continuity of Care Document</title>` +
      `<effectiveTime value="${stamp}+0000"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>` +
      `<recordTarget><patientRole><id root="2.16.840.1.113883.3.42.10001.100001.12" extension="${escaped(person.mrn)}"/><patient><name><given>${escaped(person.given)}</given>` +
      `<family>${escaped(person.family)}</family></name><administrativeGenderCode code="${gender}" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="${person.birthDate.replace(/-/g, '')}"/></patient></patientRole></recordTarget>` +
      `<component><structuredBody>${section(
        '11450-4',
        'Problems',
        person.conditions.map(({ code, text }) => `${text} (${code})`),
      )}${section(
        '48765-2',
        'Allergies',
        person.allergies.map(({ text, reaction }) => `${text}: ${reaction}`),
      )}</structuredBody></component></ClinicalDocument>\n`,
  )
}
