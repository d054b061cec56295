import { IntegrationError } from '../../kernel/errors.ts'
import type { FhirResource } from '../../mapping/map-fhir.ts'
import { queryTokens } from '../../store/patient-tokens.ts'
import { findFacadePatients, listFacadeRows } from '../../store/read-facade.ts'
import type { FacadeRow, Narrow } from '../../store/read-facade.ts'
import { LARGEST_ID } from '../../store/reading.ts'
import type { ReadStore } from '../../store/reading.ts'
import type { Access } from './access.ts'
import { checkPatient } from './access.ts'
import { referenceWanted, testOf } from './conditions.ts'
import { directoryOf, isDirectoryType } from './directory.ts'
import { readDate } from './moments.ts'
import { idsIn } from './query.ts'
import type { Place, Search } from './query.ts'
import { recordIdIn, resourcesIn } from './resources.ts'
import { facadeType } from './types.ts'

export interface SearchPlaces {
  zone: string
  /** Of the façade: `https://…/fhir/R4`. */
  base: string
}

export interface Found {
  resources: FhirResource[]
  /** Where the next page begins; null when there is none. */
  next: Place | null
  /** The patient that the search was about, for the audit trail. */
  patientId: string | null
}

const STEP_ROWS = 200
/** Rows opened for one page; a page of a rare search can be short, or empty, with more behind it. */
const MOST_ROWS = 2000

/**
 * Finds a page of resources, newest record first. The database narrows by what stands in the clear or blind; every
 * condition is then held against the resource itself, so that a page never shows what was not asked for.
 */
export async function search(
  store: ReadStore,
  asked: Search,
  access: Access,
  places: SearchPlaces,
): Promise<Found> {
  const test = testOf(asked.type, asked.conditions, places)
  if (isDirectoryType(asked.type)) {
    const all = (await directoryOf(store.database, asked.type)).filter(test)
    return { ...cut(all, asked), patientId: null }
  }
  const patientId = patientOf(asked, access, places.base)
  const rows = rowsFor(store, asked, patientId, places)
  const found = await walk(asked, rows, (row) => resourcesIn(store.vault, asked.type, row).filter(test))
  return { ...found, patientId: patientId ?? null }
}

function cut(all: readonly FhirResource[], { count, place }: Search): Omit<Found, 'patientId'> {
  const rest = place === null ? all : all.filter(({ id }) => String(id) < place.id)
  const resources = rest.slice(0, count)
  const last = resources.at(-1)
  return { resources, next: rest.length > count && last ? { id: String(last.id), shown: null } : null }
}

/** The one patient a search is about; `undefined` for everybody. @throws LAUNCH_OTHER_PATIENT */
function patientOf(asked: Search, access: Access, base: string): string | undefined {
  const said = asked.conditions
    .filter(({ name, modifier }) => NAMES_PATIENT.has(name) && modifier === '')
    .flatMap(({ name, values }) => values.map((value) => referenceWanted(name, value, base)))
    .filter((one) => one.startsWith('Patient/'))
    .map((one) => one.slice('Patient/'.length))
  if (new Set(said).size > 1)
    throw new IntegrationError('REQUEST_INVALID', {
      place: 'patient',
      reason: 'ask for one patient at a time',
    })
  const [patientId] = said
  if (access.onlyPatient === null) return patientId
  if (patientId !== undefined) checkPatient(access, patientId)
  return access.onlyPatient
}

const NAMES_PATIENT = new Set(['patient', 'subject', 'beneficiary', 'actor'])

type Rows = (before: string, limit: number) => Promise<FacadeRow[]>

function rowsFor(
  { database, vault }: ReadStore,
  asked: Search,
  patientId: string | undefined,
  places: SearchPlaces,
): Rows {
  const { record } = facadeType(asked.type)
  if (record === null) return async () => []
  if (patientId !== undefined && recordIdIn(patientId) !== patientId) return async () => []
  const ids = recordIds(asked, patientId)
  const narrow: Pick<Narrow, 'ids' | 'patientId' | 'start'> = {
    ids: record === 'patient' && patientId !== undefined ? [patientId] : ids,
    patientId,
    start: asked.type === 'Appointment' ? startsIn(asked, places.zone) : undefined,
  }
  const tokens = asked.type === 'Patient' && ids === undefined ? tokenSets(vault, asked) : null
  if (tokens !== null && patientId === undefined) return byTokens(database, tokens)
  return async (before, limit) => {
    const rows = await listFacadeRows(database, record, { ...narrow, before, limit })
    // Rows that were asked for by id may be anybody's.
    return patientId === undefined ? rows : rows.filter((row) => row.patient_id === patientId)
  }
}

