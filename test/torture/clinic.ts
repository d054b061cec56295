import { buildMessage } from '../../src/standards/hl7v2/build.ts'
import type { SegmentInput } from '../../src/standards/hl7v2/build.ts'
import { openRandom } from './random.ts'
import type { Random } from './random.ts'

/** One message of the load, and what must be true once it is applied. */
export interface LoadMessage {
  readonly controlId: string
  readonly bytes: Uint8Array
}

/** What the last ADT message of a patient said. */
export interface ExpectedPatient {
  readonly mrn: string
  /** Number of the message; it stands in every field, so that no field can come from another message. */
  readonly count: number
}

/** What the newest message about an order or an appointment said. */
export interface ExpectedOrder {
  readonly id: string
  readonly value: number
  readonly status: 'preliminary' | 'final' | 'corrected'
}
export interface ExpectedAppointment {
  readonly id: string
  readonly startTime: string
  readonly status: 'booked' | 'cancelled'
}

/** What everything sent so far adds up to. */
export interface Expected {
  readonly patients: Map<string, ExpectedPatient>
  readonly orders: Map<string, ExpectedOrder>
  readonly appointments: Map<string, ExpectedAppointment>
}

interface Order {
  id: string
  step: number
}

const STATUSES = [
  ['P', 'preliminary'],
  ['F', 'final'],
  ['C', 'corrected'],
] as const
const FIRST_MS = Date.UTC(2026, 0, 5, 8)

const stamp = (ms: number): string => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}+0000`
/** What message number `count` says of a patient. */
export const nameOf = (count: number): string =>
  `G${[...String(count)].map((digit) => String.fromCharCode(65 + Number(digit))).join('')}`
export const streetOf = (count: number): string => `${count} OAK ST`
export const unitOf = (count: number): string => `UNIT ${count}`
export const phoneOf = (count: number): string => `+1217${2_000_000 + count}`

/**
 * A part of the patients, told about over one connection: every message is newer than the one before, carries its own
 * number in every field, and has a control id of its own.
 */
export class Clinic {
  readonly expected: Expected = { patients: new Map(), orders: new Map(), appointments: new Map() }
  readonly #name: string
  readonly #patients: number
  readonly #random: Random
  readonly #orders = new Map<number, Order>()
  readonly #appointments = new Map<number, { id: string; isCancelled: boolean }>()
  #count = 0

  constructor(options: { name: string; patients: number; seed: number }) {
    this.#name = options.name
    this.#patients = options.patients
    this.#random = openRandom(options.seed)
  }

  next(): LoadMessage {
    this.#count += 1
    const patient = this.#random.below(this.#patients)
    const kind = this.#random.below(10)
    if (kind < 6) return this.#registration(patient)
    return kind < 8 ? this.#result(patient) : this.#appointment(patient)
  }

  #registration(patient: number): LoadMessage {
    const mrn = this.#mrn(patient)
    const event = this.#random.below(5) === 0 ? 'A04' : 'A08'
    return this.#message(
      ['ADT', event, 'ADT_A01'],
      [
        { name: 'EVN', fields: { 2: stamp(this.#at) } },
        this.#pid(patient, this.#count),
        { name: 'PV1', fields: { 1: '1', 2: 'O', 19: [`V${mrn}`, '', '', 'GENHOSP', 'VN'] } },
      ],
    )
  }

  #result(patient: number): LoadMessage {
    const mrn = this.#mrn(patient)
    let order = this.#orders.get(patient)
    if (!order || order.step === STATUSES.length) order = { id: `L${mrn}-${this.#count}`, step: 0 }
    this.#orders.set(patient, order)
    const [code, status] = STATUSES[order.step] ?? STATUSES[0]
    order.step += 1
    this.expected.orders.set(order.id, { id: order.id, value: this.#count, status })
    const filler = [order.id, 'LAB']
    return this.#message(
      ['ORU', 'R01', 'ORU_R01'],
      [
        // The laboratory's copy of the patient is old: it must not move what registration said.
        this.#pid(patient, 0),
        { name: 'ORC', fields: { 1: 'RE', 3: filler } },
        {
          name: 'OBR',
          fields: {
            1: '1',
            3: filler,
            4: ['718-7', 'Hgb', 'LN'],
            7: stamp(this.#at),
            22: stamp(this.#at),
            25: code,
          },
        },
        {
          name: 'OBX',
          fields: {
            1: '1',
            2: 'NM',
            3: ['718-7', 'Hgb', 'LN'],
            5: this.#count,
            6: 'g/L',
            11: code,
            14: stamp(this.#at),
          },
        },
      ],
    )
  }

  #appointment(patient: number): LoadMessage {
    const mrn = this.#mrn(patient)
    let booking = this.#appointments.get(patient)
    const isNew = !booking || booking.isCancelled
    if (!booking || booking.isCancelled) booking = { id: `S${mrn}-${this.#count}`, isCancelled: false }
    this.#appointments.set(patient, booking)
    booking.isCancelled = !isNew && this.#random.chance(0.3)
    const event = isNew ? 'S12' : booking.isCancelled ? 'S15' : 'S13'
    const start = FIRST_MS + this.#count * 60_000
    const startTime = new Date(start).toISOString()
    const status = booking.isCancelled ? 'cancelled' : 'booked'
    this.expected.appointments.set(booking.id, { id: booking.id, startTime, status })
    const times = [stamp(start), stamp(start + 1_800_000)]
    return this.#message(
      ['SIU', event, 'SIU_S12'],
      [
        {
          name: 'SCH',
          fields: {
            2: [booking.id, 'CERNER'],
            7: ['', 'Check'],
            11: ['', '', 'M30', ...times],
            25: [status],
          },
        },
        { name: 'TQ1', fields: { 1: '1', 7: times[0], 8: times[1] } },
        this.#pid(patient, this.#count),
        { name: 'RGS', fields: { 1: '1' } },
      ],
    )
  }

  #pid(patient: number, count: number): SegmentInput {
    const mrn = this.#mrn(patient)
    const fields = { 1: '1', 3: [mrn, '', '', 'GENHOSP', 'MR'], 5: [`FAMILY${mrn}`, nameOf(count)] }
    if (count === 0) return { name: 'PID', fields }
    this.expected.patients.set(mrn, { mrn, count })
    return {
      name: 'PID',
      fields: {
        ...fields,
        7: '19700102',
        11: [streetOf(count), unitOf(count), 'SPRINGFIELD', 'IL', '62701', 'USA', 'H'],
        13: [phoneOf(count), 'PRN', 'PH'],
      },
    }
  }

  #message(type: readonly string[], segments: readonly SegmentInput[]): LoadMessage {
    const controlId = `${this.#name}-${this.#count}`
    const header = [
      'LOAD',
      'GENHOSP',
      'PRACTICESTUDIO',
      'PS',
      stamp(this.#at),
      '',
      type,
      controlId,
      'P',
      '2.5.1',
    ]
    return { controlId, bytes: buildMessage([{ name: 'MSH', fields: header }, ...segments]) }
  }

  get #at(): number {
    return FIRST_MS + this.#count * 1000
  }

  #mrn(patient: number): string {
    return `${this.#name}P${patient}`
  }
}
