/** SMART scopes as Cerner grants them (cerner-fhir-r4.md §2.2). */

export type Persona = 'patient' | 'user' | 'system'
export type ScopeVersion = 'v1' | 'v2'
export type Access = 'read' | 'write'

/** A scope for resources. `rights` are the letters of v2 in the order c r u d s; v1 `read` is `rs`, `write` is `cud`. */
export interface ResourceScope {
  kind: 'resource'
  text: string
  persona: Persona
  /** `Patient`, or `*`, which Cerner drops. */
  type: string
  rights: string
  version: ScopeVersion
}

export type Scope =
  ResourceScope | { kind: 'launch'; text: string; context: string | null } | { kind: 'other'; text: string }

const RESOURCE = /^(patient|user|system)\/([A-Z][A-Za-z]*|\*)\.(read|write|\*|c?r?u?d?s?)$/
const V1_RIGHTS: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

/** Reads one scope; anything is one, what is not known is `other`. */
export function parseScope(text: string): Scope {
  if (text === 'launch') return { kind: 'launch', text, context: null }
  if (text.startsWith('launch/')) return { kind: 'launch', text, context: text.slice('launch/'.length) }
  const [, persona, type, access] = RESOURCE.exec(text) ?? []
  if (persona === undefined || type === undefined || access === undefined || access === '')
    return { kind: 'other', text }
  const v1 = V1_RIGHTS[access]
  return {
    kind: 'resource',
    text,
    persona: persona as Persona,
    type,
    rights: v1 ?? access,
    version: v1 === undefined ? 'v2' : 'v1',
  }
}

/** Splits what was granted. Cerner separates by one space; other servers by more, which is tolerated here. */
export const parseScopes = (text: string): Scope[] =>
  text
    .split(/\s+/)
    .filter((one) => one !== '')
    .map(parseScope)

/** Writes a scope in the syntax of the app: `system/Patient.read` or `system/Patient.rs`. */
export function scopeFor(need: {
  persona: Persona
  type: string
  access: Access
  version: ScopeVersion
}): string {
  const { persona, type, access, version } = need
  const rights = version === 'v1' ? access : access === 'read' ? 'rs' : 'cu'
  return `${persona}/${type}.${rights}`
}

/** True when what was granted includes every right of the scope. */
export function covers(granted: readonly Scope[], asked: Scope): boolean {
  if (asked.kind !== 'resource') return granted.some(({ text }) => text === asked.text)
  const held = granted
    .filter((one) => one.kind === 'resource')
    .filter(({ persona, type }) => persona === asked.persona && (type === asked.type || type === '*'))
    .map(({ rights }) => rights)
    .join('')
  // A v1 app that asks to write gets the right to delete only where Cerner has it (Coverage), so `d` is not insisted on.
  const wanted = [...asked.rights].filter((letter) => letter !== 'd' || asked.version === 'v2')
  return wanted.every((letter) => held.includes(letter))
}

export interface ScopeDifference {
  missing: readonly string[]
  /** Granted without being asked for. */
  extra: readonly string[]
  /** Why scopes may be missing, where it can be told from their form. */
  because: readonly ('other-syntax' | 'wildcard' | 'comma')[]
}

/**
 * Compares what was asked with what was granted. Cerner drops silently what the app is not registered for: scopes of
 * the other syntax, wildcards, what the tenant has not enabled.
 */
export function compareScopes(asked: readonly string[], granted: string): ScopeDifference {
  const held = parseScopes(granted)
  const wanted = asked.map(parseScope)
  const missing = wanted.filter((scope) => !covers(held, scope))
  const known = new Set(asked)
  return {
    missing: missing.map(({ text }) => text),
    extra: held.filter(({ text }) => !known.has(text) && !coveredBy(wanted, text)).map(({ text }) => text),
    because: reasonsOf(missing, held),
  }
}

const coveredBy = (wanted: readonly Scope[], text: string): boolean => covers(wanted, parseScope(text))

