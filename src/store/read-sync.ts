import type { Page } from '../contract/common.ts'
import type { DriftDetail, DriftItem, DriftReport, SyncRun, SyncStep } from '../contract/sync.ts'
import { exchangeErrorOf } from './exchange-error.ts'
import { driftOfRuns, listDrift, readDrift } from './drift.ts'
import type { DriftRow } from './drift.ts'
import { openerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { cursorOf, idOfCursor, instantOf, instantOrNull } from './reading.ts'
import type { ReadStore } from './reading.ts'
import { readRun, readRuns } from './sync.ts'
import type { RunRow } from './sync.ts'

/** Pulls, newest first. */
export async function listSyncRuns(
  store: ReadStore,
  query: {
    connection_id?: string | undefined
    state?: string | undefined
    limit: number
    cursor?: string | undefined
  },
): Promise<Page<SyncRun>> {
  const opener = await openerOf(store)
  const before = idOfCursor(query.cursor) ?? null
  const filter = { connectionId: query.connection_id ?? null, state: query.state ?? null, before }
  const rows = await readRuns(store.database, { ...filter, limit: query.limit + 1 })
  const shown = rows.slice(0, query.limit)
  const drift = await driftOfRuns(
    store.database,
    shown.map((row) => row.id),
  )
  const items = shown.map((row) => runOf(row, opener, drift))
  const last = shown.at(-1)
  return { items, next: rows.length > query.limit && last ? cursorOf(last.id) : null }
}

export async function readSyncRun(store: ReadStore, id: string): Promise<SyncRun | undefined> {
  const row = await readRun(store.database, id)
  if (!row) return undefined
  const [opener, drift] = await Promise.all([openerOf(store), driftOfRuns(store.database, [id])])
  return runOf(row, opener, drift)
}

function runOf(row: RunRow, { names }: Opener, drift: ReadonlyMap<string, string>): SyncRun {
  const steps: SyncStep[] = Object.entries(row.progress).map(([resource, step]) => ({ resource, ...step }))
  const seen = steps.reduce((sum, step) => sum + step.seen, 0)
  const startedAt = instantOf(row.started_at)
  const finishedAt = instantOrNull(row.finished_at)
  const seconds = (Date.parse(finishedAt ?? new Date().toISOString()) - Date.parse(startedAt)) / 1000
  return {
    id: row.id,
    connection_id: row.connection_id,
    connection_name: names.of(row.connection_id).name,
    kind: row.kind,
    state: row.state,
    asked_by: row.asked_by,
    started_at: startedAt,
    finished_at: finishedAt,
    steps,
    seen,
    changed: steps.reduce((sum, step) => sum + step.changed, 0),
    per_second: seconds > 0 ? Math.round((seen / seconds) * 10) / 10 : 0,
    error: row.error_code
      ? { code: row.error_code, place: row.error_place, ...saidOf(row.error_code, row.error_place) }
      : null,
    drift_id: drift.get(row.id) ?? null,
  }
}

function saidOf(code: string, place: string | null): { says: string; todo: string } {
  const { says, todo } = exchangeErrorOf(code, place)
  return { says, todo }
}

/** Drift reports, newest first. */
export async function listDriftReports(
  store: ReadStore,
  query: { connection_id?: string | undefined; limit: number; cursor?: string | undefined },
): Promise<Page<DriftReport>> {
  const opener = await openerOf(store)
  const before = idOfCursor(query.cursor) ?? null
  const filter = { connectionId: query.connection_id ?? null, before, limit: query.limit + 1 }
  const rows = await listDrift(store.database, filter)
  const shown = rows.slice(0, query.limit)
  const last = shown.at(-1)
  return {
    items: shown.map((row) => reportOf(row, opener)),
    next: rows.length > query.limit && last ? cursorOf(last.id) : null,
  }
}

/** @param showValues false keeps the fields and leaves out what they say */
export async function readDriftReport(
  store: ReadStore,
  id: string,
  { showValues }: { showValues: boolean },
): Promise<DriftDetail | undefined> {
  const row = await readDrift(store.database, id)
  if (!row) return undefined
  const items = JSON.parse(store.vault.openText(`drift_report/${id}`, row.sealed_items)) as DriftItem[]
  const shown = showValues
    ? items
    : items.map((item) => ({
        ...item,
        title: item.resource,
        fields: item.fields.map(({ field }) => ({ field, here: null, there: null })),
      }))
  return { ...reportOf(row, await openerOf(store)), items: shown }
}

const reportOf = (row: DriftRow, { names }: Opener): DriftReport => ({
  id: row.id,
  run_id: row.run_id,
  connection_id: row.connection_id,
  connection_name: names.of(row.connection_id).name,
  at: instantOf(row.at),
  compared: row.counts.reduce((sum, one) => sum + one.same + one.differs + one.only_there, 0),
  counts: row.counts,
})
