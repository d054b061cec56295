import { verifyAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import type { ExchangeHead, RecordDocument } from '../../src/model/document.ts'
import { rowsOf, valueOf } from '../../src/model/document.ts'
import { RECORD_TYPES } from '../../src/model/fields.ts'
import type { RecordType } from '../../src/model/fields.ts'
import type { Observation } from '../../src/model/values.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { nameOf, phoneOf, streetOf, unitOf } from './clinic.ts'
import type { Expected, LoadMessage } from './clinic.ts'

export interface OpenedStore {
  database: Database
  vault: Vault
}

interface ExchangeRow {
  id: string
  duplicate_of: string | null
  state: string | null
  sealed_head: Buffer
  sealed_raw: Buffer
}

interface RecordRow {
  id: string
  patient_id?: string | null
  sealed: Buffer
}

interface KnownRecord {
  id: string
  patientId: string | null
  document: RecordDocument
}

const NO_ID = '00000000-0000-0000-0000-000000000000'
const PAGE = 2000
const SHOWN = 20

/**
 * What the store holds against what the sender was told, exchange by exchange and field by field. Exchanges are read
 * once each and remembered, so a message that shows up a second time in a later round is found too.
 */
export class Ledger {
  readonly violations: string[] = []
  duplicates = 0
  readonly #exchanges = new Map<string, string>()
  readonly #records = new Map<string, KnownRecord>()
  #lastId = NO_ID
  #lastChange = new Date(0)

  /** Reads what is new since the last time, and checks all of it. The queue must be empty. */
  async check(
    store: OpenedStore,
    sent: { acknowledged: ReadonlyMap<string, LoadMessage>; expected: readonly Expected[] },
  ): Promise<void> {
    const { rows } = await store.database.query<{ now: Date; jobs: number }>(
      'select now(), (select count(*)::int from job) as jobs',
    )
    if (rows[0]?.jobs !== 0) this.#report(`${rows[0]?.jobs} jobs are still owed`)
    await this.#readExchanges(store, sent.acknowledged)
    for (const controlId of sent.acknowledged.keys()) {
      if (!this.#exchanges.has(controlId)) this.#report(`${controlId} was acknowledged and is not in the log`)
    }
    for (const type of RECORD_TYPES) await this.#readRecords(store, type)
    this.#checkPatients(sent.expected)
    this.#checkOrders(sent.expected)
    this.#checkAppointments(sent.expected)
    this.#lastChange = new Date(rows[0]?.now ?? 0)
    const audit = await verifyAudit(store.database)
    if (!audit.ok) this.#report(`the audit trail is broken at row ${audit.brokenAt ?? 0}`)
  }

  async #readExchanges(
    { database, vault }: OpenedStore,
    sent: ReadonlyMap<string, LoadMessage>,
  ): Promise<void> {
    for (;;) {
      const { rows } = await database.query<ExchangeRow>(
        `select e.id, e.duplicate_of, o.state, e.sealed_head, e.sealed_raw from exchange e
         left join exchange_outcome o on o.practice_id = e.practice_id and o.exchange_id = e.id
         where e.id > $1 order by e.id limit ${PAGE}`,
        [this.#lastId],
      )
      for (const row of rows) this.#exchange(row, vault, sent)
      this.#lastId = rows.at(-1)?.id ?? this.#lastId
      if (rows.length < PAGE) return
    }
  }

  #exchange(row: ExchangeRow, vault: Vault, sent: ReadonlyMap<string, LoadMessage>): void {
    const raw = vault.open(`exchange/raw/${row.id}`, row.sealed_raw)
    const head = JSON.parse(vault.openText(`exchange/head/${row.id}`, row.sealed_head)) as ExchangeHead
    const { controlId } = head
    const bytes = sent.get(controlId)?.bytes
    if (!bytes) {
      // The front of a frame that the kill cut in two is kept and parked, and the whole message came after it.
      if (row.state === 'parked' && head.reply === null) return
      this.#report(`${controlId || row.id} is in the log and was never acknowledged`)
      return
    }
    if (row.state === 'parked' && raw.length < bytes.length) return
    if (!raw.equals(bytes)) this.#report(`${controlId} is in the log with other bytes than were sent`)
    if (row.duplicate_of !== null) {
      this.duplicates += 1
      if (row.state !== 'duplicate')
        this.#report(`${controlId} is a repeat in state ${row.state ?? 'received'}`)
      return
    }
    if (this.#exchanges.has(controlId)) this.#report(`${controlId} is in the log twice`)
    this.#exchanges.set(controlId, row.id)
    if (row.state !== 'applied') this.#report(`${controlId} is ${row.state ?? 'received'}, not applied`)
  }

  #checkPatients(all: readonly Expected[]): void {
    for (const { mrn, count } of all.flatMap(({ patients }) => [...patients.values()])) {
      const document = this.#find('patient', mrn)?.document
      if (!document) continue
      const fields = {
        first_name: nameOf(count),
        last_name: `FAMILY${mrn}`,
        'address.line1': streetOf(count),
        'address.line2': unitOf(count),
        phone_home: phoneOf(count),
      }
      for (const [field, value] of Object.entries(fields)) {
        if (valueOf(document, field) !== value)
          this.#report(`${mrn} ${field} is not what message ${count} said`)
      }
    }
  }

  #checkOrders(all: readonly Expected[]): void {
    for (const { id, status, value } of all.flatMap(({ orders }) => [...orders.values()])) {
      const document = this.#find('report', id)?.document
      if (!document) continue
      const [line, ...more] = rowsOf<Observation>(document, 'observations')
      if (more.length > 0) this.#report(`report ${id} has ${more.length + 1} results of one test`)
      if (valueOf(document, 'status') !== status) this.#report(`report ${id} is not ${status}`)
      if (Number(line?.quantity?.value) !== value)
        this.#report(`report ${id} does not hold the value of message ${value}`)
    }
  }

  #checkAppointments(all: readonly Expected[]): void {
    for (const { id, status, startTime } of all.flatMap(({ appointments }) => [...appointments.values()])) {
      const record = this.#find('appointment', id)
      if (!record) continue
      const start = String(valueOf(record.document, 'start_time'))
      if (valueOf(record.document, 'status') !== status) this.#report(`appointment ${id} is not ${status}`)
      if (Date.parse(start) !== Date.parse(startTime))
        this.#report(`appointment ${id} does not start at ${startTime}`)
      if (record.patientId === null) this.#report(`appointment ${id} has no patient`)
    }
  }

  /** Reads the records written since the last check. A second record of one number is told. */
  async #readRecords({ database, vault }: OpenedStore, type: RecordType): Promise<void> {
    const { rows } = await database.query<RecordRow>(
      `select id, sealed${type === 'patient' ? '' : ', patient_id'} from ${type} where updated_at >= $1`,
      [this.#lastChange],
    )
    for (const row of rows) {
      const document = JSON.parse(vault.openText(`${type}/${row.id}`, row.sealed)) as RecordDocument
      const name = String(valueOf(document, 'external_id'))
      const known = this.#records.get(`${type}/${name}`)
      if (known && known.id !== row.id) this.#report(`there are two records of ${type} ${name}`)
      this.#records.set(`${type}/${name}`, { id: row.id, document, patientId: row.patient_id ?? null })
    }
  }

  #find(type: RecordType, name: string): KnownRecord | undefined {
    const record = this.#records.get(`${type}/${name}`)
    if (!record) this.#report(`there is no record of ${type} ${name}`)
    return record
  }

  #report(what: string): void {
    if (this.violations.length < SHOWN) this.violations.push(what)
    else if (this.violations.length === SHOWN) this.violations.push('and more')
  }
}
