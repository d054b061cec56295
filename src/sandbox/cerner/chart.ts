import type { Order, ResultEvent, SandboxEvent, Visit, VisitEvent } from '../events.ts'
import { pastOf } from '../history.ts'
import type { Appointment, Cast } from '../schedule.ts'
import { storyOf } from '../stories.ts'
import type { Agenda } from './agenda.ts'

/** A visit with its whole course; what has not happened yet is left out by {@link hasBegun} and {@link hasEnded}. */
export interface Stay {
  /** Number within `encounterId`: the encounter without its kind. */
  readonly number: string
  readonly patient: number
  readonly visit: Visit
  readonly endedAt: number | null
  readonly disposition: string | null
  /** SCH_EVENT_ID of the appointment it came from. */
  readonly appointment: string | null
}

/** An order with the moments at which its report was sent. */
export interface Test {
  readonly order: Order
  readonly patient: number
  readonly steps: readonly { readonly status: 'P' | 'F' | 'C'; readonly at: number }[]
}

export interface Chart {
  readonly stays: readonly Stay[]
  readonly tests: readonly Test[]
}

export interface Charts {
  of(n: number): Chart
  /** Whose visit it is, by its number; null when it is nobody's. */
  patientOf(number: string): number | null
  /** Takes in a story of the hospital that the calendar does not know. */
  hear(event: SandboxEvent): void
  forget(n: number): void
}

const KEPT = 4096

/** The charts of a cast as the day and its history tell them; the least recently opened are forgotten. */
export function openCharts(cast: Cast, openedAt: number, agenda: Agenda): Charts {
  const known = new Map<number, { chart: Chart; week: number }>()
  const heard = new Map<number, SandboxEvent[]>()
  const heardBy = new Map<string, number>()
  const make = (n: number): Chart => {
    const past = n < cast.population ? pastOf(cast, n, openedAt) : []
    const planned = agenda.planned(n).flatMap((plan) => storyWithin(cast, agenda, plan))
    return chartFrom(n, [...past, ...planned, ...(heard.get(n) ?? [])])
  }
  return {
    of(n) {
      const week = agenda.weeks().last
      const kept = known.get(n)
      known.delete(n)
      const made = kept !== undefined && kept.week === week ? kept : { chart: make(n), week }
      known.set(n, made)
      const [oldest] = known.keys()
      if (known.size > KEPT && oldest !== undefined) known.delete(oldest)
      return made.chart
    },
    hear(event) {
      if (!isClinical(event) || isTold(event)) return
      const list = heard.get(event.patient) ?? []
      if (list.some((one) => one.key === event.key)) return
      heard.set(event.patient, [...list, event])
      const visit = event.kind === 'result' ? event.order.visit : event.visit
      heardBy.set(visit.encounterId.slice(2), event.patient)
      known.delete(event.patient)
    },
    patientOf: (number) => {
      const of = patientOfNumber(
        number,
        (id) => agenda.patientOf(id),
        (one) => heardBy.get(one) ?? null,
      )
      return of !== null && of < cast.population ? of : null
    },
    forget: (n) => void known.delete(n),
  }
}

const isClinical = (event: SandboxEvent): event is VisitEvent | ResultEvent =>
  event.kind === 'arrive' || event.kind === 'admit' || event.kind === 'discharge' || event.kind === 'result'

// Stories that hang on an appointment or lie in the past are in every chart already; those of the hospital's own day
// have numbers that begin with 4.
const isTold = (event: VisitEvent | ResultEvent): boolean =>
  !(event.kind === 'result' ? event.order.visit : event.visit).fin.startsWith('4')

const storyWithin = (cast: Cast, agenda: Agenda, plan: Appointment): SandboxEvent[] =>
  plan.outcome === 'seen' ? storyOf(cast, plan).filter((event) => agenda.storyHolds(plan, event.at)) : []

function chartFrom(patient: number, events: readonly SandboxEvent[]): Chart {
  const stays = new Map<string, Stay>()
  const tests = new Map<string, Test>()
  for (const event of events) {
    if (event.kind === 'arrive' || event.kind === 'admit') {
      stays.set(event.visit.encounterId, openStay(patient, event.visit))
    } else if (event.kind === 'discharge') {
      const stay = stays.get(event.visit.encounterId) ?? openStay(patient, event.visit)
      const { endedAt, disposition } = event.visit
      stays.set(event.visit.encounterId, { ...stay, endedAt, disposition })
    } else if (event.kind === 'result') addStep(tests, patient, event)
  }
  return { stays: [...stays.values()], tests: [...tests.values()] }
}

const openStay = (patient: number, visit: Visit): Stay => ({
  number: visit.encounterId.slice(2),
  patient,
  visit,
  endedAt: null,
  disposition: null,
  appointment: visit.encounterId.startsWith('97') ? visit.encounterId.slice(2) : null,
})

function addStep(tests: Map<string, Test>, patient: number, { order, status, at }: ResultEvent): void {
  const test = tests.get(order.placer) ?? { order, patient, steps: [] }
  tests.set(order.placer, { ...test, steps: [...test.steps, { status, at }] })
}

export const hasBegun = (stay: Stay, now: number): boolean => stay.visit.startedAt <= now
export const hasEnded = (stay: Stay, now: number): boolean => stay.endedAt !== null && stay.endedAt <= now

/** The latest report of a test, null while there is none; `step` counts from 0. */
export function reportOf(
  test: Test,
  now: number,
): { readonly status: 'P' | 'F' | 'C'; readonly at: number; readonly step: number } | null {
  const sent = test.steps.filter((one) => one.at <= now)
  const latest = sent.at(-1)
  return latest === undefined ? null : { ...latest, step: sent.length - 1 }
}

/** Whose chart a visit's number belongs to, by the manner in which stories number their visits. */
function patientOfNumber(
  number: string,
  appointmentPatient: (id: string) => number | null,
  heardPatient: (number: string) => number | null,
): number | null {
  if (/^3\d{9}$/.test(number)) return Number(number.slice(1, 9))
  if (/^8\d{8}$/.test(number)) return appointmentPatient(number.slice(1))
  if (/^4\d{11}$/.test(number)) return heardPatient(number)
  return /^\d{8}$/.test(number) ? appointmentPatient(number) : null
}
