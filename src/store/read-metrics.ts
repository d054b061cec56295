import type { MetricsSummary } from '../contract/metrics.ts'
import { instantOf, instantOfId, rowsOf, statement } from './reading.ts'
import type { Queryable, Statement, Timestamp } from './reading.ts'

const SUMS = `sum(received)::int as received, sum(applied)::int as applied, sum(ignored)::int as ignored,
  sum(parked)::int as parked, sum(duplicate)::int as duplicate, sum(retried)::int as retried`

/** Counts by bucket of $2 seconds, connection and direction since $1. */
export const READ_FLOW = statement(
  'read-flow',
  `select to_timestamp(floor(extract(epoch from minute) / $2::int) * $2::int) as at, connection_id, direction, ${SUMS},
  sum(delay_ms)::float8 as delay_ms, max(delay_max_ms) as delay_max_ms, max(minute) filter (where received > 0) as last_at
from flow_minute where practice_id = current_practice() and minute >= $1
group by 1, 2, 3`,
)

export const READ_FLOW_KINDS = statement(
  'read-flow-kinds',
  `select connection_id, direction, kind, sum(received)::int as received
from flow_minute where practice_id = current_practice() and minute >= $1
group by 1, 2, 3 having sum(received) > 0 order by 4 desc, 3`,
)

// Jobs live only while work is owed, so they are counted as they are; the count stops where it says enough.
export const READ_QUEUE = statement(
  'read-queue',
  `select count(*)::int as waiting, count(*) filter (where attempts > 0)::int as retrying, min(exchange_id::text) as oldest
from (
  select attempts, exchange_id from job where practice_id = current_practice() order by exchange_id limit 1000000
) as counted`,
)

export const COUNT_OPEN_ERRORS = statement(
  'count-open-errors',
  `select count(*)::int as count from exchange_outcome where practice_id = current_practice() and state = 'parked'`,
)

export const COUNT_RECEIVED_SINCE = statement(
  'count-received-since',
  `select count(*)::int as count from exchange
where practice_id = current_practice() and id >= uuid_at($1) and direction = 'in'`,
)

export const COUNT_PATIENTS = statement(
  'count-patients',
  `select count(*)::int as count from patient where practice_id = current_practice() and merged_into is null`,
)

export const COUNT_APPOINTMENTS_OF_DAY = statement(
  'count-appointments-of-day',
  `select count(*)::int as count from appointment
where practice_id = current_practice() and start_at >= $1 and start_at < $2 and status not in ('cancelled', 'entered-in-error')`,
)

export const COUNT_REPORTS_SINCE = statement(
  'count-reports-since',
  `select count(*)::int as count from report where practice_id = current_practice() and id >= uuid_at($1)`,
)

/** A running connection, as far as the picture needs it. */
export interface MeasuredConnection {
  id: string
  name: string
  channel: string
  state: 'up' | 'down' | 'off'
  lastHeardAt: string | null
}

interface FlowRow extends Counts {
  at: Timestamp
  connection_id: string
  direction: 'in' | 'out'
  delay_ms: number
  delay_max_ms: number
  last_at: Timestamp | null
}

interface KindRow {
  connection_id: string
  direction: 'in' | 'out'
  kind: string
  received: number
}

type Counts = MetricsSummary['totals']

const MINUTE_MS = 60_000
const MOST_BUCKETS = 120
const RATE_SECONDS = 10

/**
 * What flowed in the last `minutes`, in at most 120 equal buckets, and what waits now.
 *
 * @param day the practice's day today, as instants: from, and before
 */
export async function readSummary(
  database: Queryable,
  options: {
    minutes: number
    nowMs: number
    day: { from: string; to: string }
    connections: readonly MeasuredConnection[]
  },
): Promise<MetricsSummary> {
  const { nowMs, day } = options
  const bucketMs = Math.ceil(options.minutes / MOST_BUCKETS) * MINUTE_MS
  const times = bucketsOf(nowMs, options.minutes * MINUTE_MS, bucketMs)
  const since = new Date(times[0] ?? nowMs)
  const [flow, kinds, queue, openErrors, recent, records] = await Promise.all([
    rowsOf<FlowRow>(database, READ_FLOW, [since, bucketMs / 1000]),
    rowsOf<KindRow>(database, READ_FLOW_KINDS, [since]),
    readQueue(database, nowMs),
    countOf(database, COUNT_OPEN_ERRORS, []),
    countOf(database, COUNT_RECEIVED_SINCE, [new Date(nowMs - RATE_SECONDS * 1000)]),
    countRecords(database, nowMs, day),
  ])
  // Our own calls have figures of their own; what arrives is what came in.
  const arrived = flow.filter((row) => row.direction === 'in')
  return {
    at: new Date(nowMs).toISOString(),
    queue,
    open_errors: openErrors,
    per_second: recent / RATE_SECONDS,
    delay_ms: delayOf(arrived),
    totals: totalOf(arrived),
    channels: options.connections.flatMap((each) => channelsOf(each, { flow, kinds, times })),
    bucket_seconds: bucketMs / 1000,
    series: seriesOf(arrived, times),
    records,
  }
}

