import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { ExchangeEffect, RecordDocument } from '../model/document.ts'
import { RECORD_TYPES } from '../model/fields.ts'
import type { MappedMessage } from '../model/statement.ts'
import { appendAudit } from '../store/audit.ts'
import type { Queryable } from '../store/columns.ts'
import { putDirectory } from '../store/directory.ts'
import type { DirectoryRow } from '../store/directory.ts'
import { finishJobs, holdLanes, resolveOriginals, writeOutcomes } from '../store/flow.ts'
import type { JobRow, OutcomeRow } from '../store/flow.ts'
import { addKeys, findKeys, loadRecords, noteChanges, writeRecords } from '../store/write-records.ts'
import type { ChangeRow } from '../store/write-records.ts'
import type { Vault } from '../vault/vault.ts'
import { findOpen, lockOpen } from '../store/outbox.ts'
import { Fold, scopeOf, startOf } from './fold.ts'
import type { Folded } from './fold.ts'
import { blindKeys, decideMatch, patientKeys } from './match.ts'
import { openChange } from './outbound/intent.ts'
import { readRules } from './outbound/read-rules.ts'
import { writeTurns } from './outbound/write-turns.ts'
import { naturalKey, Pending, personKey } from './pending.ts'
import { reasonOf } from './read-job.ts'
import type { ApplyContext, ReadJob } from './read-job.ts'

/** What became of one job in a batch that was committed. */
export interface AppliedJob {
  id: ExchangeId
  connectionId: ConnectionId
  kind: string
  state: 'applied' | 'ignored' | 'parked'
  code: ErrorCode | null
  place: string | null
  /** Somebody waits for a reply after applying. */
  waited: boolean
}

/**
 * The steps *match*, *reconcile* and *apply* for a batch, inside one transaction that the caller opened. Everything
 * commits together: records, links, history, audit, outcomes, and the jobs that end.
 *
 * @throws LEASE_LOST when another process holds one of the lanes, or did one of the jobs, or changed one of the
 *   records: the batch is then read and tried again
 */
export async function applyBatch(
  client: Queryable,
  batch: readonly ReadJob[],
  context: ApplyContext,
): Promise<AppliedJob[]> {
  const held = await holdLanes(client, context.owner, context.lanes)
  if (held < context.lanes.length) throw new IntegrationError('LEASE_LOST', {})
  const mapped = batch.filter((one) => one.kind === 'mapped')
  const fold = await openFold(client, mapped, context.vault)
  const applied: AppliedJob[] = []
  const outcomes: OutcomeRow[] = []
  const changes: Omit<ChangeRow, 'version'>[] = []
  const entries: DirectoryRow[] = []

  for (const one of batch) {
    const { job, waited } = one
    const end = (
      state: AppliedJob['state'],
      code: ErrorCode | null,
      place: string | null,
      folded?: Folded,
    ) => {
      applied.push({
        id: job.id,
        connectionId: job.connection_id,
        kind: job.kind,
        state,
        code,
        place,
        waited,
      })
      outcomes.push(outcomeOf(context.vault, job, state, code, place, folded))
    }
    if (one.kind === 'ended') {
      end(one.state, one.code, one.place)
      continue
    }
    if (one.kind === 'directory') {
      entries.push({ ...one.entry, connectionId: job.connection_id, exchangeId: job.id })
      end('applied', null, null)
      continue
    }
    try {
      const input = { exchangeId: job.id, connectionId: job.connection_id, message: one.message }
      const folded = fold.fold(input)
      end('applied', null, null, folded)
      for (const record of folded.changed) {
        changes.push({ recordId: record.id, exchangeId: job.id, type: record.type })
      }
    } catch (error) {
      if (!(error instanceof IntegrationError)) context.onProblem(error)
      const { code, place } = reasonOf(error)
      end('parked', code, place)
    }
  }

  await putDirectory(client, entries)
  const versions = await writeFold(client, fold)
  await writeTurns(client, context.vault, fold.turns())
  const noted = changes.map((change) => ({ ...change, version: versions.get(change.recordId) ?? 0 }))
  if (noted.length > 0) await noteChanges(client, noted)
  await writeOutcomes(client, outcomes)
  const originals = batch.flatMap(({ job }, n) =>
    job.replay_of && applied[n]?.state === 'applied' ? [job.replay_of] : [],
  )
  if (originals.length > 0) await resolveOriginals(client, originals)
  const finished = await finishJobs(
    client,
    batch.map((one) => one.job.id),
  )
  if (finished < batch.length) throw new IntegrationError('LEASE_LOST', {})
  await appendAudit(client, [auditOf(batch, applied, versions.size)], context.clock)
  return applied
}

