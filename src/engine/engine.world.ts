import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../../test/world.ts'
import { hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import { systemClock } from '../kernel/clock.ts'
import type { ExchangeEffect } from '../model/document.ts'
import type { Database } from '../store/database.ts'
import { Counters } from './counters.ts'
import type { AppliedJob } from './apply.ts'
import { Flow } from './flow.ts'
import { readerOf } from './read-message.ts'

/** Messages and parts for tests of the engine. All people in them are invented. */

let made = 0

export interface AdtParts {
  controlId?: string
  event?: string
  /** PID-3 as sent, or a number of the hospital. */
  mrn?: string
  family?: string
  /** MSH-7 and EVN-2: when it was true; empty sends neither. */
  at?: string
  /** PV1-19. */
  visit?: string
  /** MSH-15 and MSH-16. */
  asks?: string
  pid?: Record<number, string>
}

export function adt(parts: AdtParts = {}): string {
  made += 1
  const { controlId = `C${made}`, event = 'A08', mrn = `M${made}`, family = 'ROE', visit, asks = '|' } = parts
  const { at = '20260105080000-0600' } = parts
  const pid = [
    '1',
    '',
    mrn.includes('^') ? mrn : `${mrn}^^^HOSP^MR`,
    '',
    `${family}^JANE`,
    '',
    '19800515',
    'F',
  ]
  for (const [n, text] of Object.entries(parts.pid ?? {})) pid[Number(n) - 1] = text
  const pv1 = visit === undefined ? 'PV1|1|N' : `PV1|1|O${'|'.repeat(17)}${visit}^^^HOSP^VN`
  return [
    `MSH|^~\\&|ADT|HOSP|PS|PS|${at}||ADT^${event}|${controlId}|P|2.5.1|||${asks}`,
    `EVN||${at}`,
    `PID|${Array.from(pid, (one) => one ?? '').join('|')}`,
    pv1,
    '',
  ].join('\r')
}

export interface SiuParts {
  controlId?: string
  event?: string
  number: string
  mrn?: string
  at?: string
  start?: string
}

/** An appointment; without `mrn` it names no patient. */
export function siu({
  controlId,
  event = 'S12',
  number,
  mrn,
  at = '20260105080000',
  start = '20260110090000',
}: SiuParts): string {
  made += 1
  return [
    `MSH|^~\\&|SCH|HOSP|PS|PS|${at}||SIU^${event}|${controlId ?? `C${made}`}|P|2.5.1`,
    `SCH||${number}^HOSP|||||FOLLOWUP|OFFICE|30|MIN|^^30^${start}`,
    ...(mrn === undefined ? [] : [`PID|1||${mrn}^^^HOSP^MR||ROE^JANE||19800515|F`]),
    'RGS|1',
    '',
  ].join('\r')
}

/** Flows of a test's own beside an engine that has none; all are stopped with it. */
export class Flows implements AsyncDisposable {
  readonly #world: World
  readonly #open: Flow[] = []
  readonly problems: unknown[] = []
  /** Outcomes told, in the order they were. */
  readonly told: AppliedJob[] = []
  /** How far the flows' clocks are ahead: what they do every few seconds is due earlier. */
  skipMs = 0
  readonly counters = new Counters(systemClock)

  constructor(world: World) {
    this.#world = world
  }

  start(database: Pick<Database, 'client'> = this.#world.store.database): Flow {
    const settings = hl7v2Settings.parse({ zone: 'America/Chicago', defaultAuthority: 'CERNER' })
    const reader = readerOf(settings)
    const flow = new Flow({
      database: database as Database,
      vault: this.#world.vault,
      clock: { now: () => systemClock.now() + this.skipMs },
      counters: this.counters,
      readerOf: () => reader,
      waitsFor: () => false,
      onApplied: (jobs) => this.told.push(...jobs),
      onProblem: (error) => this.problems.push(error),
    })
    this.#open.push(flow)
    flow.start()
    return flow
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((flow) => flow.stop()))
  }
}

/** Polls until something is so; fails after five seconds. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (await isSo()) return
    await sleep(10)
  }
  throw new Error('it did not become so within five seconds')
}

/** State by kind of outcome, in order of arrival. */
export const statesOf = async (world: World): Promise<string[]> =>
  (await world.exchanges()).map((one) => one.state)

export async function effectOf(world: World, id: string): Promise<ExchangeEffect | null> {
  const { rows } = await world.store.database.query<{ sealed_effect: Buffer | null }>(
    'select sealed_effect from exchange_outcome where exchange_id = $1',
    [id],
  )
  const sealed = rows[0]?.sealed_effect
  return sealed ? (JSON.parse(world.vault.openText(`exchange/effect/${id}`, sealed)) as ExchangeEffect) : null
}

/**
 * Makes the database refuse a write about some exchanges: as often as said, or always. The count is a sequence, which
 * a rollback does not turn back.
 */
export async function refuse(
  world: World,
  fault: { exchanges: readonly string[]; sqlstate: string; times?: number; table?: string; also?: string },
): Promise<void> {
  const { exchanges, sqlstate, times = 1_000_000, also = 'true' } = fault
  await world.store.asOwner(`
    create sequence if not exists faults;
    grant usage on sequence faults to public;
    create or replace function fail_on_purpose() returns trigger language plpgsql as $$ begin
      if new.exchange_id in (${exchanges.map((id) => `'${id}'`).join(',')}) and ${also} and nextval('faults') <= ${times} then
        raise exception 'on purpose' using errcode = '${sqlstate}';
      end if;
      return new;
    end $$;
    create or replace trigger fail_on_purpose before insert or update on exchange_outcome
      for each row execute function fail_on_purpose();`)
}

/** Ends the database connections of the application, as a database that restarts does. */
export const cutConnections = (world: World, where = 'true'): Promise<object[]> =>
  world.store.asOwner(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and ${where}`,
  )