/** Starts of the buckets that cover the stretch, oldest first; on whole multiples, so that they do not creep. */
function bucketsOf(nowMs: number, stretchMs: number, bucketMs: number): number[] {
  const last = Math.floor(nowMs / bucketMs) * bucketMs
  const count = Math.ceil(stretchMs / bucketMs)
  return Array.from({ length: count }, (_, n) => last - (count - 1 - n) * bucketMs)
}

const countOf = async (database: Queryable, counting: Statement, values: unknown[]): Promise<number> =>
  (await rowsOf<{ count: number }>(database, counting, values))[0]?.count ?? 0

export async function readQueue(database: Queryable, nowMs: number): Promise<MetricsSummary['queue']> {
  const [row] = await rowsOf<{ waiting: number; retrying: number; oldest: string | null }>(
    database,
    READ_QUEUE,
    [],
  )
  const oldest = row?.oldest ? Math.max(0, (nowMs - Date.parse(instantOfId(row.oldest))) / 1000) : null
  return { waiting: row?.waiting ?? 0, retrying: row?.retrying ?? 0, oldest_seconds: oldest }
}

export const countOpenErrors = (database: Queryable): Promise<number> =>
  countOf(database, COUNT_OPEN_ERRORS, [])

type RecordCounts = MetricsSummary['records']
const RECORDS_KEEP_MS = 10_000
const kept = new WeakMap<Queryable, { until: number; counts: Promise<RecordCounts> }>()

// A million patients take a tenth of a second to count, and many screens ask every few seconds.
function countRecords(
  database: Queryable,
  nowMs: number,
  day: { from: string; to: string },
): Promise<RecordCounts> {
  const known = kept.get(database)
  if (known && known.until > nowMs) return known.counts
  const counts = countNow(database, day)
  kept.set(database, { until: nowMs + RECORDS_KEEP_MS, counts })
  counts.catch(() => kept.delete(database))
  return counts
}

async function countNow(database: Queryable, day: { from: string; to: string }): Promise<RecordCounts> {
  const [patients, appointments, reports] = await Promise.all([
    countOf(database, COUNT_PATIENTS, []),
    countOf(database, COUNT_APPOINTMENTS_OF_DAY, [day.from, day.to]),
    countOf(database, COUNT_REPORTS_SINCE, [day.from]),
  ])
  return { patients, appointments_today: appointments, reports_today: reports }
}

const NOTHING: Counts = { received: 0, applied: 0, ignored: 0, parked: 0, duplicate: 0, retried: 0 }

const totalOf = (rows: readonly FlowRow[]): Counts => rows.reduce<Counts>(add, NOTHING)

const add = (a: Counts, b: Counts): Counts => ({
  received: a.received + b.received,
  applied: a.applied + b.applied,
  ignored: a.ignored + b.ignored,
  parked: a.parked + b.parked,
  duplicate: a.duplicate + b.duplicate,
  retried: a.retried + b.retried,
})

function delayOf(rows: readonly FlowRow[]): MetricsSummary['delay_ms'] {
  const applied = totalOf(rows).applied
  if (applied === 0) return { mean: null, max: null }
  const sum = rows.reduce((total, row) => total + row.delay_ms, 0)
  return { mean: sum / applied, max: Math.max(...rows.map((row) => row.delay_max_ms)) }
}

function seriesOf(rows: readonly FlowRow[], times: readonly number[]): MetricsSummary['series'] {
  const byTime = Map.groupBy(rows, (row) => new Date(row.at).getTime())
  return times.map((time) => ({ at: new Date(time).toISOString(), ...totalOf(byTime.get(time) ?? []) }))
}

interface Measured {
  flow: readonly FlowRow[]
  kinds: readonly KindRow[]
  times: readonly number[]
}

/** One line per direction that had traffic; a silent connection still shows as listening. */
function channelsOf(
  connection: MeasuredConnection,
  { flow, kinds, times }: Measured,
): MetricsSummary['channels'] {
  const own = flow.filter((row) => row.connection_id === connection.id)
  const directions = new Set(own.map((row) => row.direction))
  if (directions.size === 0) directions.add('in')
  return [...directions].sort().map((direction) => {
    const rows = own.filter((row) => row.direction === direction)
    return {
      ...totalOf(rows),
      connection_id: connection.id,
      name: connection.name,
      channel: connection.channel,
      direction,
      state: connection.state,
      last_at: lastOf(rows, connection),
      kinds: kinds
        .filter((each) => each.connection_id === connection.id && each.direction === direction)
        .map(({ kind, received }) => ({ kind, received })),
      series: seriesOf(rows, times).map((bucket) => bucket.received),
    }
  })
}

function lastOf(rows: readonly FlowRow[], { lastHeardAt }: MeasuredConnection): string | null {
  const minutes = rows.flatMap((row) => (row.last_at === null ? [] : [instantOf(row.last_at)]))
  return [...minutes, ...(lastHeardAt === null ? [] : [instantOf(lastHeardAt)])].sort().at(-1) ?? null
}
