import { setTimeout as sleep } from 'node:timers/promises'
import { cernerSettings } from '../../connectors/cerner/definition.ts'
import type { Action, CernerSettingsInput } from '../../connectors/cerner/definition.ts'
import { roadOf } from '../../connectors/cerner/roads.ts'
import type { CernerRoad, FhirResource, LostWrite, Read, Written } from '../../connectors/cerner/port.ts'
import { tenantOf } from '../../connectors/cerner/tenant.ts'
import type { LiveEvent } from '../../contract/metrics.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import type { MappedMessage } from '../../model/statement.ts'
import type { RecordType } from '../../model/fields.ts'
import { valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { Identifier } from '../../model/values.ts'
import { parseResource } from '../../standards/fhir/json.ts'
import { addConnection } from '../../store/connections.ts'
import { readAppointment } from '../../store/read-appointments.ts'
import { openTestDatabase } from '../../store/test-database.ts'
import type { TestDatabase } from '../../store/test-database.ts'
import { testVault } from '../../store/test-rows.ts'
import type { Vault } from '../../vault/vault.ts'
import { openFold, writeFold } from '../apply.ts'
import type { RunningCerner } from '../connection.ts'
import { Chart } from './chart.ts'
import { Decisions } from './decisions.ts'
import { Outbox } from './outbox.ts'
import type { OutboxOptions } from './outbox.ts'
import { newsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { Registration } from './registration.ts'
import { Scheduling } from './scheduling.ts'
import { writeTurns } from './write-turns.ts'

/** A Cerner in memory, and everything of ours that goes out to it, over a database of its own. People are invented. */

export const START_MS = Date.parse('2026-03-04T18:00:00Z')
export const actor = { name: 'Dana Desk', role: 'front-desk' }

interface Stored {
  resource: FhirResource
  version: number
}

type Fault =
  | { kind: 'throw'; error: Error }
  /** Done there, and the answer lost. */
  | { kind: 'lose' }
  /** Stops until it is told to go on. */
  | { kind: 'hold'; until: Promise<void> }

/** Records by version, with faults that come when they are told to. */
export class FakeCerner implements CernerRoad {
  readonly name = 'fhir'
  readonly records = new Map<string, Stored>()
  readonly takenSlots = new Set<string>()
  /** Every call, in order: `book`, `reschedule A1 v1`. */
  readonly calls: string[] = []
  /** How far Cerner's clock is from ours. */
  skewMs = 0
  /** A search shows what was written only then. */
  isLagging = false
  nowMs = START_MS
  onCall: (call: string) => void = () => undefined
  readonly #faults: { method: string; fault: Fault }[] = []
  #made = 0

  /** The next call of this method goes wrong. */
  fault(method: string, fault: Fault): void {
    this.#faults.push({ method, fault })
  }

  fail(method: string, code: ErrorCode, times = 1): void {
    const at = {
      call: method,
      status: 503,
      place: 'a field',
      host: 'cerner.test',
      reason: 'test',
      from: 'x',
      to: 'y',
    }
    const error = new IntegrationError(code, at)
    for (let n = 0; n < times; n++) this.fault(method, { kind: 'throw', error })
  }

  put(resource: FhirResource): Stored {
    this.nowMs += 1000
    const name = `${resource.resourceType}/${resource.id ?? ''}`
    const version = (this.records.get(name)?.version ?? 0) + 1
    const meta = { versionId: `v${version}`, lastUpdated: new Date(this.nowMs + this.skewMs).toISOString() }
    const stored = { resource: { ...resource, meta }, version }
    this.records.set(name, stored)
    return stored
  }

  /** A clerk at Cerner changes a record. */
  edit(name: string, change: Record<string, unknown>): Read {
    const { resource } = this.#get(name)
    this.put({ ...resource, ...change })
    return this.readOf(name)
  }

  readOf(name: string): Read {
    const { resource, version } = this.#get(name)
    return { resource, text: JSON.stringify(resource), version: `v${version}` }
  }

  #get(name: string): Stored {
    const found = this.records.get(name)
    if (!found) throw new IntegrationError('FHIR_NOT_FOUND', { call: name })
    return found
  }

  async #call(method: string, detail: string, work: () => Written): Promise<Written> {
    const call = detail === '' ? method : `${method} ${detail}`
    this.calls.push(call)
    this.onCall(call)
    const at = this.#faults.findIndex((one) => one.method === method)
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]?.fault
    if (fault?.kind === 'hold') await fault.until
    if (fault?.kind === 'throw') throw fault.error
    const written = work()
    if (fault?.kind === 'lose') throw new IntegrationError('FHIR_ANSWER_LOST', { call: method })
    return written
  }

  async #readCall(method: string, name: string): Promise<Read> {
    await this.#call(method, name, () => ({ type: '', id: '', version: null, lastModifiedMs: null }))
    return this.readOf(name)
  }

  #written(stored: Stored): Written {
    const { resource, version } = stored
    const { lastUpdated } = resource['meta'] as { lastUpdated: string }
    // Last-Modified has seconds only.
    const lastModifiedMs = Math.floor(Date.parse(lastUpdated) / 1000) * 1000
    return { type: resource.resourceType, id: resource.id ?? '', version: `v${version}`, lastModifiedMs }
  }

  #change(name: string, version: string, change: Record<string, unknown>): Written {
    const stored = this.#get(name)
    if (`v${stored.version}` !== version)
      throw new IntegrationError('FHIR_VERSION_STALE', { call: `PATCH ${name}`, status: 409 })
    return this.#written(this.put({ ...stored.resource, ...change }))
  }

  book: CernerRoad['book'] = (booking) =>
    this.#call('book', '', () => {
      if (this.takenSlots.has(booking.slotId)) throw new IntegrationError('FHIR_SLOT_TAKEN', {})
      this.takenSlots.add(booking.slotId)
      this.#made += 1
      const { patient, start, end, reason, practitioner } = booking
      const provider = practitioner
        ? [
            {
              actor: { reference: `Practitioner/${practitioner.id}`, display: practitioner.display },
              status: 'accepted',
            },
          ]
        : []
      return this.#written(
        this.put({
          resourceType: 'Appointment',
          id: `A${this.#made}`,
          status: 'booked',
          start,
          end,
          slot: [{ reference: `Slot/${booking.slotId}` }],
          participant: [{ actor: { reference: `Patient/${patient.id}` }, status: 'accepted' }, ...provider],
          ...(reason === undefined ? {} : { reasonCode: [{ text: reason }] }),
        }),
      )
    })

  reschedule: CernerRoad['reschedule'] = (id, version, { slotId }) =>
    this.#call('reschedule', `${id} ${version}`, () => {
      const [start, end] = timesOf(slotId)
      return this.#change(`Appointment/${id}`, version, {
        start,
        end,
        slot: [{ reference: `Slot/${slotId}` }],
      })
    })

  cancel: CernerRoad['cancel'] = (id, version, { code, system }) =>
    this.#call('cancel', `${id} ${version}`, () =>
      this.#change(`Appointment/${id}`, version, {
        status: 'cancelled',
        cancelationReason: { coding: [{ system, code }] },
      }),
    )

  setStatus: CernerRoad['setStatus'] = (id, version, status) =>
    this.#call('setStatus', `${id} ${version} ${status}`, () =>
      this.#change(`Appointment/${id}`, version, { status }),
    )

  updatePerson: CernerRoad['updatePerson'] = (id, version, operations) =>
    this.#call('updatePerson', `${id} ${version}`, () => {
      const { resource } = this.#get(`Patient/${id}`)
      return this.#change(`Patient/${id}`, version, patched(resource, operations as Operation[]))
    })

  #create(method: string, resource: FhirResource): Promise<Written> {
    return this.#call(method, '', () => {
      this.#made += 1
      return this.#written(this.put({ ...resource, id: `N${this.#made}` }))
    })
  }

  /** A registration that was sent with `isReviewed`, in order. */
  readonly reviewed: boolean[] = []
  /** It gives the number itself, and keeps nothing of what only says where to enrol. */
  createPerson: CernerRoad['createPerson'] = (resource, how) => {
    this.reviewed.push(how?.isReviewed === true)
    const number = `M${this.#made + 1}`
    const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }]
    const identifier = [{ use: 'usual', type: { coding }, system: 'urn:oid:1.2.3', value: number }]
    return this.#create('createPerson', { ...resource, identifier })
  }
  createObservation: CernerRoad['createObservation'] = (resource, text) =>
    this.#create('createObservation', text === undefined ? resource : parseResource(text))
  createDocument: CernerRoad['createDocument'] = (resource) => this.#create('createDocument', resource)
  readPerson: CernerRoad['readPerson'] = (id) => this.#readCall('readPerson', `Patient/${id}`)
  readAppointment: CernerRoad['readAppointment'] = (id) =>
    this.#readCall('readAppointment', `Appointment/${id}`)

  searchPersons: CernerRoad['searchPersons'] = ({ identifier, family, birthdate }) => {
    this.calls.push('searchPersons')
    const found = [...this.records.keys()].filter((name) => {
      const { resource } = this.#get(name)
      if (!name.startsWith('Patient/')) return false
      if (family !== undefined) return isNamed(resource, family) && resource['birthDate'] === birthdate
      const numbers = (resource['identifier'] ?? []) as { value: string }[]
      return numbers.some(({ value }) => value === identifier)
    })
    return Promise.resolve(found.map((name) => this.readOf(name)))
  }

  slots: FhirResource[] = []
  findSlots: CernerRoad['findSlots'] = () =>
    Promise.resolve(
      this.slots.map((resource) => ({ resource, text: JSON.stringify(resource), version: null })),
    )
  results: CernerRoad['results'] = () => Promise.resolve([])
  documents: CernerRoad['documents'] = () => Promise.resolve([])
  contents = new Map<string, { bytes: Uint8Array; mediaType: string }>()
  content: CernerRoad['content'] = (url) => {
    this.calls.push('content')
    const found = this.contents.get(url)
    return found
      ? Promise.resolve(found)
      : Promise.reject(new IntegrationError('FHIR_NOT_FOUND', { call: 'GET Binary' }))
  }

  lookUp: CernerRoad['lookUp'] = async (lost: LostWrite) => {
    let found: Written | null = null
    await this.#call('lookUp', lost.type, () => {
      if (!this.isLagging) found = this.#find(lost)
      return { type: '', id: '', version: null, lastModifiedMs: null }
    })
    return found
  }

  #find({ type, body }: LostWrite): Written | null {
    for (const stored of this.records.values()) {
      const { resource } = stored
      if (resource.resourceType !== type) continue
      const same = MEMBERS_OF[type] ?? ['code', 'effectiveDateTime']
      if (same.every((member) => JSON.stringify(resource[member]) === JSON.stringify(body[member])))
        return this.#written(stored)
    }
    return null
  }
}

