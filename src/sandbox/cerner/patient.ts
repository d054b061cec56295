import { BOOKABLE } from './offers.ts'
import type { Base, Parameter, Room, SearchRule } from './base.ts'
import { CMRN_SYSTEM, MRN_SYSTEM } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { invalidRequest, unprocessable } from './outcomes.ts'
import { tenDigits, TWIN, type Card, type Wanted } from './patient-index.ts'
import { combinedPatient, NO_EXTRAS, patientResource, type Extras } from './patient-resource.ts'
import { createPatient, patchPatient } from './patient-write.ts'
import type { Query } from './query.ts'

/** How often a patient's record changed, and what was written beyond the person's own fields. */
export interface PatientNotes {
  readonly changes: number
  readonly changedAt: number
  readonly extras: Extras
  readonly createdAt: number | null
}

export interface PatientRoom extends Room {
  /** The person was changed elsewhere: a new version. */
  touch(n: number): void
  byNumber(n: number): Versioned
}

const anyOf =
  "Either the '_id' parameter, or a combination of 'identifier', 'birthdate', 'name', 'given', 'family', 'address-postalcode', 'phone', or 'email' parameters must be provided."
const parameter = (name: string, type: Parameter['type'], says: string): Parameter => ({
  name,
  type,
  documentation: `${says} ${anyOf}`,
})

export const PATIENT_SEARCH: SearchRule = {
  parameters: [
    parameter('_id', 'token', 'A single or comma separated list of Patient ids.'),
    parameter('identifier', 'token', 'A patient identifier.'),
    parameter('name', 'string', 'The beginning of any name of the patient.'),
    parameter('given', 'string', 'The beginning of the given name of the patient.'),
    parameter('family', 'string', 'The beginning of the family name of the patient.'),
    parameter('address-postalcode', 'string', 'The postal code of the address of the patient.'),
    parameter('birthdate', 'date', 'The date of birth of the patient.'),
    parameter('phone', 'token', 'The value of the phone number of the patient.'),
    parameter('email', 'token', 'The value of the email address of the patient.'),
    parameter('gender', 'token', 'The gender of the patient. Never alone.'),
    parameter('_count', 'number', 'The maximum number of results to return.'),
  ],
  required: [
    '_id',
    'identifier',
    'name',
    'family',
    'given',
    'birthdate',
    'phone',
    'email',
    'address-postalcode',
  ],
  count: { otherwise: 20, most: 100 },
  revinclude: ['Provenance:target'],
}

/** More matches than this are refused. */
const TOO_MANY = 1000

export function patientRoom(base: Base): PatientRoom {
  const { patients, clock } = base
  const notes = new Map<number, PatientNotes>()
  const plain = (n: number): PatientNotes => {
    const since = patients.registeredAt(n)
    return { changes: 0, changedAt: since, extras: NO_EXTRAS, createdAt: null }
  }
  const byCard = (card: Card): Versioned | null => {
    const person = patients.person(card)
    if (person === undefined) return null
    const n = card % TWIN
    const since = patients.registeredAt(n)
    const into = patients.mergedInto(card)
    if (into !== undefined) {
      const main = patients.person(into)
      return {
        resource: combinedPatient(person, main?.personId ?? '', since),
        version: '1',
        lastUpdated: since,
      }
    }
    const note = (card >= TWIN ? undefined : notes.get(n)) ?? plain(n)
    const kin = person.nextOfKin === null ? undefined : patients.person(person.nextOfKin.person)
    const facts = {
      person,
      tenant: base.tenant,
      extras: note.extras,
      since: note.createdAt ?? since,
      version: String(note.changes),
      lastUpdated: note.changedAt,
      provider: BOOKABLE.find((one) => one.id === person.primaryProvider) ?? null,
      kin: kin ?? null,
    }
    return { resource: patientResource(facts), version: facts.version, lastUpdated: facts.lastUpdated }
  }
  const read = (id: string): Versioned | null => {
    const card = patients.cardOf(id)
    return card === undefined ? null : byCard(card)
  }
  const byNumber = (n: number): Versioned => {
    const found = byCard(n)
    if (found === null) throw new RangeError('no such person')
    return found
  }
  const keep = (n: number, extras: Extras, before: Versioned | null): Versioned => {
    const old = notes.get(n)
    const changes = before === null ? 0 : (old?.changes ?? 0) + 1
    const createdAt = before === null ? clock.now() : (old?.createdAt ?? null)
    notes.set(n, { changes, changedAt: clock.now(), extras, createdAt })
    patients.touch(n)
    base.charts.forget(n)
    const now = byNumber(n)
    const verb = before === null ? 'create' : 'update'
    base.overlay.tell({ type: 'Patient', id: String(now.resource.id), verb, now, before })
    return now
  }

  return {
    type: 'Patient',
    verbs: ['read', 'search', 'create', 'patch'],
    search: PATIENT_SEARCH,
    read,
    byNumber,
    touch(n) {
      const old = notes.get(n) ?? plain(n)
      notes.set(n, { ...old, changes: old.changes + 1, changedAt: clock.now() })
      patients.touch(n)
      base.charts.forget(n)
    },
    find(query) {
      const cards = patients.find(wantedBy(query), TOO_MANY)
      if (cards.length > TOO_MANY) throw unprocessable()
      return inNameOrder(base, cards)
    },
    create(body: Resource) {
      const { change, extras } = createPatient(base, body)
      const n = patients.admit(change)
      return keep(n, extras, null)
    },
    patch(now, operations) {
      const n = patients.numberOf(String(now.resource.id))
      if (n === undefined) throw unprocessable()
      const old = notes.get(n) ?? plain(n)
      const { change, extras } = patchPatient(base, n, now.resource, operations, old.extras)
      base.world.amend(n, change)
      return keep(n, extras, now)
    },
  }
}

