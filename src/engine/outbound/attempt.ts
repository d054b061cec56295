import type { CernerRoad, Read, Written } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { lockOutbox, markSent, putIntent, setOutcome } from '../../store/outbox.ts'
import { equal } from '../../sync/three-way.ts'
import { reasonOf } from '../read-job.ts'
import { retryKind } from '../retry.ts'
import { standOnHeard } from './heard.ts'
import { isOut, openChange, sealIntent } from './intent.ts'
import type { OpenChange } from './intent.ts'
import { connectionOf, newsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { keepNumber, readBack } from './read-back.ts'
import { isChanging, lostWriteOf, readCurrent, roadActionOf, send, typeOf } from './send.ts'
import { settleAccepted, settleBack, standingOf } from './settle.ts'
import type { ComeBack } from './settle.ts'
import { takeCurrent } from './take-current.ts'

/** How patient an attempt is. */
export interface AttemptOptions {
  owner: string
  /** Delay before the next attempt, by how many there were. */
  delayMs: (attempt: number) => number
  /** A write that was not found this long after it was sent is surely absent: searches lag behind writes. */
  absentAfterMs: number
}

/** How the attempt stands to the connection: it answered, it could not, or nothing was asked of it. */
export type Attempted = 'answered' | 'failed' | 'idle'

/**
 * The account or the address of the connection is at fault, and no change of ours: they wait, and all go out when the
 * settings are mended. A call that ends so did nothing at Cerner.
 */
const OF_CONNECTION: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FHIR_TOKEN_REFUSED',
  'FHIR_DISCOVERY_FAILED',
  'FHIR_UNAUTHORIZED',
  'TLS_MATERIAL_INVALID',
])

const MOST_ROUNDS = 5
const MOST_RESENDS = 3
const MOST_LOCKED = 10

/** One attempt to bring a change to Cerner, from what it stands on to what became of it. */
export function attempt(
  parts: OutboundParts,
  options: AttemptOptions,
  leased: OpenChange,
): Promise<Attempted> {
  return isOut(leased) ? findOut(parts, options, leased) : bring(parts, options, leased)
}

async function bring(parts: OutboundParts, options: AttemptOptions, leased: OpenChange): Promise<Attempted> {
  let ready: { change: OpenChange; road: CernerRoad; current: Read | null } | null
  try {
    ready = await prepare(parts, options, leased)
  } catch (error) {
    return settleUnsent(parts, options, leased, error)
  }
  if (!ready) return 'answered'
  const { change, road, current } = ready
  let written: Written
  try {
    written = await send(parts, road, change, current)
  } catch (error) {
    return settleFailure(parts, options, change, road, error)
  }
  // Should the database refuse this, the change stays sent, and is found out about when its lease has run out.
  return settleDone(parts, options, change, road, written)
}

/** Cerner has done it. A person who is new there is read before the change ends: Cerner gave the numbers. */
async function settleDone(
  parts: OutboundParts,
  options: AttemptOptions,
  change: OpenChange,
  road: CernerRoad,
  written: Written,
): Promise<Attempted> {
  if (change.action === 'person_create') {
    await keepNumber(parts, options.owner, change, written)
    const fault = await readBack(parts, options.owner, change, road, written.id)
    if (fault && fault.mayPass && change.intent.rounds < MOST_ROUNDS) {
      await settleBack(parts, options.owner, change, {
        ...unknown(options, change, fault.code, fault.place),
        intent: { rounds: change.intent.rounds + 1 },
        says: 'Cerner has the patient; its number is read before anything else is done.',
      })
      return 'failed'
    }
  }
  await settleAccepted(parts, options.owner, change, written)
  return 'answered'
}

/** @returns null when the change has ended, waits for a person, or is no longer ours to send */
async function prepare(parts: OutboundParts, options: AttemptOptions, leased: OpenChange) {
  const road = await parts.roadFor(leased.connectionId, roadActionOf(leased.action))
  const current = await standOnCurrent(parts, options, leased, road)
  if (current === 'done') return null
  const left = await leave(parts, options, leased, current)
  switch (left.kind) {
    case 'left':
      return { change: left.change, road, current }
    case 'gone':
      return null
    case 'moved':
      await settleBack(parts, options.owner, leased, compareAgain(options, leased, null))
      return null
    case 'there':
      await settleAccepted(parts, options.owner, leased, left.written)
      return null
    default:
      return left satisfies never
  }
}

/** Reads what a change is about where it is not known which version it stands on; a person is always read anew. */
async function standOnCurrent(
  parts: OutboundParts,
  { owner }: AttemptOptions,
  change: OpenChange,
  road: CernerRoad,
): Promise<Read | null | 'done'> {
  const { request } = change.intent
  if (!isChanging(request)) return null
  if (request.action !== 'person_update' && change.baseVersion !== null && !isThere(change)) return null
  const read = await readCurrent(road, request)
  const next = await takeCurrent(parts, owner, change, read)
  if (!next) return 'done'
  // A clerk there did the same: a step that was taken is refused when it is taken again.
  const written = findChanged(parts, { ...next, baseVersion: null }, read)
  if (!written) return read
  await settleAccepted(parts, owner, next, written)
  return 'done'
}