const MEMBERS_OF: Readonly<Partial<Record<LostWrite['type'], string[]>>> = {
  Appointment: ['slot'],
  Patient: ['name', 'birthDate'],
}

const isNamed = (person: FhirResource, family: string): boolean =>
  ((person['name'] ?? []) as { family?: string }[]).some(
    (name) => name.family?.toLowerCase().startsWith(family.toLowerCase()) === true,
  )

interface Operation {
  op: string
  path: string
  value?: unknown
}

/** JSON Patch for the paths that a Patient is changed by; the tests were checked when they were made. */
function patched(resource: FhirResource, operations: readonly Operation[]): Record<string, unknown> {
  const copy = structuredClone(resource) as Record<string, unknown>
  for (const { op, path, value } of operations) {
    if (op === 'test') continue
    const steps = path.split('/').slice(1)
    const last = steps.pop() ?? ''
    let target = copy
    for (const step of steps) target = (target[step] ??= []) as Record<string, unknown>
    if (Array.isArray(target) && last === '-') target.push(value)
    else if (op === 'remove' && Array.isArray(target)) target.splice(Number(last), 1)
    else target[last] = value
  }
  return copy
}

/** Slots of tests are named by their start: `S2026-03-10T15:00:00Z`. They last half an hour. */
export const slotAt = (start: string) => ({
  id: `S${start}`,
  start,
  end: new Date(Date.parse(start) + 30 * 60_000).toISOString(),
  location: null,
  practitioner: null,
})

