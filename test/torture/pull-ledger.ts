import type { ExchangeHead } from '../../src/model/document.ts'
import type { RecordType } from '../../src/model/fields.ts'
import { verifyAudit } from '../../src/store/audit.ts'
import type { OpenedStore } from './ledger.ts'

/** Where a resource of each type becomes a record. */
const RECORD_OF = {
  Patient: 'patient',
  Appointment: 'appointment',
  Encounter: 'encounter',
  Observation: 'report',
} as const satisfies Record<string, RecordType>
export type PulledType = keyof typeof RECORD_OF
export const PULLED_TYPES = Object.keys(RECORD_OF) as PulledType[]

const PAGE = 2000
const NO_ID = '00000000-0000-0000-0000-000000000000'
const SHOWN = 20

interface ArrivedRow {
  id: string
  kind: string
  sealed_head: Buffer
  sealed_raw: Buffer
}

interface Became {
  type: string
  id: string
}

export interface Checked {
  violations: string[]
  /** Resources the sandbox has and the log has not, by type. */
  missing: Record<string, number>
  /** Exchanges that brought a resource. */
  arrived: number
}

/**
 * What stands in the store against what the sandbox holds: each resource came once in each version, was applied, and is
 * the one record of its id; and no record is there that no resource stands for.
 */
export async function checkPull(
  store: OpenedStore,
  truth: Readonly<Record<string, ReadonlySet<string>>>,
): Promise<Checked> {
  const ledger = new PullLedger(store)
  await ledger.readExchanges()
  await ledger.compare(truth)
  return ledger.result()
}

class PullLedger {
  readonly #store: OpenedStore
  readonly #violations: string[] = []
  readonly #missing: Record<string, number> = {}
  /** `Patient/1 3`: exchange that brought the version. */
  readonly #versions = new Map<string, string>()
  /** `Patient/1`: record that it became. */
  readonly #records = new Map<string, string>()
  /** Which resource a record stands for. */
  readonly #resources = new Map<string, string>()

  constructor(store: OpenedStore) {
    this.#store = store
  }

  result(): Checked {
    return { violations: this.#violations, missing: this.#missing, arrived: this.#versions.size }
  }

  async readExchanges(): Promise<void> {
    const { database } = this.#store
    const becameOf = await this.#readChanges()
    let after = NO_ID
    for (;;) {
      const { rows } = await database.query<ArrivedRow>(
        `select id, kind, sealed_head, sealed_raw from exchange
         where id > $1 and direction = 'in' and channel = 'fhir' order by id limit ${PAGE}`,
        [after],
      )
      const ids = rows.map((row) => row.id)
      const ends = await database.query<{ id: string; state: string }>(
        'select exchange_id as id, state from exchange_outcome where exchange_id = any ($1::uuid[])',
        [`{${ids.join(',')}}`],
      )
      const states = new Map(ends.rows.map((row) => [row.id, row.state]))
      for (const row of rows) this.#arrived(row, states.get(row.id), becameOf.get(row.id) ?? [])
      after = ids.at(-1) ?? after
      if (rows.length < PAGE) return
    }
  }

  /** Records by the exchange that made or changed them. */
  async #readChanges(): Promise<Map<string, Became[]>> {
    const { rows } = await this.#store.database.query<Became & { by: string }>(
      'select exchange_id as by, record_type as type, record_id as id from record_change',
    )
    const becameOf = new Map<string, Became[]>()
    for (const { by, type, id } of rows) becameOf.set(by, [...(becameOf.get(by) ?? []), { type, id }])
    return becameOf
  }

  #arrived(row: ArrivedRow, state: string | undefined, became: readonly Became[]): void {
    const { vault } = this.#store
    const head = JSON.parse(vault.openText(`exchange/head/${row.id}`, row.sealed_head)) as ExchangeHead
    const { id } = JSON.parse(vault.openText(`exchange/raw/${row.id}`, row.sealed_raw)) as { id: string }
    const name = `${row.kind}/${id}`
    const version = `${name} ${head.version}`
    if (this.#versions.has(version)) this.#report(`${version} is in the log twice`)
    this.#versions.set(version, row.id)
    if (state !== 'applied') this.#report(`${name} is ${state ?? 'received'}, not applied`)
    const type = RECORD_OF[row.kind as PulledType]
    for (const record of became) {
      if (record.type !== type) continue
      const known = this.#records.get(name)
      if (known !== undefined && known !== record.id) this.#report(`${name} became two records`)
      const other = this.#resources.get(record.id)
      if (other !== undefined && other !== name) this.#report(`${name} and ${other} are one record`)
      this.#records.set(name, record.id)
      this.#resources.set(record.id, name)
    }
  }

  async compare(truth: Readonly<Record<string, ReadonlySet<string>>>): Promise<void> {
    const { database } = this.#store
    const { rows } = await database.query<{ jobs: number }>('select count(*)::int as jobs from job')
    if (rows[0]?.jobs !== 0) this.#report(`${rows[0]?.jobs} jobs are still owed`)
    for (const type of PULLED_TYPES) await this.#compareType(type, truth[type] ?? new Set())
    const audit = await verifyAudit(database)
    if (!audit.ok) this.#report(`the audit trail is broken at row ${audit.brokenAt ?? 0}`)
  }

  async #compareType(type: PulledType, truth: ReadonlySet<string>): Promise<void> {
    const there = [...truth].filter((id) => !this.#records.has(`${type}/${id}`))
    this.#missing[type] = there.length
    const extra = [...this.#records.keys()].filter(
      (name) => name.startsWith(`${type}/`) && !truth.has(name.slice(type.length + 1)),
    )
    for (const name of extra) this.#report(`${name} is here and not at the sandbox`)
    const { rows } = await this.#store.database.query<{ count: number }>(
      `select count(*)::int as count from ${RECORD_OF[type]}`,
    )
    const records = rows[0]?.count ?? 0
    const known = truth.size - there.length + extra.length
    if (records !== known) this.#report(`${records} records of ${RECORD_OF[type]} for ${known} of ${type}`)
  }

  #report(what: string): void {
    if (this.#violations.length < SHOWN) this.#violations.push(what)
    else if (this.#violations.length === SHOWN) this.#violations.push('and more')
  }
}
