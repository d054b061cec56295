import { buildMessage, type SegmentInput } from '../standards/hl7v2/build.ts'
import type { RecordEvent, SandboxEvent, SchedulingEvent, UpdateEvent, VisitEvent } from './events.ts'
import { orderSegments } from './order-segments.ts'
import { al1, dg1, in1, nk1, pd1, pid, provider, pv1, pv2 } from './patient-segments.ts'
import { HOSPITAL } from './places.ts'
import type { SyntheticPerson } from './population.ts'
import { subjectOf } from './schedule.ts'
import { CLERKS } from './staff.ts'
import { controlId, header, segment, timestamp, type WireStyle } from './wire.ts'
import type { World } from './world.ts'

/** A message ready for the wire. */
export interface OutboundMessage {
  readonly bytes: Uint8Array
  readonly controlId: string
  /** `ADT^A04`. */
  readonly type: string
  /** Number of the person; messages of one person stay in order. */
  readonly patient: number
  readonly at: number
}

const ADT = {
  register: ['A28', 'ADT_A05'],
  register_again: ['A28', 'ADT_A05'],
  merge: ['A40', 'ADT_A39'],
  update: ['A08', 'ADT_A01'],
  arrive: ['A04', 'ADT_A01'],
  admit: ['A01', 'ADT_A01'],
  discharge: ['A03', 'ADT_A03'],
} as const

const SIU = { book: 'S12', move: 'S13', change: 'S14', cancel: 'S15', no_show: 'S26' } as const

/** The HL7 message that tells of an event, as the hospital's present has it. An update changes that present first. */
export function messageFor(world: World, style: WireStyle, event: SandboxEvent): OutboundMessage {
  if (event.kind === 'update') world.amend(event.patient, event.change)
  const person =
    event.kind === 'register_again' ? world.twinRecord(event.patient) : world.person(event.patient)
  const id = controlId(world.cast.seed, event.key)
  const [type, segments] = tell(world, style, event, person)
  const bytes = buildMessage([header(style, type, id, event.at), ...segments])
  return { bytes, controlId: id, type: `${type[0]}^${type[1]}`, patient: event.patient, at: event.at }
}

type Told = readonly [type: readonly [string, string, string], segments: SegmentInput[]]

function tell(world: World, style: WireStyle, event: SandboxEvent, person: SyntheticPerson): Told {
  switch (event.kind) {
    case 'register':
    case 'register_again':
    case 'update':
    case 'arrive':
    case 'admit':
    case 'discharge':
      return admission(world, style, event, person)
    case 'merge':
      return merge(world, style, event, person)
    case 'result': {
      const order = orderSegments(
        style,
        subjectOf(world.cast, person),
        event.order,
        event.status,
        event.resultedAt,
      )
      return [
        ['ORU', 'R01', 'ORU_R01'],
        [pid(style, person, event.order.visit), pv1(style, event.order.visit, person), ...order],
      ]
    }
    case 'book':
    case 'move':
    case 'change':
    case 'cancel':
    case 'no_show':
      return [['SIU', SIU[event.kind], 'SIU_S12'], scheduling(style, event, person)]
  }
}

function admission(
  world: World,
  style: WireStyle,
  event: RecordEvent | UpdateEvent | VisitEvent,
  person: SyntheticPerson,
): Told {
  const [name, structure] = ADT[event.kind]
  const visit = 'visit' in event ? event.visit : null
  const changedAt = event.kind === 'update' ? event.at : undefined
  const kin = person.nextOfKin === null ? null : world.person(person.nextOfKin.person)
  const insurance = in1(style, person, (n) => world.person(n))
  const segments = [
    evn(style, name, event.at),
    pid(style, person, visit, changedAt),
    pd1(style, person),
    nk1(style, person, kin),
    pv1(style, visit, person),
    pv2(visit),
    ...al1(style, person),
    ...dg1(style, person),
    ...insurance,
  ]
  return [['ADT', name, structure], segments.filter((one) => one !== null)]
}

function merge(
  world: World,
  style: WireStyle,
  event: RecordEvent | UpdateEvent | VisitEvent,
  person: SyntheticPerson,
): Told {
  const [name, structure] = ADT.merge
  const gone = world.twinRecord(event.patient)
  const mrg = segment('MRG', { 1: [gone.mrn, '', '', 'CERNER', 'MRN'], 7: [gone.family, gone.given] })
  return [
    ['ADT', name, structure],
    [evn(style, name, event.at), pid(style, person, null), mrg],
  ]
}

function evn(style: WireStyle, name: string, at: number): SegmentInput {
  const [clerk] = CLERKS
  const recorded = timestamp(style, at)
  if (style.version === '2.3') return segment('EVN', { 1: name, 2: recorded })
  return segment('EVN', {
    2: recorded,
    5: [clerk.id, clerk.family, clerk.given],
    6: recorded,
    7: HOSPITAL.facility,
  })
}

function scheduling(style: WireStyle, event: SchedulingEvent, person: SyntheticPerson): SegmentInput[] {
  const { appointment, slot, status } = event
  const old = style.version === '2.3'
  const start = timestamp(style, slot.start, slot.clinic.zone)
  const end = timestamp(style, slot.start + slot.minutes * 60_000, slot.clinic.zone)
  const clerk = [appointment.clerk.id, appointment.clerk.family, appointment.clerk.given]
  const type = [appointment.type.code, appointment.type.text, 'L']
  const place = [slot.clinic.pointOfCare, slot.room, '', slot.clinic.facility]
  const timing = { 9: slot.minutes, 10: 'MIN', 12: status } as const
  const sch = segment('SCH', {
    1: old ? [appointment.id, 'CERNER'] : undefined,
    2: [appointment.id, 'CERNER'],
    6: ['', event.kind === 'cancel' ? (appointment.cancelReason ?? '') : EVENT_REASONS[event.kind]],
    7: ['', appointment.reason],
    8: type,
    9: slot.minutes,
    10: 'MIN',
    11: ['', '', `M${slot.minutes}`, start, end],
    16: clerk,
    20: clerk,
    25: old ? status : [status, '', 'HL70278'],
  })
  const segments = [
    sch,
    old ? null : segment('TQ1', { 1: '1', 6: [slot.minutes, 'MIN'], 7: start, 8: end }),
    event.notes === null ? null : segment('NTE', { 1: '1', 3: { text: event.notes } }),
    pid(style, person, null),
    pv1(style, null, person),
    segment('RGS', { 1: '1' }),
    segment('AIS', { 1: '1', 3: type, 4: start, 7: slot.minutes, 8: 'MIN', 10: status }),
    segment('AIL', { 1: '1', 3: place, 4: old ? 'C' : ['C', 'Clinic', 'HL70305'], 6: start, ...timing }),
    segment('AIP', {
      1: '1',
      3: provider(style, slot.provider),
      4: old ? 'ATTENDING' : ['ATND', 'Attending', 'L'],
      6: start,
      ...timing,
    }),
  ]
  return segments.filter((one) => one !== null)
}

const EVENT_REASONS = { book: 'BOOKED', move: 'RESCHEDULED', change: 'UPDATED', no_show: 'NO SHOW' } as const