const timesOf = (slotId: string): [string, string] => [
  slotAt(slotId.slice(1)).start,
  slotAt(slotId.slice(1)).end,
]

export interface OutboundWorld extends AsyncDisposable {
  store: TestDatabase
  vault: Vault
  cerner: FakeCerner
  connection: RunningCerner
  parts: OutboundParts
  scheduling: Scheduling
  chart: Chart
  registration: Registration
  decisions: Decisions
  problems: unknown[]
  remembered: { fields: readonly string[]; rule: string }[]
  clock: { nowMs: number }
  /** A worker of its own; stopped with the world. */
  worker(options?: Partial<OutboxOptions>): Outbox
  patient(number: string, fields?: Record<string, unknown>): Promise<string>
  /** An appointment that Cerner has, as our pull has read it. */
  booked(patientNumber: string, id: string, start: string): Promise<string>
  /** Our pull reads a record of Cerner. */
  pulled(name: string): Promise<ExchangeId>
  /** A clerk changes a record at Cerner, and our pull reads it. */
  edited(name: string, change: Record<string, unknown>): Promise<ExchangeId>
  /** Applies a message as the inbound flow does. */
  news(message: MappedMessage, connectionId?: ConnectionId): Promise<ExchangeId>
  setRules(rules: CernerSettingsInput['rules']): Promise<void>
  appointment(id: string): ReturnType<typeof readAppointment>
  documentOf(type: RecordType, id: string): Promise<RecordDocument>
  field(type: RecordType, id: string, name: string): Promise<unknown>
  /** How an outbound exchange stands. */
  outcome(id: string): Promise<{ state: string; error_code: string | null; error_place: string | null }>
  /** Waits until the exchange stands so. */
  becomes(id: string, state: string): Promise<void>
  rows<R extends object>(sql: string, values?: unknown[]): Promise<R[]>
}

