import type { PanelId } from './labs.ts'
import type { SyntheticPerson } from './population.ts'
import type { Appointment, Slot } from './schedule.ts'
import type { Provider } from './staff.ts'

/** One visit as the hospital numbers it. */
export interface Visit {
  /** Financial number, `FIN NBR`. */
  readonly fin: string
  /** ENCOUNTER.ENCNTR_ID. */
  readonly encounterId: string
  /** HL7 table 0004: O outpatient, E emergency, I inpatient. */
  readonly kind: 'O' | 'E' | 'I'
  readonly place: {
    readonly pointOfCare: string
    readonly room: string
    readonly bed: string
    readonly facility: string
  }
  readonly zone: string
  readonly provider: Provider
  readonly reason: string
  readonly startedAt: number
  readonly endedAt: number | null
  /** HL7 table 0112, PV1-36. */
  readonly disposition: string | null
}

/** One laboratory order and the visit it belongs to. */
export interface Order {
  readonly placer: string
  readonly filler: string
  readonly panel: PanelId
  readonly visit: Visit
  readonly collectedAt: number
}

export type AppointmentStatus = 'Booked' | 'Started' | 'Complete' | 'Cancelled' | 'Noshow'

interface Happening {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Tells this event from every other of the same cast, for ever; its message's control id comes from it. */
  readonly key: string
  /** Number of the person. */
  readonly patient: number
}

/** A person becomes known, becomes known a second time by mistake, or the two records become one. */
export interface RecordEvent extends Happening {
  readonly kind: 'register' | 'register_again' | 'merge'
}

export interface UpdateEvent extends Happening {
  readonly kind: 'update'
  readonly change: Partial<SyntheticPerson>
  readonly visit: Visit | null
}

export interface VisitEvent extends Happening {
  readonly kind: 'arrive' | 'admit' | 'discharge'
  readonly visit: Visit
}

/** `slot`, `status` and `notes` are the appointment's as of this event. */
export interface SchedulingEvent extends Happening {
  readonly kind: 'book' | 'move' | 'change' | 'cancel' | 'no_show'
  readonly appointment: Appointment
  readonly slot: Slot
  readonly status: AppointmentStatus
  readonly notes: string | null
}

export interface ResultEvent extends Happening {
  readonly kind: 'result'
  readonly order: Order
  readonly status: 'P' | 'F' | 'C'
  readonly resultedAt: number
}

/** What happens at the hospital or the practice, at a moment, to a person. */
export type SandboxEvent = RecordEvent | UpdateEvent | VisitEvent | SchedulingEvent | ResultEvent

export type SandboxEventKind = SandboxEvent['kind']

export const inOrder = (a: SandboxEvent, b: SandboxEvent): number => a.at - b.at || (a.key < b.key ? -1 : 1)
