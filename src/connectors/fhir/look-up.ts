import { IntegrationError } from '../../kernel/errors.ts'
import { digitsOf, parseResource } from '../../standards/fhir/json.ts'
import { idOf } from '../../standards/fhir/reference.ts'
import { range } from '../../standards/fhir/search.ts'
import type { SearchParameters } from '../../standards/fhir/search.ts'
import type { BundleEntry } from '../../standards/fhir/bundle.ts'
import type { FhirResource, LostWrite, Written } from '../cerner/port.ts'
import type { FhirClient } from './fhir-client.ts'
import { pull } from './pull.ts'

/**
 * Finds what a create made whose answer was lost (cerner-fhir-r4.md §5.10). A search may lag behind a write, so nothing
 * is believed to be missing before it was looked for some times.
 */

/** Our clock and Cerner's differ; a record that changed earlier than this before our call is not ours. */
const SKEW_MS = 2 * 60_000
const LOOKS_AFTER_MS = [0, 2_000, 5_000, 10_000]
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

type Matcher = (found: FhirResource) => boolean
interface LookUp {
  parameters: SearchParameters
  isIt: Matcher
}

/**
 * Looks for the resource of a lost create.
 *
 * @returns null when it is not there: it may be sent again
 */
export async function lookUp(client: FhirClient, lost: LostWrite): Promise<Written | null> {
  const plan = await planOf(client, lost)
  if (plan === null) return null
  for (const waitMs of LOOKS_AFTER_MS) {
    await client.web.timer.sleep(waitMs)
    const found = await look(client, lost, plan)
    if (found) return found
  }
  return null
}

async function look(
  client: FhirClient,
  lost: LostWrite,
  { parameters, isIt }: LookUp,
): Promise<Written | null> {
  let best: { entry: BundleEntry; updatedMs: number } | null = null
  for await (const { entries } of pull(client, { type: lost.type, parameters })) {
    for (const entry of entries) {
      const updatedMs = Date.parse(entry.lastUpdated ?? '')
      if (entry.type !== lost.type || entry.id === null || updatedMs < lost.sentAtMs - SKEW_MS) continue
      if (!isIt(parseResource(entry.text))) continue
      // The first one after our call: a later one is somebody else's.
      if (best === null || updatedMs < best.updatedMs) best = { entry, updatedMs }
    }
  }
  if (best === null || best.entry.id === null) return null
  const { entry, updatedMs } = best
  const lastModifiedMs = Number.isNaN(updatedMs) ? null : updatedMs
  return { type: lost.type, id: best.entry.id, version: entry.version, lastModifiedMs }
}

async function planOf(client: FhirClient, lost: LostWrite): Promise<LookUp | null> {
  switch (lost.type) {
    case 'Patient':
      return patientPlan(lost.body)
    case 'Appointment':
      return appointmentPlan(client, lost)
    case 'Observation':
      return observationPlan(client, lost.body)
    case 'DocumentReference':
      return documentPlan(client, lost)
    default:
      return lost.type satisfies never
  }
}

/** By family name and date of birth; then every name, phone and line of the address that was sent must be there. */
function patientPlan(body: FhirResource): LookUp | null {
  const [name] = listOf(body['name'])
  const family = stringOf(name?.['family'])
  const birthdate = stringOf(body['birthDate'])
  if (family === '') return null
  const parameters = birthdate === '' ? { family } : { family, birthdate }
  const wanted = personTraits(body)
  return {
    parameters,
    isIt: (found) => {
      const has = new Set(personTraits(found))
      return wanted.every((trait) => has.has(trait))
    },
  }
}

function personTraits(person: FhirResource): string[] {
  const names = listOf(person['name']).map(
    (name) => `name ${lower(name['family'])} ${texts(name['given']).map(lower).join(' ')}`,
  )
  const phones = listOf(person['telecom']).map((one) => `telecom ${digits(stringOf(one['value']))}`)
  const addresses = listOf(person['address']).map(
    (one) => `address ${texts(one['line']).map(lower).join(' ')}`,
  )
  return [
    ...names,
    ...phones,
    ...addresses,
    `born ${stringOf(person['birthDate'])}`,
    `is ${stringOf(person['gender'])}`,
  ]
}