/** What a message would do, with nothing written; runs in a transaction of its own for one view of the records. */
export async function previewEffect(
  client: Queryable,
  input: { exchangeId: ExchangeId; connectionId: ConnectionId; message: MappedMessage },
  vault: Vault,
): Promise<ExchangeEffect> {
  const fold = await openFold(client, [input], vault)
  return fold.fold(input).effect
}

/** Reads what the store knows of everything the batch names, in two steps: patients, then what is known within them. */
export async function openFold(
  client: Queryable,
  batch: readonly { message: MappedMessage }[],
  vault: Vault,
): Promise<Fold> {
  const fold = new Fold(vault)
  const statements = batch.map(({ message }) => {
    const patient = message.statements.find((one) => one.record === 'patient')
    return { message, patientKeys: patient ? patientKeys(vault, patient.keys) : [] }
  })
  const firstKeys = new Set(statements.flatMap((one) => one.patientKeys))
  if (firstKeys.size > 0) fold.learnKeys(await findKeys(client, [...firstKeys]))

  const secondKeys = new Set<string>()
  const patientOf = new Map(fold.keys)
  for (const { message, patientKeys: keys } of statements) {
    const match = decideMatch(keys, (key) => patientOf.get(key))
    const patientId = match.kind === 'known' ? match.id : null
    // A message may bring a patient's second number, and the next one name the patient by that number alone.
    if (patientId !== null) for (const key of keys) patientOf.set(key, patientId)
    for (const one of message.statements) {
      if (one.record === 'patient') continue
      const scope = scopeOf(one.record, patientId)
      // A visit of a patient who is new in this batch cannot be known yet.
      if (scope === '' && one.record !== 'appointment') continue
      for (const key of blindKeys(vault, one.record, one.keys, scope)) secondKeys.add(key)
    }
  }
  if (secondKeys.size > 0) fold.learnKeys(await findKeys(client, [...secondKeys]))
  await holdKnown(client, fold, vault)
  const naturalKeys = statements.flatMap(({ message, patientKeys: keys }) => {
    const match = decideMatch(keys, (key) => patientOf.get(key))
    return match.kind === 'known'
      ? unknownStarts(message, match.id, fold, vault)
      : unknownPeople(message, vault)
  })
  await learnPending(client, fold, vault, naturalKeys)
  return fold
}

/** The blind names of appointments whose number is new: one of them may be our own booking. */
function unknownStarts(message: MappedMessage, patientId: string, fold: Fold, vault: Vault): string[] {
  return message.statements.flatMap((one) => {
    const start = startOf(one)
    if (start === null) return []
    const isKnown = blindKeys(vault, one.record, one.keys, '').some((key) => fold.keys.has(key))
    return isKnown ? [] : [naturalKey(vault, patientId, start)]
  })
}

/** The blind name of a patient whose numbers are all new: it may be the one that we are registering. */
function unknownPeople(message: MappedMessage, vault: Vault): string[] {
  return message.statements.flatMap((one) => {
    if (one.record !== 'patient') return []
    return personKey(vault, (field) => one.fields[field]?.value) ?? []
  })
}

