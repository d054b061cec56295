import { expect, test } from 'vitest'
import { decode } from '../standards/hl7v2/decode.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'
import { dayFrom, openCalendar } from './day.ts'
import type {
  RecordEvent,
  ResultEvent,
  SandboxEvent,
  SchedulingEvent,
  UpdateEvent,
  VisitEvent,
} from './events.ts'
import { historyUntil } from './history.ts'
import { messageFor } from './messages.ts'
import { STYLE_23, STYLE_251, type WireStyle } from './wire.ts'
import { openWorld } from './world.ts'

const cast = { seed: 9, population: 2500 }
const NOON = Date.parse('2026-11-17T18:00:00Z')

function someEvents(): SandboxEvent[] {
  const options = { cast, storiesPerMinute: 8 }
  const calendar = openCalendar(cast)
  const events = [...historyUntil({ ...options, count: 1200 }, NOON, calendar)].filter((_, i) => i % 5 === 0)
  for (const event of dayFrom(options, NOON, calendar)) {
    if (event.at >= NOON + 90 * 60_000) return events
    events.push(event)
  }
  return events
}

const events = someEvents()

function read(bytes: Uint8Array): Hl7Message {
  const decoded = decode(bytes)
  if (decoded.kind !== 'message') throw new Error('not a message')
  return decoded.message
}

function first<E extends SandboxEvent>(kind: E['kind'], fits: (event: E) => boolean = () => true): E {
  const found = events.find((one): one is E => one.kind === kind && fits(one as E))
  if (found === undefined) throw new Error(`no ${kind} among the events`)
  return found
}

for (const style of [STYLE_251, STYLE_23]) {
  test(`every message of version ${style.version} decodes without a warning and names its patient`, () => {
    const world = openWorld(cast)
    const kinds = new Set<string>()
    const ids = new Set<string>()
    for (const event of events) {
      const message = messageFor(world, style, event)
      const decoded = read(message.bytes)
      kinds.add(event.kind)
      ids.add(message.controlId)
      expect(decoded.warnings).toEqual([])
      expect(decoded.header.controlId).toBe(message.controlId)
      expect(`${decoded.header.type}^${decoded.header.event}`).toBe(message.type)
      expect(decoded.header.version).toBe(style.version)
      expect(decoded.get('PID-3.4')).toBe('CERNER')
      expect(decoded.get('PID-3.1')).toBe(
        (event.kind === 'register_again' ? world.twinRecord(event.patient) : world.person(event.patient)).mrn,
      )
    }
    expect(ids.size).toBe(events.length)
    expect([...kinds].sort()).toEqual([
      'admit',
      'arrive',
      'book',
      'cancel',
      'change',
      'discharge',
      'merge',
      'move',
      'no_show',
      'register',
      'register_again',
      'result',
      'update',
    ])
  })
}

test('control ids look like Cerner’s and are the same when the event is told again', () => {
  const event = first<VisitEvent>('arrive')
  const again = messageFor(openWorld(cast), STYLE_251, event)
  expect(again.controlId).toMatch(/^Q\d{10}T\d{10}$/)
  expect(messageFor(openWorld(cast), STYLE_251, event).bytes).toEqual(again.bytes)
})

test('an update is told with the new value, and every message after it keeps that value', () => {
  const world = openWorld(cast)
  const update = first<UpdateEvent>(
    'update',
    (one) => one.change.phoneWork !== undefined || one.change.phoneMobile !== undefined,
  )
  const before = world.person(update.patient)
  messageFor(world, STYLE_251, update)
  expect(world.person(update.patient)).not.toEqual(before)
  expect(world.person(update.patient)).toMatchObject(update.change)
})

test('an appointment says its time with the offset of its clinic, in SCH-11, TQ1, AIS, AIL and AIP alike', () => {
  const book = first<SchedulingEvent>('book', (one) => one.slot.clinic.id === 'THAUTE')
  const message = read(messageFor(openWorld(cast), STYLE_251, book).bytes)
  const start = message.get('TQ1-7')
  expect(start).toMatch(/-0[45]00$/)
  for (const place of ['SCH-11.4', 'AIS-4', 'AIL-6', 'AIP-6']) expect(message.get(place)).toBe(start)
  expect(message.get('SCH-2.1')).toBe(book.appointment.id)
  expect(message.get('SCH-25.1')).toBe('Booked')
  expect(Temporal.Instant.from(isoOf(start)).epochMilliseconds).toBe(book.slot.start)
})

const isoOf = (time: string): string =>
  time.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([+-]\d{4})$/, '$1-$2-$3T$4:$5:$6$7')

test('a final result has every test of its panel, a preliminary one fewer, a correction marks what changed', () => {
  const world = openWorld(cast)
  const statuses = (style: WireStyle, event: SandboxEvent): string[] =>
    read(messageFor(world, style, event).bytes)
      .all('OBX')
      .map((obx) => obx.get(11))
  const complete = first<ResultEvent>('result', (one) => one.status === 'F' && one.order.panel === 'CMP')
  expect(statuses(STYLE_251, complete)).toEqual(Array(16).fill('F'))
  expect(statuses(STYLE_251, { ...complete, status: 'P' })).toEqual(Array(11).fill('P'))
  expect(
    statuses(STYLE_23, { ...complete, status: 'C' })
      .sort()
      .join(''),
  ).toBe(`C${'F'.repeat(15)}`)
})

test('the 2.3 style has the positions of the guide’s sample', () => {
  const arrive = first<VisitEvent>('arrive', (one) => openWorld(cast).person(one.patient).coverage.length > 0)
  const world = openWorld(cast)
  const message = read(messageFor(world, STYLE_23, arrive).bytes)
  const person = world.person(arrive.patient)
  expect(message.segment('MSH')?.field(9)).toBe('ADT^A04')
  expect(message.get('PID-3.5')).toBe('MRN')
  expect(message.get('PID-18.5')).toBe('FIN NBR')
  expect(message.get('PV1-19.1')).toBe(arrive.visit.fin)
  expect(message.get('PV1-8.8')).toBe('CERNER')
  expect(message.get('PV1-8.12')).toBe('PROVID')
  expect(message.get('IN1-35')).toBe(person.coverage[0]?.memberId)
  expect(message.get('PID-5.1')).toBe(person.family.toUpperCase())
})

test('a merge names the survivor in PID and the number that ends in MRG', () => {
  const merge = first<RecordEvent>('merge')
  const world = openWorld(cast)
  const message = read(messageFor(world, STYLE_251, merge).bytes)
  expect(message.get('MRG-1.1')).toBe(world.twinRecord(merge.patient).mrn)
  expect(message.get('PID-3.1')).toBe(world.person(merge.patient).mrn)
})
