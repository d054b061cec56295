import type { ErrorCode } from '../kernel/errors.ts'
import type { ExchangeId } from '../kernel/ids.ts'
import { readPlace } from '../standards/hl7v2/problem.ts'
import type { Problem } from '../standards/hl7v2/problem.ts'
import type { SettledRow } from '../store/flow.ts'
import type { AppliedJob } from './apply.ts'
import type { RunningConnection } from './connection.ts'
import { sentenceOf } from './exchange-view.ts'

/** What became of an exchange, for those who wait for it. */
export interface Settled {
  id: ExchangeId
  state: 'applied' | 'ignored' | 'parked' | 'unknown'
  problem: Problem | null
}

/** Replies that are owed only when a change is applied (`on_apply`, enhanced application acknowledgements). */
export class Waiters {
  readonly #waiting = new Map<ExchangeId, Set<(settled: Settled) => void>>()
  readonly #timeoutMs: number

  /** @param timeoutMs below the sender's own, so that it hears "not yet" instead of nothing */
  constructor(timeoutMs = 25_000) {
    this.#timeoutMs = timeoutMs
  }

  wait(id: ExchangeId): Promise<Settled> {
    const { promise, resolve } = Promise.withResolvers<Settled>()
    const group = this.#waiting.get(id) ?? new Set()
    // Each has a limit of its own: one who comes later, with a repeat, must not keep the first waiting longer.
    const timer = setTimeout(() => {
      group.delete(tell)
      if (group.size === 0) this.#waiting.delete(id)
      resolve({ id, state: 'unknown', problem: null })
    }, this.#timeoutMs)
    const tell = (settled: Settled): void => {
      clearTimeout(timer)
      resolve(settled)
    }
    this.#waiting.set(id, group.add(tell))
    return promise
  }

  get ids(): ExchangeId[] {
    return [...this.#waiting.keys()]
  }

  settle(settled: Settled): void {
    const group = this.#waiting.get(settled.id)
    this.#waiting.delete(settled.id)
    for (const tell of group ?? []) tell(settled)
  }

  /** Tells everybody that the answer will not come from here any more. */
  close(): void {
    for (const id of this.ids) this.settle({ id, state: 'unknown', problem: null })
  }
}

/** True when the sender of such a message waits to hear whether it was applied. */
export const waitsFor = (connection: RunningConnection, applicationAck: string): boolean =>
  connection.channel === 'hl7v2' && (connection.settings.ackMode === 'on_apply' || applicationAck !== '')

export const settledOf = (job: AppliedJob): Settled => ({
  id: job.id,
  state: job.state,
  problem: problemOf(job),
})

/** The same, read from the log. */
export function settledRow({ id, state, error_code, error_place }: SettledRow): Settled {
  if (state !== 'parked') return { id, state: 'applied', problem: null }
  return {
    id,
    state,
    problem: problemOf({ state, code: error_code as ErrorCode | null, place: error_place }),
  }
}

/** What an application acknowledgement says about a parked message. */
function problemOf(job: Pick<AppliedJob, 'state' | 'code' | 'place'>): Problem | null {
  if (job.state !== 'parked' || job.code === null) return null
  const place = (job.place && readPlace(job.place)) || { segment: 'MSH' }
  return {
    code: job.code,
    place,
    condition: conditionOf(job.code),
    severity: 'E',
    ...sentenceOf(job.code, job.place),
  }
}

/** Table 0357 for what is found while applying (hl7-v2.md §7.1). */
function conditionOf(code: ErrorCode): number {
  switch (code) {
    case 'HL7_REQUIRED_SEGMENT_MISSING':
      return 100
    case 'HL7_REQUIRED_FIELD_EMPTY':
      return 101
    case 'HL7_DATA_TYPE':
      return 102
    case 'CODE_NOT_IN_SET':
      return 103
    case 'HL7_IDENTIFIER_CONFLICT':
      return 204
    default:
      return 207
  }
}