/** True when Cerner was heard to have all that a change sets. */
const isThere = ({ fields, intent: { ours, theirs } }: OpenChange): boolean =>
  fields.length > 0 &&
  fields.every((field) => {
    const heard = theirs[field]
    return heard !== undefined && equal(heard.value, ours[field])
  })

type Left =
  | { kind: 'left'; change: OpenChange }
  /** Somebody took it back, or news made it wait for a person. */
  | { kind: 'gone' }
  /** News came since the record was read: what was read is old. */
  | { kind: 'moved' }
  /** The appointment's own message came before we sent anything: a clerk has booked the same. */
  | { kind: 'there'; written: Written }

/** Commits that the call leaves now, unless what came meanwhile says otherwise. */
async function leave(
  { database, vault }: OutboundParts,
  { owner }: AttemptOptions,
  { exchangeId }: OpenChange,
  current: Read | null,
): Promise<Left> {
  return database.tx(async (client) => {
    const seen = await lockOutbox(client, exchangeId)
    if (!seen) return { kind: 'gone' }
    const { intent, baseVersion } = openChange(vault, seen)
    if (intent.joined !== null)
      return { kind: 'there', written: joinedAs(intent.joined, typeOf(intent.request.action)) }
    const hasVersion = current === null || current.version !== null
    if (isChanging(intent.request) && baseVersion === null && hasVersion) return { kind: 'moved' }
    const row = await markSent(client, exchangeId, owner)
    if (!row) return { kind: 'gone' }
    const change = standOnHeard(openChange(vault, row))
    await putIntent(client, exchangeId, sealIntent(vault, exchangeId, change.intent))
    await setOutcome(client, { exchangeId, state: 'sent', attempts: change.attempts })
    return { kind: 'left', change }
  })
}

const joinedAs = (id: string, type: Written['type'] = 'Appointment'): Written => ({
  type,
  id,
  version: null,
  lastModifiedMs: null,
})

/**
 * A call left, and what became of it is not known: the answer was lost, or the process ended. Cerner is asked before
 * anything is sent again (cerner-fhir-r4.md §5.10).
 */
async function findOut(
  parts: OutboundParts,
  options: AttemptOptions,
  change: OpenChange,
): Promise<Attempted> {
  const { owner } = options
  let found: Written | null
  let road: CernerRoad
  try {
    road = await parts.roadFor(change.connectionId, roadActionOf(change.action))
    found = await findWritten(parts, change, road)
  } catch (error) {
    const { code, place } = reasonOf(error)
    const isOurs = error instanceof IntegrationError
    const mayPass = OF_CONNECTION.has(code) || (isOurs ? error.kind !== 'permanent' : mayPassHere(error))
    await settleBack(
      parts,
      owner,
      change,
      mayPass ? unknown(options, change, code, place) : park(change, code, place),
    )
    return mayPass ? 'failed' : 'answered'
  }
  const { joined } = change.intent
  // Its own message came over another road: it is there, whatever a search says.
  if (!found && joined !== null) found = joinedAs(joined, typeOf(change.action))
  if (found) return settleDone(parts, options, change, road, found)
  await settleBack(parts, owner, change, absent(options, change))
  return 'answered'
}

async function findWritten(
  parts: OutboundParts,
  change: OpenChange,
  road: CernerRoad,
): Promise<Written | null> {
  const { request, joined } = change.intent
  // Cerner has told its number: there is nothing to look for.
  if (request.action === 'person_create' && joined !== null) return joinedAs(joined, 'Patient')
  if (!isChanging(request)) return road.lookUp(lostWriteOf(parts, change))
  return findChanged(parts, change, await readCurrent(road, request))
}

/** The write that a change made, when Cerner shows all that it set. */
function findChanged(parts: OutboundParts, change: OpenChange, read: Read): Written | null {
  const { intent, baseVersion, fields, recordType } = change
  if (read.version !== null && read.version === baseVersion) return null
  const receivedAt = new Date(parts.clock.now()).toISOString()
  const message = newsOf(connectionOf(parts, change.connectionId), read, receivedAt)
  const said = message.statements.find(({ record }) => record === recordType)?.fields ?? {}
  if (!fields.every((field) => equal(said[field]?.value, intent.ours[field]))) return null
  const { resourceType: type, id = '' } = read.resource
  return { type, id, version: read.version, lastModifiedMs: Date.parse(message.asOf) }
}