/** @param given a database and its keys that somebody else closes */
export async function openOutboundWorld(
  settings: CernerSettingsInput = {},
  given?: { store: TestDatabase; vault: Vault },
): Promise<OutboundWorld> {
  const store = given?.store ?? (await openTestDatabase({ max: 12 }))
  const { database } = store
  const vault = given?.vault ?? testVault()
  const cerner = new FakeCerner()
  const id = newId<ConnectionId>()
  const parsed = cernerSettings.parse({ fhir: { base: 'http://cerner.test/r4/tenant' }, ...settings })
  const connection: RunningCerner = {
    id,
    name: 'Cerner',
    channel: 'cerner',
    settings: parsed,
    enabled: true,
    version: 1,
  }
  await addConnection(database, {
    id,
    channel: 'cerner',
    name: 'Cerner',
    settings: parsed,
    sealed_secrets: null,
  })
  const clock = { nowMs: START_MS }
  const problems: unknown[] = []
  const remembered: { fields: readonly string[]; rule: string }[] = []
  const parts: OutboundParts = {
    database,
    vault,
    clock: { now: () => clock.nowMs },
    connections: () => [connection],
    roadFor: (_id, action: Action) => {
      roadOf(parsed, action)
      return cerner
    },
  }
  const workers: Outbox[] = []
  const listeners = new Set<(event: LiveEvent) => void>()
  const channel = `practice_studio_${database.practiceId.replaceAll('-', '')}`
  const listening = await database.listen(channel, (payload) => {
    if (payload) for (const listener of listeners) listener(JSON.parse(payload) as LiveEvent)
  })
  const rows: OutboundWorld['rows'] = async (sql, values) => (await database.query<never>(sql, values)).rows
  const world: OutboundWorld = {
    store,
    vault,
    cerner,
    connection,
    parts,
    problems,
    remembered,
    clock,
    rows,
    scheduling: new Scheduling(parts),
    chart: new Chart(parts),
    registration: new Registration(parts),
    decisions: new Decisions(parts, (_id, fields, rule) => {
      remembered.push({ fields, rule })
      return Promise.resolve()
    }),
    worker: (options = {}) => {
      const worker = new Outbox({
        ...parts,
        subscribe: (listener) => {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
        onProblem: (error) => problems.push(error),
        delayMs: () => 5,
        absentAfterMs: 0,
        ...options,
      })
      workers.push(worker)
      worker.start()
      return worker
    },
    patient: async (number, fields = {}) => {
      const source = tenantOf(parsed)
      const keys: Identifier[] = [
        { value: `P${number}`, authority: source, type: 'FHIR' },
        { value: number, authority: 'CERNER', type: 'MR' },
      ]
      const said = { last_name: 'Roe', first_name: 'Jane', date_of_birth: '1980-05-15', ...fields }
      const message: MappedMessage = {
        kind: 'Patient',
        asOf: new Date(START_MS - 3_600_000).toISOString(),
        warnings: [],
        statements: [
          {
            record: 'patient',
            keys,
            effect: 'upsert',
            sets: { identifiers: { rows: keys, place: 'Patient.identifier' } },
            fields: Object.fromEntries(
              Object.entries(said).map(([field, value]) => [field, { value, place: `Patient.${field}` }]),
            ),
          },
        ],
      }
      await world.news(message)
      const found = await rows<{ id: string }>(
        'select id from patient order by created_at desc, id desc limit 1',
      )
      return found[0]?.id ?? ''
    },
    booked: async (patientNumber, appointmentId, start) => {
      cerner.put({
        resourceType: 'Appointment',
        id: appointmentId,
        status: 'booked',
        start,
        end: slotAt(start).end,
        participant: [{ actor: { reference: `Patient/P${patientNumber}` }, status: 'accepted' }],
      })
      await world.pulled(`Appointment/${appointmentId}`)
      const found = await rows<{ id: string }>(
        'select id from appointment order by created_at desc, id desc limit 1',
      )
      return found[0]?.id ?? ''
    },
    edited: (name, change) => {
      cerner.edit(name, change)
      return world.pulled(name)
    },
    pulled: (name) =>
      world.news(newsOf(connection, cerner.readOf(name), new Date(clock.nowMs).toISOString())),
    news: async (message, connectionId = id) => {
      const exchangeId = newId<ExchangeId>()
      await database.tx(async (client) => {
        const fold = await openFold(client, [{ message }], vault)
        fold.fold({ exchangeId, connectionId, message })
        await writeFold(client, fold)
        await writeTurns(client, vault, fold.turns())
      })
      return exchangeId
    },
    setRules: async (rules) => {
      const next = cernerSettings.parse({ ...parsed, rules })
      await rows(`update connection set settings = $2 where id = $1`, [id, JSON.stringify(next)])
    },
    appointment: (appointmentId) => readAppointment({ database, vault }, appointmentId, { showNames: true }),
    documentOf: async (type, recordId) => {
      const [row] = await rows<{ sealed: Buffer }>(`select sealed from ${type} where id = $1`, [recordId])
      return JSON.parse(
        vault.openText(`${type}/${recordId}`, row?.sealed ?? Buffer.alloc(0)),
      ) as RecordDocument
    },
    field: async (type, recordId, name) => valueOf(await world.documentOf(type, recordId), name),
    outcome: async (exchangeId) => {
      const [row] = await rows<{ state: string; error_code: string | null; error_place: string | null }>(
        'select state, error_code, error_place from exchange_outcome where exchange_id = $1',
        [exchangeId],
      )
      if (!row) throw new Error('there is no such exchange')
      return row
    },
    becomes: async (exchangeId, state) => {
      let seen = ''
      for (let n = 0; n < 500; n++) {
        const { state: now, error_code: code } = await world.outcome(exchangeId)
        if (now === state) return
        seen = `${now} ${code ?? ''}`
        await sleep(10)
      }
      throw new Error(
        `the exchange is ${seen}, not ${state}; calls: ${cerner.calls.slice(0, 20).join(', ')}; ${problems.map(String).join('; ')}`,
      )
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.stop()))
      await listening[Symbol.asyncDispose]()
      if (!given) await store[Symbol.asyncDispose]()
    },
  }
  return world
}