function reasonsOf(missing: readonly Scope[], held: readonly Scope[]): ScopeDifference['because'] {
  const versions = new Set(held.flatMap((one) => (one.kind === 'resource' ? [one.version] : [])))
  const found = new Set<ScopeDifference['because'][number]>()
  for (const scope of missing) {
    if (scope.text.includes(',')) found.add('comma')
    if (scope.kind !== 'resource') continue
    if (scope.type === '*') found.add('wildcard')
    if (versions.size > 0 && !versions.has(scope.version)) found.add('other-syntax')
  }
  return [...found]
}

export interface ScopeUse {
  type: string
  access: Access
  /** What the product does with it. */
  for: string
  /** What an analyst sees when it is missing. */
  without: string
}

const use = (type: string, access: Access, purpose: string, without: string): ScopeUse => ({
  type,
  access,
  for: purpose,
  without,
})

/** Every scope the product can ask for: what it is for, and what does not work without it. */
// prettier-ignore
export const SCOPE_USES: readonly ScopeUse[] = [
  use('Patient', 'read', 'find and read patients', 'No patient can be found, read or pulled.'),
  use('Patient', 'write', 'register patients and change demographics', 'New patients and changed addresses stay here.'),
  use('Appointment', 'read', 'pull the shared schedule', 'Appointments made at Cerner do not appear.'),
  use('Appointment', 'write', 'book, move, cancel and check in', 'Bookings made here do not reach Cerner.'),
  use('Slot', 'read', 'show free times', 'No free times are offered, so nothing can be booked.'),
  use('Schedule', 'read', 'tell whose free times they are', 'Free times come without the name of the provider.'),
  use('Encounter', 'read', 'pull visits', 'Visits do not appear with the patient.'),
  use('Observation', 'read', 'pull results and vital signs', 'Results and vital signs do not appear.'),
  use('Observation', 'write', 'chart vital signs at Cerner', 'Vital signs taken here stay here.'),
  use('DiagnosticReport', 'read', 'pull reports', 'Results come without the report they belong to.'),
  use('DocumentReference', 'read', 'list documents', 'Documents do not appear.'),
  use('DocumentReference', 'write', 'file documents at Cerner', 'Documents written here stay here.'),
  use('Binary', 'read', 'open documents', 'Documents are listed and cannot be opened.'),
  use('Practitioner', 'read', 'name providers', 'Providers appear as numbers.'),
  use('Location', 'read', 'name places', 'Places appear as numbers.'),
  use('Organization', 'read', 'name organizations', 'Payers and departments appear as numbers.'),
  use('Coverage', 'read', 'pull insurance', 'Insurance is not brought over for claims.'),
  use('AllergyIntolerance', 'read', 'pull allergies', 'Allergies do not appear in the chart.'),
  use('Condition', 'read', 'pull problems and diagnoses', 'Problems do not appear in the chart.'),
  use('MedicationRequest', 'read', 'pull medications', 'Medications do not appear in the chart.'),
  use('Immunization', 'read', 'pull immunizations', 'Immunizations do not appear in the chart.'),
  use('Group', 'read', 'load the first data in one export', 'The first load goes patient by patient.'),
]

/** The use of a scope, by its type and right; undefined for what the product never asks for. */
export const useOf = (type: string, access: Access): ScopeUse | undefined =>
  SCOPE_USES.find((row) => row.type === type && row.access === access)

/**
 * The scopes that uses need, each once and in the order of the table. A document needs `Binary` beside its reference.
 */
export function scopesFor(
  uses: readonly { type: string; access: Access }[],
  app: { persona: Persona; version: ScopeVersion },
): string[] {
  const wanted = new Set(uses.map(({ type, access }) => `${type}.${access}`))
  if (wanted.has('DocumentReference.read')) wanted.add('Binary.read')
  const known = SCOPE_USES.filter(({ type, access }) => wanted.delete(`${type}.${access}`))
  const others = [...wanted].map((text) => ({
    type: text.split('.')[0] ?? '',
    access: text.split('.')[1] as Access,
  }))
  return [...known, ...others].map(({ type, access }) => scopeFor({ ...app, type, access }))
}