function absent(options: AttemptOptions, change: OpenChange): ComeBack {
  const { waitedMs, intent, attempts } = change
  const isVersioned = isChanging(intent.request)
  // What needs a version cannot be done twice: a late first call is refused when the second went through.
  if (!isVersioned && waitedMs < options.absentAfterMs) {
    return {
      ...unknown(options, change, 'FHIR_ANSWER_LOST', null),
      dueInMs: Math.min(options.absentAfterMs - waitedMs, options.delayMs(attempts)),
      says: 'Cerner does not show it yet; it is looked for again.',
    }
  }
  if (intent.resends >= MOST_RESENDS) {
    return {
      ...park(change, 'FHIR_ANSWER_LOST', null),
      says: 'Its answer was lost each time; a person looks whether Cerner has it.',
    }
  }
  return {
    state: 'queued',
    standing: { state: 'retrying' },
    dueInMs: 0,
    ...(isVersioned ? { baseVersion: null } : {}),
    forgetSent: true,
    intent: { resends: intent.resends + 1, uncertain: false },
    says: 'Cerner does not have it: it is sent again.',
  }
}

const mayPassHere = (error: unknown): boolean => retryKind(error) === 'transient'

/** What was surely not sent: no road, no version to stand on, or our own database was away. */
async function settleUnsent(
  parts: OutboundParts,
  options: AttemptOptions,
  change: OpenChange,
  error: unknown,
): Promise<Attempted> {
  const { code, place } = reasonOf(error)
  // Reading changes nothing, so that an answer was lost only means to read again.
  const isAmbiguous = error instanceof IntegrationError && error.kind === 'ambiguous'
  const mayPass = isAmbiguous || OF_CONNECTION.has(code) || mayPassHere(error)
  await settleBack(
    parts,
    options.owner,
    change,
    mayPass ? again(options, change, code, place) : park(change, code, place),
  )
  return mayPass ? 'failed' : 'answered'
}

/** What becomes of a change whose call ended in an error. */
async function settleFailure(
  parts: OutboundParts,
  options: AttemptOptions,
  change: OpenChange,
  road: CernerRoad,
  error: unknown,
): Promise<Attempted> {
  const { code, place } = reasonOf(error)
  // An earlier attempt of ours may be what took the slot.
  if (code === 'FHIR_SLOT_TAKEN' && change.action === 'book' && change.attempts > 1) {
    const found = await road.lookUp(lostWriteOf(parts, change)).catch(() => null)
    if (found) {
      await settleAccepted(parts, options.owner, change, found)
      return 'answered'
    }
  }
  // What is no error of the table came from a fault of ours, before the call or after it: nobody knows.
  const kind = OF_CONNECTION.has(code)
    ? 'transient'
    : error instanceof IntegrationError
      ? error.kind
      : 'ambiguous'
  const isLocked = code === 'FHIR_RECORD_LOCKED'
  const isStale = code === 'FHIR_VERSION_STALE'
  if (isStale) await settleBack(parts, options.owner, change, compareAgain(options, change, place))
  else if (kind === 'permanent' || (isLocked && change.intent.locked >= MOST_LOCKED))
    await settleBack(parts, options.owner, change, park({ ...change, state: 'queued' }, code, place))
  else if (kind === 'transient') {
    const locked = isLocked ? change.intent.locked + 1 : 0
    await settleBack(parts, options.owner, change, {
      ...again(options, change, code, place),
      intent: { locked },
    })
  } else await settleBack(parts, options.owner, change, unknown(options, change, code, place))
  return kind === 'transient' && !isLocked ? 'failed' : 'answered'
}

/** The record changed there since it was read: it is read again, and both sides are compared by field. */
function compareAgain(options: AttemptOptions, change: OpenChange, place: string | null): ComeBack {
  const rounds = change.intent.rounds + 1
  if (rounds > MOST_ROUNDS) return park({ ...change, state: 'queued' }, 'FHIR_VERSION_STALE', place)
  return {
    state: 'queued',
    standing: standingOf('retrying', 'FHIR_VERSION_STALE', place),
    dueInMs: rounds === 1 ? 0 : options.delayMs(rounds),
    baseVersion: null,
    forgetSent: true,
    intent: { rounds, locked: 0 },
    says: 'The record changed at Cerner; both sides are compared.',
  }
}

const again = (
  options: AttemptOptions,
  change: OpenChange,
  code: ErrorCode,
  place: string | null,
): ComeBack => ({
  state: 'queued',
  standing: standingOf('retrying', code, place),
  dueInMs: options.delayMs(Math.max(1, change.attempts)),
  forgetSent: true,
  says: 'The attempt failed and is repeated.',
})

const unknown = (
  options: AttemptOptions,
  change: OpenChange,
  code: ErrorCode,
  place: string | null,
): ComeBack => ({
  state: 'ambiguous',
  standing: standingOf('ambiguous', code, place),
  dueInMs: options.delayMs(Math.max(1, change.attempts)),
  says: 'It is not known whether Cerner has it; Cerner is asked before it is sent again.',
})

/** A person decides. What may have arrived is asked for first when it is sent once more. */
const park = (change: OpenChange, code: ErrorCode, place: string | null): ComeBack => ({
  state: 'parked',
  standing: standingOf('parked', code, place),
  dueInMs: 0,
  forgetSent: !isOut(change),
  intent: { uncertain: isOut(change) },
  says: 'Parked: a person decides.',
})
