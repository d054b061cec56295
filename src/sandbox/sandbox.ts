import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises'
import { systemClock, type Clock } from '../kernel/clock.ts'
import type { OpenHospital } from './cerner/hospital.ts'
import { dayFrom, openCalendar, underWay, WEEKS_AHEAD, type Calendar } from './day.ts'
import type { SandboxEvent } from './events.ts'
import { historyUntil, WEEKS_BACK } from './history.ts'
import { MESSAGES_PER_STORY } from './hospital.ts'
import { messageFor, type OutboundMessage } from './messages.ts'
import { openMllpSender, type Delivery, type SenderOptions, type SenderStats } from './mllp-sender.ts'
import { weekOf } from './schedule.ts'
import { STYLE_251, type WireStyle } from './wire.ts'
import { openWorld, type World } from './world.ts'

export interface SandboxOptions {
  readonly seed?: number
  /** How many persons the hospital knows. */
  readonly population?: number
  readonly mllp: SenderOptions
  readonly style?: WireStyle
  readonly clock?: Clock
  /** `day`: the practice and its hospital live from now on. `quiet`: nothing is sent until it is asked for. */
  readonly traffic?: 'day' | 'quiet'
  /** How much faster than the clock the hospital's time runs. */
  readonly speed?: number
  /**
   * Hospital messages a minute of the clock at the busiest hour, beside the practice's own. After a backfill the
   * pace is there at once; without one it grows over some hours, as results of what began at the start come in.
   */
  readonly ratePerMinute?: number
  readonly tell?: (message: OutboundMessage, delivery: Delivery) => void
  /** The same hospital on the web: what is written there is told by HL7, and the day's news show there. */
  readonly hospital?: OpenHospital
  /** The hospital's, so that weeks are planned once. */
  readonly calendar?: Calendar
}

export interface SandboxStats extends SenderStats {
  /** Messages handed to the sender, by type (`ADT^A04`). */
  readonly byType: Readonly<Record<string, number>>
  /** How far the traffic lags behind the hospital's time, in milliseconds; 0 while quiet. */
  readonly behindMs: number
}

export interface BackfillReport {
  readonly messages: number
  readonly accepted: number
  readonly rejected: number
  readonly tookMs: number
}

export interface Sandbox extends AsyncDisposable {
  readonly world: World
  /**
   * Tells the past in one burst, as fast as it is taken: `count` registered patients, their earlier results, two
   * weeks of visits and every visit booked so far. Call it before `start`, or in the same turn as `openSandbox`:
   * traffic waits for it and then goes on from the moment it was called.
   */
  backfill(count: number): Promise<BackfillReport>
  /** Starts the traffic of the day; once started it goes on. */
  start(): void
  stats(): SandboxStats
  stop(): Promise<void>
}

/** A stand-in Cerner that speaks MLLP on real sockets for a population nobody is part of. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const {
    seed = 1,
    population = 5000,
    clock = systemClock,
    style = STYLE_251,
    speed = 1,
    ratePerMinute = 90,
  } = options
  const cast = { seed, population }
  const { hospital } = options
  const world = hospital?.world ?? openWorld(cast)
  const calendar = options.calendar ?? openCalendar(cast)
  const sender = openMllpSender(options.mllp)
  const stopping = new AbortController()
  const byType = new Map<string, number>()
  const day = { cast, storiesPerMinute: ratePerMinute / MESSAGES_PER_STORY / speed }
  const openedAt = clock.now()
  const now = (): number => openedAt + (clock.now() - openedAt) * speed
  let behindMs = 0
  let traffic: Promise<void> | null = null
  let past: Promise<unknown> = Promise.resolve()
  // Stories that the past began and the day has to finish.
  let goOnFrom: { at: number; begun: readonly SandboxEvent[] } | null = null

  const post = async (event: SandboxEvent, heard?: (delivery: Delivery) => void): Promise<boolean> => {
    // What was cancelled over the web does not happen, whatever the plan of the day says.
    if (hospital?.holds(event) === false) return false
    await sender.room(event.patient)
    const message = messageFor(world, style, event)
    byType.set(message.type, (byType.get(message.type) ?? 0) + 1)
    hospital?.hear(event)
    void sender.send(message).then((delivery) => {
      heard?.(delivery)
      options.tell?.(message, delivery)
    })
    return true
  }

  const tellPast = async (count: number): Promise<BackfillReport> => {
    const startedAt = performance.now()
    const until = now()
    const report = { messages: 0, accepted: 0, rejected: 0 }
    await planWeeks(calendar, until)
    goOnFrom ??= { at: until, begun: underWay(day, until, calendar) }
    for (const event of historyUntil({ ...day, count }, until, calendar)) {
      if (stopping.signal.aborted) break
      const told = await post(event, (delivery) => {
        if (delivery.kind !== 'stopped') report[delivery.kind] += 1
      })
      if (told) report.messages += 1
    }
    await sender.idle()
    return { ...report, tookMs: performance.now() - startedAt }
  }

  const live = async (): Promise<void> => {
    await past
    const { at, begun } = goOnFrom ?? { at: now(), begun: [] }
    for (const event of dayFrom(day, at, calendar, begun)) {
      await past
      while (now() < event.at && !stopping.signal.aborted)
        await pause(Math.min(1000, (event.at - now()) / speed), stopping.signal)
      if (stopping.signal.aborted) return
      behindMs = now() - event.at
      await post(event)
    }
  }

  // A booking made over the web is told by SIU like any other, and so is a changed address by ADT.
  const stopHearing = hospital?.onChange((change) => {
    const event = hospital.eventOf(change)
    if (event !== null && !stopping.signal.aborted) void tellNow(event)
  })
  const tellNow = async (event: SandboxEvent): Promise<void> => {
    await sender.room(event.patient)
    const message = messageFor(world, style, event)
    byType.set(message.type, (byType.get(message.type) ?? 0) + 1)
    void sender.send(message).then((delivery) => options.tell?.(message, delivery))
  }

  const start = (): void => {
    traffic ??= live()
  }
  const stop = async (): Promise<void> => {
    stopping.abort()
    stopHearing?.()
    await sender.stop()
    await Promise.all([traffic, past])
  }
  if (options.traffic === 'day') start()

  return {
    world,
    backfill(count) {
      const told = tellPast(count)
      past = told
      return told
    },
    start,
    stats: () => ({ ...sender.stats(), byType: Object.fromEntries(byType), behindMs }),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

// Planning a week takes a tenth of a second; between weeks the process gets to do other things.
async function planWeeks(calendar: Calendar, until: number): Promise<void> {
  for (let week = weekOf(until) - WEEKS_BACK; week <= weekOf(until) + WEEKS_AHEAD; week += 1) {
    calendar.events(week)
    await immediate()
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(Math.max(1, ms), undefined, { signal }).then(
    () => undefined,
    () => undefined,
  )
