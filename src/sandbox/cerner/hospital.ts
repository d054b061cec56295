import type { Clock } from '../../kernel/clock.ts'
import { openCalendar, type Calendar } from '../day.ts'
import type { SandboxEvent } from '../events.ts'
import type { Cast } from '../schedule.ts'
import { openWorld, type World } from '../world.ts'
import { setImmediate as immediate } from 'node:timers/promises'
import { openAgenda } from './agenda.ts'
import { appointmentRoom } from './appointment.ts'
import type { Base, Room } from './base.ts'
import { openCharts } from './chart.ts'
import { SANDBOX_TENANT } from './codes.ts'
import {
  STILL,
  type Grant,
  type Hospital,
  type HospitalChange,
  type Switches,
  type Versioned,
} from './contract.ts'
import { allergyRoom, conditionRoom, immunizationRoom, medicationRoom } from './clinical-lists.ts'
import { coverageRoom } from './coverage-room.ts'
import { diagnosticReportRoom } from './diagnostic-report.ts'
import { binaryRoom, documentRoom } from './document-reference.ts'
import { encounterRoom } from './encounter.ts'
import { observationRoom } from './observation.ts'
import { locationRoom, organizationRoom, practitionerRoom } from './people-rooms.ts'
import { provenanceRoom } from './provenance.ts'
import { guidePeople } from './guide-people.ts'
import { openOverlay } from './overlay.ts'
import { openPatientIndex } from './patient-index.ts'
import { patientRoom } from './patient.ts'
import { openRecords } from './records.ts'
import { scheduleRoom, slotRoom } from './slot.ts'
import { Teller } from './told.ts'

export interface HospitalSettings {
  readonly cast: Cast
  readonly clock: Clock
  readonly tenant?: string
  /** The HL7 day's, where there is one, so that weeks are planned once. */
  readonly calendar?: Calendar
  /** The HL7 day's, so that a change on one road shows on all. */
  readonly world?: World
}

/** The hospital as its own roads see it: the contract, and what ties it to the HL7 day. */
export interface OpenHospital extends Hospital {
  readonly rooms: ReadonlyMap<string, Room>
  /** Everything of a type about a person that a search with these parameters finds, in one go. */
  allOf(type: string, n: number, parameters: URLSearchParams, grant: Grant): readonly Versioned[]
  /** The HL7 day changed a person in `world`: the Patient has a new version. */
  touchPatient(n: number): void
  /**
   * Takes in what the HL7 day tells: changed persons, edited notes, and visits and results of stories that hang on no
   * appointment. Call it after the message was made, since that is what changes the world.
   */
  hear(event: SandboxEvent): void
  /** False for an event that a written change made untrue, as a visit that was cancelled over FHIR; the day skips it. */
  holds(event: SandboxEvent): boolean
  /** What was written over the web as an event of the day; null for what HL7 does not tell of. */
  eventOf(change: HospitalChange): SandboxEvent | null
  /** Plans the open weeks and builds the search index, a piece at a time, so that no request has to wait for it. */
  warm(): Promise<void>
}

/** Opens the records of the sandbox's hospital. Nothing is generated before it is asked for. */
export function openHospital(settings: HospitalSettings): OpenHospital {
  const { cast, clock, tenant = SANDBOX_TENANT } = settings
  const calendar = settings.calendar ?? openCalendar(cast)
  const world = settings.world ?? openWorld(cast)
  const openedAt = clock.now()
  const switches: Switches = { ...STILL, locked: new Set() }
  const overlay = openOverlay(clock)
  const agenda = openAgenda(cast, clock, calendar)
  const charts = openCharts(cast, openedAt, agenda)
  const patients = openPatientIndex(world, openedAt)
  for (const change of guidePeople(cast.population)) patients.admit(change)
  const base: Base = { world, clock, tenant, openedAt, switches, overlay, agenda, charts, patients }
  const people = patientRoom(base)
  const teller = new Teller(agenda, (id) => patients.numberOf(id))
  let publicBase = (): string => `https://fhir-ehr.cerner.com/r4/${tenant}`
  const rooms = furnish(base, people, () => publicBase())
  const records = openRecords(base, rooms)

  return {
    world,
    tenant,
    clock,
    records,
    switches,
    rooms,
    patientId: (n) => patients.person(n)?.personId ?? '',
    patientNumber: (id) => patients.numberOf(id),
    onChange: (listener) => overlay.onChange(listener),
    allOf: (type, n, parameters, grant) => {
      const id = patients.person(n)?.personId ?? ''
      const query = new URLSearchParams(parameters)
      query.set(type === 'Patient' ? '_id' : 'patient', id)
      return records.all(type, query, grant)
    },
    publishAt(baseUrl) {
      publicBase = baseUrl
    },
    touchPatient: (n) => people.touch(n),
    hear(event) {
      if (event.kind === 'update') people.touch(event.patient)
      else if (event.kind === 'change' && event.key.endsWith(':note') && event.notes !== null)
        agenda.note(event.appointment.id, event.notes, event.at)
      else charts.hear(event)
    },
    holds: (event) => {
      const plan = 'appointment' in event ? event.appointment : undefined
      if (plan !== undefined) return agenda.storyHolds(plan, event.at)
      const id = appointmentBehind(event)
      const own = id === null ? undefined : agenda.planned(event.patient).find((one) => one.id === id)
      return own === undefined || agenda.storyHolds(own, event.at)
    },
    eventOf: (change) => teller.eventOf(change),
    async warm() {
      for (let week = agenda.weeks().first; week <= agenda.weeks().last; week += 1) {
        calendar.week(week)
        agenda.between({ from: weekStart(week), to: weekStart(week) + 1 })
        await immediate()
      }
      await patients.warm()
    },
  }
}

const weekStart = (week: number): number => (week * 7 + 6) * 86_400_000

// `A24850123:arrive`, and results and stays that the visit brought.
function appointmentBehind(event: SandboxEvent): string | null {
  const key = /^[AI](\d{8}):/.exec(event.key)?.[1] ?? /^R8?(\d{8})\d:/.exec(event.key)?.[1]
  return key ?? null
}

function furnish(base: Base, people: Room, baseUrl: () => string): ReadonlyMap<string, Room> {
  const slots = slotRoom(base)
  const byType = new Map<string, Room>()
  const find = (type: string, id: string, grant: Grant): Versioned | null => {
    const written = base.overlay.get(type, id)
    if (written !== null) return written.removed ? null : written.versioned
    return byType.get(type)?.read(id, grant) ?? null
  }
  const rooms: Room[] = [
    people,
    appointmentRoom(base, slots),
    slots,
    scheduleRoom(base),
    encounterRoom(base),
    observationRoom(base),
    diagnosticReportRoom(base, baseUrl),
    documentRoom(base, baseUrl),
    binaryRoom(base),
    practitionerRoom(base),
    locationRoom(base),
    organizationRoom(base),
    coverageRoom(base),
    allergyRoom(base),
    conditionRoom(base),
    medicationRoom(base),
    immunizationRoom(base),
    provenanceRoom(find),
  ]
  for (const room of rooms) byType.set(room.type, room)
  return byType
}
