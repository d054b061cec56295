import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import type { MappedMessage } from '../model/statement.ts'
import type { DirectoryEntry } from '../model/values.ts'
import type { JobRow } from '../store/flow.ts'
import { instantOfId } from '../store/reading.ts'
import type { Vault } from '../vault/vault.ts'
import type { Reader } from './reader.ts'

/** A job after *decode* and *map*: what it says, or why it says nothing. */
export type ReadJob =
  | { kind: 'mapped'; job: JobRow; message: MappedMessage; waited: boolean }
  | { kind: 'directory'; job: JobRow; entry: DirectoryEntry; waited: boolean }
  | {
      kind: 'ended'
      job: JobRow
      state: 'ignored' | 'parked'
      code: ErrorCode
      place: string | null
      waited: boolean
    }

export interface ApplyContext {
  vault: Vault
  clock: Clock
  owner: string
  lanes: readonly number[]
  readerOf: (connectionId: ConnectionId) => Reader
  /** True when the sender waits for the outcome of messages of this connection. */
  waitsFor: (connectionId: ConnectionId, applicationAck: string) => boolean
  /** Told of failures that have no place in the error table: faults of ours. */
  onProblem: (error: unknown) => void
}

/** The steps *decode* and *map*. Never throws: what does not read is parked, and the link flows on. */
export function readJob(job: JobRow, context: ApplyContext): ReadJob {
  let waited = context.waitsFor(job.connection_id, '')
  try {
    const reader = context.readerOf(job.connection_id)
    const bytes = context.vault.open(`exchange/raw/${job.id}`, job.sealed_raw)
    // A replay without a time of its own is news of when it first came, or it would overwrite what came since.
    const receivedAt = instantOfId(job.replay_of ?? job.id)
    if (reader.channel === 'cerner') {
      const mapped = reader.map(bytes.toString('utf8'), receivedAt)
      if (mapped.kind === 'mapped') return { kind: 'mapped', job, message: mapped.message, waited }
      if (mapped.kind === 'directory') return { kind: 'directory', job, entry: mapped.entry, waited }
      return { kind: 'ended', job, state: 'ignored', code: mapped.code, place: mapped.place, waited }
    }
    const message = reader.decode(bytes)
    waited = context.waitsFor(job.connection_id, message.header.applicationAck)
    const mapped = reader.map(message, receivedAt)
    if (mapped.kind === 'mapped') return { kind: 'mapped', job, message: mapped.message, waited }
    return { kind: 'ended', job, state: 'ignored', code: mapped.code, place: mapped.place, waited }
  } catch (error) {
    if (!(error instanceof IntegrationError)) context.onProblem(error)
    return { kind: 'ended', job, state: 'parked', ...reasonOf(error), waited }
  }
}

export function reasonOf(error: unknown): { code: ErrorCode; place: string | null } {
  if (!(error instanceof IntegrationError)) return { code: 'INTERNAL', place: null }
  const { field, segment, place } = error.at as Record<string, string | undefined>
  return { code: error.code, place: field ?? segment ?? place ?? null }
}
