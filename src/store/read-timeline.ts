import type { ExchangeState, Timeline } from '../contract/exchanges.ts'
import { exchangeErrorOf } from './exchange-error.ts'
import { readCopies } from './read-exchange.ts'
import type { Copy } from './read-exchange.ts'
import { instantOf, instantOfId, rowsOf, statement } from './reading.ts'
import type { ReadStore, Timestamp } from './reading.ts'

type Event = Timeline['events'][number]

// prettier-ignore
export const READ_LIFE = statement(
  'read-life',
  `select e.id, e.direction, e.remote, e.duplicate_of, e.replay_of, o.state, o.at as ended_at, o.attempts, o.error_code, o.error_place,
  a.outcome as ack, a.at as ack_at
from exchange e
left join exchange_outcome o on o.practice_id = current_practice() and o.exchange_id = $1
left join exchange_ack a on a.practice_id = current_practice() and a.exchange_id = $1
where e.practice_id = current_practice() and e.id = $1`,
)

export const READ_EVENTS = statement(
  'read-events',
  `select id, event, actor, detail from exchange_event where practice_id = current_practice() and exchange_id = $1
order by id limit 1000`,
)

interface Life {
  id: string
  direction: 'in' | 'out'
  remote: string
  duplicate_of: string | null
  replay_of: string | null
  state: Exclude<ExchangeState, 'received'> | null
  ended_at: Timestamp | null
  attempts: number | null
  error_code: string | null
  error_place: string | null
  ack: 'sent' | 'unsent' | null
  ack_at: Timestamp | null
}

interface RareEvent {
  id: string
  event: string
  actor: string
  detail: Record<string, unknown>
}

/** What happened to an exchange, oldest first; undefined when there is none of this id. */
export async function readTimeline(store: ReadStore, id: string): Promise<Timeline | undefined> {
  const [[life], rare, copies] = await Promise.all([
    rowsOf<Life>(store.database, READ_LIFE, [id]),
    rowsOf<RareEvent>(store.database, READ_EVENTS, [id]),
    readCopies(store, id),
  ])
  if (!life) return undefined
  // A replay is noted by who asked for it; only copies nobody noted are told from the log itself.
  const named = new Set(rare.map((each) => otherOf(each.detail)))
  const events = [
    arrivalOf(life),
    ...replyOf(life),
    ...outcomeOf(life),
    ...rare.map(rareEventOf),
    ...copies.filter((copy) => !named.has(copy.id)).map(copyOf),
  ]
  return { events: events.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))) }
}

const ENGINE = 'engine'

function arrivalOf(life: Life): Event {
  const at = instantOfId(life.id)
  if (life.replay_of !== null) {
    return { at, event: 'received', says: 'Made as a replay.', actor: ENGINE, exchange_id: life.replay_of }
  }
  if (life.direction === 'out') {
    const to = life.remote === '' ? '' : ` to ${life.remote}`
    return { at, event: 'made', says: `Made here, to be sent${to}.`, actor: ENGINE, exchange_id: null }
  }
  const says = life.remote === '' ? 'Received and stored.' : `Received from ${life.remote} and stored.`
  return { at, event: 'received', says, actor: ENGINE, exchange_id: null }
}

function replyOf({ ack, ack_at: at }: Life): Event[] {
  if (ack === null || at === null) return []
  const says = ack === 'sent' ? 'The reply was sent.' : 'The sender had gone before the reply was sent.'
  return [{ at: instantOf(at), event: 'acknowledged', says, actor: ENGINE, exchange_id: null }]
}

function outcomeOf(life: Life): Event[] {
  if (life.state === null || life.ended_at === null) return []
  const at = instantOf(life.ended_at)
  return [{ at, event: life.state, says: sentenceOf(life), actor: ENGINE, exchange_id: life.duplicate_of }]
}

function sentenceOf({ state, attempts, error_code: code, error_place: place }: Life): string {
  const cause = code === null ? '' : ` ${exchangeErrorOf(code, place).says}`
  switch (state) {
    case 'applied':
      return (attempts ?? 1) > 1 ? `Applied at attempt ${attempts}.` : 'Applied.'
    case 'ignored':
      return `Ignored.${cause}`
    case 'retrying':
      return `Attempt ${attempts ?? 1} failed and is repeated.${cause}`
    case 'parked':
      return `Parked: a person decides.${cause}`
    case 'duplicate':
      return 'A repeat: it changed nothing, and the first reply was given again.'
    case 'resolved':
      return 'Resolved.'
    case 'queued':
      return 'Waits to be sent.'
    case 'sent':
      return 'Sent; the answer is awaited.'
    case 'accepted':
      return (attempts ?? 1) > 1
        ? `Accepted by the other side at attempt ${attempts}.`
        : 'Accepted by the other side.'
    case 'ambiguous':
      return `It is not known whether the other side has it.${cause}`
    case 'cancelled':
      return `Not sent.${cause}`
    case null:
      return 'Waiting.'
    default:
      return state satisfies never
  }
}

function rareEventOf({ id, event, actor, detail }: RareEvent): Event {
  const { says } = detail
  const words = event.replace(/[-_]/g, ' ')
  return {
    at: instantOfId(id),
    event,
    says: typeof says === 'string' ? says : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`,
    actor,
    exchange_id: otherOf(detail),
  }
}

/** The exchange that an event points at: the copy of a replay. */
function otherOf({ copy, exchange_id: id }: Record<string, unknown>): string | null {
  if (typeof copy === 'string') return copy
  return typeof id === 'string' ? id : null
}

const copyOf = ({ id, how }: Copy): Event => ({
  at: instantOfId(id),
  event: how === 'repeat' ? 'duplicate' : 'replayed',
  says: how === 'repeat' ? 'The same message came again.' : 'Replayed as a new exchange.',
  actor: ENGINE,
  exchange_id: id,
})