/** By patient and the time of the slot; `slot` itself is often missing when an appointment is read. */
async function appointmentPlan(client: FhirClient, { body, sentAtMs }: LostWrite): Promise<LookUp | null> {
  const base = client.web.base
  const patient = listOf(body['participant'])
    .map(({ actor }) => idOf(referenceIn(actor), 'Patient', base))
    .find((id) => id !== null)
  if (patient === undefined || patient === null) return null
  const slotId = idOf(stringOf(listOf(body['slot'])[0]?.['reference']), 'Slot', base)
  const knownMs = Date.parse(stringOf(body['start']))
  const startMs = Number.isNaN(knownMs) && slotId !== null ? await slotStart(client, slotId) : knownMs
  const [from, to] = Number.isNaN(startMs)
    ? [sentAtMs - DAY_MS, sentAtMs + 730 * DAY_MS]
    : [startMs - MINUTE_MS, startMs + MINUTE_MS]
  const reason = reasonOf(body)
  return {
    parameters: { patient, date: range(instantOf(from), instantOf(to)) },
    isIt: (found) => {
      if (stringOf(found['status']) === 'cancelled') return false
      const its = idOf(stringOf(listOf(found['slot'])[0]?.['reference']), 'Slot', base)
      if (its !== null && slotId !== null) return its === slotId
      if (!Number.isNaN(startMs)) return Date.parse(stringOf(found['start'])) === startMs
      // By nothing at all every appointment would be it.
      return reason !== '' && reasonOf(found) === reason
    },
  }
}

async function slotStart(client: FhirClient, slotId: string): Promise<number> {
  try {
    return Date.parse(stringOf((await client.read('Slot', slotId)).resource['start']))
  } catch (error) {
    // A slot that was booked may be gone: the appointment is then told by its reason.
    if (error instanceof IntegrationError && error.code === 'FHIR_NOT_FOUND') return NaN
    throw error
  }
}

function observationPlan({ web: { base } }: FhirClient, body: FhirResource): LookUp | null {
  const patient = idOf(referenceIn(body['subject']), 'Patient', base)
  const atMs = Date.parse(stringOf(body['effectiveDateTime']))
  if (patient === null || Number.isNaN(atMs)) return null
  const codes = new Set(codesOf(body))
  const value = measured(body)
  return {
    parameters: { patient, date: range(instantOf(atMs - MINUTE_MS), instantOf(atMs + MINUTE_MS)) },
    isIt: (found) =>
      Date.parse(stringOf(found['effectiveDateTime'])) === atMs &&
      codesOf(found).some((code) => codes.has(code)) &&
      measured(found) === value,
  }
}

function documentPlan({ web: { base } }: FhirClient, { body, sentAtMs }: LostWrite): LookUp | null {
  const patient = idOf(referenceIn(body['subject']), 'Patient', base)
  if (patient === null) return null
  const title = titleOf(body)
  const endMs = periodEnd(body)
  return {
    parameters: { patient, _lastUpdated: `ge${instantOf(sentAtMs - SKEW_MS)}` },
    isIt: (found) => periodEnd(found) === endMs && (title === '' || titleOf(found) === title),
  }
}

/** The value, or those of the components with their codes: blood pressure has two. */
function measured(resource: FhirResource): string {
  const own = numberIn(resource['valueQuantity'])
  const parts = listOf(resource['component']).map(
    (part) => `${codesIn(part['code']).toSorted()[0] ?? ''}=${numberIn(part['valueQuantity'])}`,
  )
  return [own, ...parts.toSorted()].join(' ')
}

// 180 and 180.0 are the same measurement here: the far side may write it otherwise.
const numberIn = (quantity: unknown): string => {
  const text = digitsOf(recordOf(quantity)['value'])
  return text === undefined ? '' : String(Number(text))
}

const codesOf = (resource: FhirResource): string[] => codesIn(resource['code'])
const codesIn = (concept: unknown): string[] =>
  listOf(recordOf(concept)['coding']).map(
    (coding) => `${stringOf(coding['system'])}|${stringOf(coding['code'])}`,
  )
const reasonOf = (resource: FhirResource): string => stringOf(listOf(resource['reasonCode'])[0]?.['text'])
const titleOf = (resource: FhirResource): string =>
  stringOf(recordOf(listOf(resource['content'])[0]?.['attachment'])['title'])
const periodEnd = (resource: FhirResource): number =>
  Date.parse(stringOf(recordOf(recordOf(resource['context'])['period'])['end']))
const referenceIn = (value: unknown): string => stringOf(recordOf(value)['reference'])
const instantOf = (ms: number): string => new Date(ms).toISOString()
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(recordOf) : []
const texts = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const lower = (value: unknown): string => stringOf(value).trim().toLowerCase()
const digits = (text: string): string =>
  /^[\d\s()+.-]+$/.test(text) ? text.replace(/\D/g, '').slice(-10) : text.toLowerCase()