function recordIds(asked: Search, patientId: string | undefined): string[] | undefined {
  const ids = idsIn(asked) ?? ownNumbers(asked)
  if (ids === undefined) return undefined
  const records = ids.flatMap((id) => recordIdIn(id) ?? [])
  return patientId !== undefined && facadeType(asked.type).record === 'patient' ? [patientId] : records
}

/** Our own id among the identifiers of a patient: `urn:ietf:rfc:3986|urn:uuid:…`. */
function ownNumbers({ conditions }: Search): string[] | undefined {
  const values = conditions.find(({ name, modifier }) => name === 'identifier' && modifier === '')?.values
  const ids = values?.map((value) => /(?:^|\|)urn:uuid:([0-9a-f-]{36})$/.exec(value)?.[1])
  return ids?.every((one) => one !== undefined) ? ids : undefined
}

const byTokens =
  (database: ReadStore['database'], sets: readonly bigint[][]): Rows =>
  async (before, limit) => {
    const lists = await Promise.all(
      sets.map((tokens) => findFacadePatients(database, tokens, { before, limit })),
    )
    const [only] = lists
    if (lists.length === 1 && only) return only
    const byId = new Map(lists.flat().map((row) => [row.id, row]))
    return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit)
  }

const MOST_SETS = 16

/** Sets of search tokens, one for each choice of alternatives; null when no condition is one of tokens. */
function tokenSets(vault: ReadStore['vault'], { conditions }: Search): bigint[][] | null {
  let sets: bigint[][] | null = null
  for (const { name, modifier, values } of conditions) {
    if (modifier !== '' && modifier !== 'exact') continue
    const choices = values.map((value) => queryTokens(vault, saidBy(name, value)))
    if (choices.some((one) => one === null)) continue
    const crossed: bigint[][] = (sets ?? [[]]).flatMap((set) =>
      choices.map((one) => [...set, ...(one ?? [])]),
    )
    // More choices than this are held against the resources alone.
    if (crossed.length <= MOST_SETS) sets = crossed
  }
  return sets
}

function saidBy(
  name: string,
  value: string,
): { name?: string; date_of_birth?: string; phone?: string; mrn?: string } {
  switch (name) {
    case 'family':
    case 'given':
    case 'name':
      return { name: value }
    case 'identifier': {
      const number = value.slice(value.indexOf('|') + 1)
      // Our own id is no number that is indexed.
      return number === '' || number.startsWith('urn:uuid:') ? {} : { mrn: number }
    }
    case 'birthdate':
      return /^(?:eq)?\d{4}-\d{2}-\d{2}$/.test(value) ? { date_of_birth: value.replace(/^eq/, '') } : {}
    case 'phone':
      return { phone: value }
    default:
      return {}
  }
}

/** A stretch of the schedule that holds everything the date conditions can mean. */
function startsIn({ conditions }: Search, zone: string): { from: string; to: string } | undefined {
  let [from, to] = [-Infinity, Infinity]
  for (const { name, modifier, values } of conditions) {
    const [value] = values
    if (name !== 'date' || modifier !== '' || values.length !== 1 || value === undefined) continue
    const { prefix, stretch } = readDate(name, value, zone)
    if (prefix === 'eq' || prefix === 'ge' || prefix === 'gt' || prefix === 'sa')
      from = Math.max(from, stretch.from)
    if (prefix === 'eq' || prefix === 'le' || prefix === 'lt' || prefix === 'eb')
      to = Math.min(to, stretch.to)
  }
  if (from === -Infinity && to === Infinity) return undefined
  return { from: boundOf(from, '-infinity'), to: boundOf(to, 'infinity') }
}

const boundOf = (ms: number, endless: string): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString() : endless

/** Opens rows until a page is full, the rows are at their end, or enough of them were looked at. */
async function walk(
  { count, place }: Search,
  rowsAfter: Rows,
  resourcesOf: (row: FacadeRow) => FhirResource[],
): Promise<Omit<Found, 'patientId'>> {
  const resources: FhirResource[] = []
  let before = place === null ? LARGEST_ID : place.shown === null ? place.id : after(place.id)
  let skip = place?.shown ?? 0
  for (let looked = 0; looked < MOST_ROWS; looked += STEP_ROWS) {
    const rows = await rowsAfter(before, STEP_ROWS)
    for (const row of rows) {
      const all = resourcesOf(row)
      for (let index = skip; index < all.length; index++) {
        if (resources.length === count) return { resources, next: { id: row.id, shown: index } }
        const one = all[index]
        if (one) resources.push(one)
      }
      skip = 0
      before = row.id
    }
    if (rows.length < STEP_ROWS) return { resources, next: null }
  }
  return { resources, next: { id: before, shown: null } }
}

/** The next greater id, so that a row that was shown in part is read again. */
function after(id: string): string {
  const hex = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