/** Reads the changes of ours that are under way for what the batch names. Mostly there are none. */
export async function learnPending(
  client: Queryable,
  fold: Fold,
  vault: Vault,
  naturalKeys: readonly string[],
): Promise<void> {
  const known = [...new Set(fold.keys.values())]
  if (known.length === 0 && naturalKeys.length === 0) return
  const found = await findOpen(
    client,
    known,
    naturalKeys.map((key) => Buffer.from(key, 'hex')),
  )
  if (found.length === 0) return
  const ids = [...new Set(found.map((one) => one.record_id))]
  await holdRecords(client, fold, vault, ids)
  const changes = (await lockOpen(client, ids)).map((row) => openChange(vault, row))
  const rulesOf = await readRules(
    client,
    changes.map((one) => one.connectionId),
  )
  fold.learnPending(new Pending(changes, rulesOf))
}

const holdKnown = (client: Queryable, fold: Fold, vault: Vault): Promise<void> =>
  holdRecords(client, fold, vault, [...new Set(fold.keys.values())])

/** Reads and locks records that are not held yet. */
export async function holdRecords(
  client: Queryable,
  fold: Fold,
  vault: Vault,
  ids: readonly string[],
): Promise<void> {
  let missing = ids.filter((id) => !fold.isHeld(id))
  for (const type of RECORD_TYPES) {
    if (missing.length === 0) return
    for (const row of await loadRecords(client, type, missing)) {
      const document = JSON.parse(vault.openText(`${type}/${row.id}`, row.sealed)) as RecordDocument
      const patientId = row.patient_id ?? null
      fold.hold({
        id: row.id,
        type,
        version: row.version,
        patientId,
        document,
        dirty: false,
        searchDirty: false,
      })
    }
    missing = missing.filter((id) => !fold.isHeld(id))
  }
}

/** @returns the new version of each record written */
export async function writeFold(client: Queryable, fold: Fold): Promise<Map<string, number>> {
  const versions = new Map<string, number>()
  const dirty = fold.dirtyRecords()
  for (const type of RECORD_TYPES) {
    const records = dirty.get(type)
    if (!records) continue
    const rows = records.map((record) => fold.rowOf(record))
    const written = await writeRecords(client, type, rows)
    if (written < rows.length) throw new IntegrationError('LEASE_LOST', {})
    for (const row of rows) versions.set(row.id, row.version + 1)
  }
  const keys = fold.newKeys()
  if (keys.length > 0 && (await addKeys(client, keys)) < keys.length) {
    throw new IntegrationError('LEASE_LOST', {})
  }
  return versions
}

function outcomeOf(
  vault: Vault,
  job: JobRow,
  state: AppliedJob['state'],
  code: ErrorCode | null,
  place: string | null,
  folded?: Folded,
): OutcomeRow {
  const says = folded && (folded.effect.changes.length > 0 || folded.effect.warnings.length > 0)
  return {
    id: job.id,
    state,
    attempts: job.attempts + 1,
    errorCode: code,
    errorPlace: place,
    records: folded?.records ?? [],
    sealedEffect: says ? vault.seal(`exchange/effect/${job.id}`, JSON.stringify(folded.effect)) : null,
  }
}

/** One line of the audit trail per commit: which exchanges changed how many records. Each record's own history has the rest. */
function auditOf(batch: readonly ReadJob[], applied: readonly AppliedJob[], records: number) {
  const first = batch[0]?.job.id ?? ''
  const last = batch.at(-1)?.job.id ?? ''
  const count = (state: AppliedJob['state']): number => applied.filter((one) => one.state === state).length
  return {
    actor: 'engine',
    role: 'system',
    action: 'exchange.apply',
    object: `exchange/${first}`,
    detail: {
      last,
      applied: count('applied'),
      ignored: count('ignored'),
      parked: count('parked'),
      records,
    },
  }
}