function inNameOrder({ patients }: Base, cards: readonly Card[]): string[] {
  const people = cards.flatMap((card) => patients.person(card) ?? [])
  const key = (one: (typeof people)[number]): string => `${one.family}\t${one.given}\t${one.personId}`
  return people
    .map((one) => [key(one), one.personId] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, id]) => id)
}

function wantedBy(query: Query): Wanted {
  const single = (name: string): string | undefined => {
    const value = query.one(name) ?? query.one(`${name}:exact`) ?? undefined
    // One value of each; a comma would be a list.
    if (value?.includes(',') === true) throw invalidRequest()
    return value
  }
  const [name, family, given] = [single('name'), single('family'), single('given')]
  if (name !== undefined && (family !== undefined || given !== undefined)) throw invalidRequest()
  const phone = single('phone')
  const email = single('email')
  const postalCode = single('address-postalcode')
  const exact = ['name', 'family', 'given'].some((one) => query.has(`${one}:exact`))
  const sex = sexOf(query)
  return {
    ...identifierWanted(query),
    ...(name === undefined ? {} : { name }),
    ...(family === undefined ? {} : { family }),
    ...(given === undefined ? {} : { given }),
    ...(exact ? { exact } : {}),
    ...birthWanted(query),
    ...(phone === undefined ? {} : { phone: tenDigits(phone) }),
    ...(email === undefined ? {} : { email }),
    ...(postalCode === undefined ? {} : { postalCode }),
    ...(sex === undefined ? {} : { sex }),
  }
}

const SEX: Readonly<Record<string, string>> = { female: 'F', male: 'M', other: 'O', unknown: 'U' }

function sexOf(query: Query): string | undefined {
  const gender = query.one('gender')
  if (gender === null) return undefined
  const sex = SEX[gender]
  if (sex === undefined) throw invalidRequest()
  return sex
}

const SSN_SYSTEMS = new Set(['http://hl7.org/fhir/sid/us-ssn', 'urn:oid:2.16.840.1.113883.4.1'])
const NOBODY = '-'

/** A bare code may be a medical record number; a number of another system belongs to nobody here. */
function identifierWanted(query: Query): Wanted {
  const tokens = query.tokens('identifier')
  const [token] = tokens ?? []
  if (tokens === null) return {}
  if (token === undefined || tokens.length > 1 || token.code === '') throw invalidRequest()
  if (token.system === null || token.system === MRN_SYSTEM) return { mrn: token.code }
  if (token.system === CMRN_SYSTEM) return { cmrn: token.code }
  return SSN_SYSTEMS.has(token.system) ? { ssn: token.code.replace(/-/g, '') } : { mrn: NOBODY }
}

/** `birthdate` is a date without a time, once, or twice as `ge` and `le`. */
function birthWanted(query: Query): Wanted {
  const range = query.range('birthdate', 'never')
  if (range === null) return {}
  const from = range.from === -Infinity ? undefined : new Date(range.from).toISOString().slice(0, 10)
  const to = range.to === Infinity ? undefined : new Date(range.to - 1).toISOString().slice(0, 10)
  return {
    ...(from === undefined ? {} : { birthFrom: from }),
    ...(to === undefined ? {} : { birthTo: to }),
  }
}
