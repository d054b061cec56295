import { IntegrationError } from '../../kernel/errors.ts'
import type { FhirResource } from '../../mapping/map-fhir.ts'
import { queryTokens, wordsOf } from '../../store/patient-tokens.ts'
import { findFacadePatients } from '../../store/read-facade.ts'
import type { FacadeRow } from '../../store/read-facade.ts'
import { LARGEST_ID } from '../../store/reading.ts'
import type { ReadStore } from '../../store/reading.ts'
import { valuesAt } from './conditions.ts'
import { resourcesIn } from './resources.ts'

/** `Patient/$match` (FHIR R4 Patient-match): who of ours may this be, each with a grade and a score. */

export type Grade = 'certain' | 'probable' | 'possible'

export interface Candidate {
  resource: FhirResource
  grade: Grade
  /** From 0 to 1. */
  score: number
}

export interface MatchAsked {
  patient: Wanted
  onlyCertain: boolean
  count: number
}

interface Wanted {
  identifiers: { system: string; value: string }[]
  family: string[]
  given: string[]
  birthDate: string
  gender: string
  phones: string[]
  postalCode: string
}

const DEFAULT_COUNT = 10
const MOST_COUNT = 50
const MOST_CANDIDATES = 100

/** Reads Parameters with a Patient, or the Patient alone. @throws REQUEST_INVALID */
export function readMatch(body: unknown): MatchAsked {
  const { resourceType, parameter } = (body ?? {}) as { resourceType?: unknown; parameter?: unknown }
  if (resourceType === 'Patient') return asked(body, [])
  if (resourceType !== 'Parameters' || !Array.isArray(parameter))
    throw invalid('body', 'send Parameters with a Patient')
  const named = (name: string): Record<string, unknown> | undefined =>
    (parameter as Record<string, unknown>[]).find((one) => one['name'] === name)
  return asked(named('resource')?.['resource'], [
    named('onlyCertainMatches')?.['valueBoolean'],
    named('count')?.['valueInteger'],
  ])
}

function asked(resource: unknown, [onlyCertain, count]: unknown[]): MatchAsked {
  const { resourceType } = (resource ?? {}) as { resourceType?: unknown }
  if (resourceType !== 'Patient') throw invalid('Parameters.resource', 'it is no Patient')
  const patient = wantedIn(resource)
  const isEnough = patient.identifiers.length > 0 || patient.phones.length > 0 || patient.birthDate !== ''
  const hasName = patient.family.length > 0 && patient.given.length > 0
  if (!isEnough && !hasName)
    throw invalid('Parameters.resource', 'it has no identifier, birth date, phone or whole name to look for')
  const limit = typeof count === 'number' && Number.isInteger(count) && count > 0 ? count : DEFAULT_COUNT
  return { patient, onlyCertain: onlyCertain === true, count: Math.min(limit, MOST_COUNT) }
}

function wantedIn(resource: unknown): Wanted {
  const texts = (path: string): string[] =>
    valuesAt(resource, path).filter((one): one is string => typeof one === 'string' && one !== '')
  const identifiers = valuesAt(resource, 'identifier').flatMap((one) => {
    const { system, value } = one as { system?: unknown; value?: unknown }
    return typeof value === 'string' && value.trim() !== ''
      ? [{ system: typeof system === 'string' ? system : '', value: value.trim() }]
      : []
  })
  const phones = valuesAt(resource, 'telecom').flatMap((one) => {
    const { system, value } = one as { system?: unknown; value?: unknown }
    return system === 'phone' && typeof value === 'string' && lastTen(value) !== '' ? [lastTen(value)] : []
  })
  return {
    identifiers,
    family: texts('name.family').flatMap(wordsOf),
    given: texts('name.given').flatMap(wordsOf),
    birthDate: texts('birthDate')[0] ?? '',
    gender: texts('gender')[0] ?? '',
    phones,
    postalCode: (texts('address.postalCode')[0] ?? '').slice(0, 5),
  }
}

const lastTen = (phone: string): string => phone.replace(/\D/g, '').slice(-10)

/** Candidates by several keys, so that one wrong value loses nobody (patient-matching.md §4), the best first. */
export async function findMatches(
  store: ReadStore,
  { patient, onlyCertain, count }: MatchAsked,
): Promise<Candidate[]> {
  const rows = await candidates(store, patient)
  const graded = rows.flatMap((row) =>
    resourcesIn(store.vault, 'Patient', row).flatMap((resource) => grade(patient, resource) ?? []),
  )
  graded.sort((a, b) => b.score - a.score)
  const certain = graded.filter((one) => one.grade === 'certain')
  // Two who are certain are certain of nothing: a person has to look.
  const told =
    certain.length > 1
      ? graded.map((one) => (one.grade === 'certain' ? { ...one, grade: 'probable' as const } : one))
      : graded
  return told.filter((one) => !onlyCertain || one.grade === 'certain').slice(0, count)
}

async function candidates({ database, vault }: ReadStore, wanted: Wanted): Promise<FacadeRow[]> {
  const { identifiers, family, given, birthDate, phones } = wanted
  const [firstFamily, firstGiven] = [family[0], given[0]]
  const keys = [
    ...identifiers.map(({ value }) => ({ mrn: value })),
    ...phones.map((phone) => ({ phone })),
    ...(birthDate.length === 10 && firstFamily ? [{ date_of_birth: birthDate, name: firstFamily }] : []),
    ...(birthDate.length === 10 && firstGiven ? [{ date_of_birth: birthDate, name: firstGiven }] : []),
    ...(firstFamily && firstGiven ? [{ name: `${firstFamily} ${firstGiven}` }] : []),
    ...(birthDate.length === 10 && !firstFamily && !firstGiven ? [{ date_of_birth: birthDate }] : []),
  ]
  const found = new Map<string, FacadeRow>()
  for (const key of keys) {
    const tokens = queryTokens(vault, key)
    if (tokens === null) continue
    const rows = await findFacadePatients(database, tokens, { before: LARGEST_ID, limit: MOST_CANDIDATES })
    for (const row of rows) found.set(row.id, row)
  }
  return [...found.values()]
}

// Log-odds in bits, as patient-matching.md §2 starts them; what is missing on either side says nothing.
const BITS = {
  identifier: 14,
  family: { same: 9, differs: -4 },
  given: { same: 7, differs: -5 },
  birthDate: { same: 13, near: 3, differs: -7 },
  gender: { same: 1, differs: -5 },
  phone: { same: 6, differs: -0.5 },
  postalCode: { same: 4, differs: -1 },
} as const
/** Odds against one record among tens of thousands. */
const PRIOR_BITS = -15
const CERTAIN_BITS = 10
const PROBABLE_BITS = 4
const POSSIBLE_BITS = -3

/** How one record stands to what is wanted; null when it is nobody to look at. */
function grade(wanted: Wanted, resource: FhirResource): Candidate | null {
  const have = wantedIn(resource)
  const compared = {
    identifier: sharesIdentifier(wanted, have),
    family: compare(wanted.family, have.family, (a, b) => a.some((one) => b.includes(one))),
    given: compare(wanted.given, have.given, sameGiven),
    birthDate: compareDates(wanted.birthDate, have.birthDate),
    gender:
      wanted.gender === '' || have.gender === '' || isUnsaid(wanted.gender) || isUnsaid(have.gender)
        ? null
        : wanted.gender === have.gender,
    phone: compare(wanted.phones, have.phones, (a, b) => a.some((one) => b.includes(one))),
    postalCode: compare(
      [wanted.postalCode].filter(Boolean),
      [have.postalCode].filter(Boolean),
      (a, b) => a[0] === b[0],
    ),
  }
  const bits =
    PRIOR_BITS +
    (compared.identifier ? BITS.identifier : 0) +
    bitsOf(compared.family, BITS.family) +
    bitsOf(compared.given, BITS.given) +
    (compared.birthDate === null ? 0 : BITS.birthDate[compared.birthDate]) +
    bitsOf(compared.gender, BITS.gender) +
    bitsOf(compared.phone, BITS.phone) +
    bitsOf(compared.postalCode, BITS.postalCode)
  if (bits < POSSIBLE_BITS) return null
  // A number can be mistyped and two people can share a name: neither is certain alone (patient-matching.md §6).
  const agrees = compared.birthDate === 'same' && (compared.family === true || compared.given === true)
  const contradicts =
    compared.birthDate === 'differs' || compared.gender === false || compared.given === false
  const isCertain = bits >= CERTAIN_BITS && compared.identifier && agrees && !contradicts
  return {
    resource,
    grade: isCertain ? 'certain' : bits >= PROBABLE_BITS && !contradicts ? 'probable' : 'possible',
    score: Math.round((1 / (1 + 2 ** -bits)) * 10_000) / 10_000,
  }
}

const isUnsaid = (gender: string): boolean => gender === 'unknown' || gender === 'other'

/** The same number of the same system; a number without a system names nobody for certain. */
const sharesIdentifier = (wanted: Wanted, have: Wanted): boolean =>
  wanted.identifiers.some(({ system, value }) =>
    have.identifiers.some(
      (one) => one.value.toUpperCase() === value.toUpperCase() && system !== '' && one.system === system,
    ),
  )

function compare(
  wanted: readonly string[],
  have: readonly string[],
  same: (a: readonly string[], b: readonly string[]) => boolean,
): boolean | null {
  return wanted.length === 0 || have.length === 0 ? null : same(wanted, have)
}

/** The first given names, or an initial of one. */
function sameGiven([a = '']: readonly string[], [b = '']: readonly string[]): boolean {
  return a === b || (Math.min(a.length, b.length) === 1 && a[0] === b[0])
}

function compareDates(a: string, b: string): 'same' | 'near' | 'differs' | null {
  if (a.length !== 10 || b.length !== 10) return null
  if (a === b) return 'same'
  const [x, y] = [a.split('-'), b.split('-')]
  const isSwapped = x[0] === y[0] && x[1] === y[2] && x[2] === y[1]
  const off = [...a].filter((sign, n) => sign !== b[n]).length
  return isSwapped || off === 1 ? 'near' : 'differs'
}

const bitsOf = (same: boolean | null, { same: yes, differs }: { same: number; differs: number }): number =>
  same === null ? 0 : same ? yes : differs

const MATCH_GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade'

/** The search member of a Bundle entry. */
export const matchSearch = ({ grade: valueCode, score }: Candidate): Record<string, unknown> => ({
  extension: [{ url: MATCH_GRADE, valueCode }],
  mode: 'match',
  score,
})

const invalid = (place: string, reason: string): IntegrationError =>
  new IntegrationError('REQUEST_INVALID', { place, reason })
