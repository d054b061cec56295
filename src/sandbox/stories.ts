import { drawChange } from './changes.ts'
import type { Order, SandboxEvent, Visit } from './events.ts'
import { panelsFor, type PanelId } from './labs.ts'
import { HOSPITAL } from './places.ts'
import { personAt } from './population.ts'
import { HOUR_MS, MINUTE_MS } from './practice-calendar.ts'
import { frequencies, randomFor, type Random } from './random.ts'
import { subjectOf, type Appointment, type Cast, type Slot } from './schedule.ts'
import { HOSPITALISTS, type Provider } from './staff.ts'

/**
 * Everything that happens because of one appointment, in the order of its moments: booked, perhaps moved, then
 * cancelled, missed or kept; a kept one brings an arrival, perhaps new demographics, results and a check-out.
 */
export function storyOf(cast: Cast, appointment: Appointment): SandboxEvent[] {
  const random = randomFor(cast.seed, 'story', appointment.id)
  const events: SandboxEvent[] = []
  const told = teller(events, appointment)
  const before = appointment.original ?? appointment.slot
  told('book', appointment.bookedAt, before)
  if (appointment.movedAt !== null) told('move', appointment.movedAt, appointment.slot)
  switch (appointment.outcome) {
    case 'cancelled':
      told('cancel', appointment.cancelledAt ?? appointment.slot.start, appointment.slot)
      break
    case 'no_show':
      told('no_show', appointment.slot.start + random.between(20, 35) * MINUTE_MS, appointment.slot)
      break
    case 'seen':
      tellVisit(cast, random, appointment, events, told)
      break
    default:
      appointment.outcome satisfies never
  }
  return events
}

type Tell = (
  kind: 'book' | 'move' | 'change' | 'cancel' | 'no_show',
  at: number,
  slot: Slot,
  step?: 'Started' | 'Complete',
) => void

const STATUS = {
  book: 'Booked',
  move: 'Booked',
  change: 'Booked',
  cancel: 'Cancelled',
  no_show: 'Noshow',
} as const

const teller =
  (events: SandboxEvent[], appointment: Appointment): Tell =>
  (kind, at, slot, step) => {
    const key = `A${appointment.id}:${kind}${step ?? ''}`
    events.push({
      kind,
      at,
      key,
      patient: appointment.patient,
      appointment,
      slot,
      status: step ?? STATUS[kind],
      notes: appointment.notes,
    })
  }

function tellVisit(
  cast: Cast,
  random: Random,
  appointment: Appointment,
  events: SandboxEvent[],
  told: Tell,
): void {
  const { slot, patient, id } = appointment
  const arrivedAt = slot.start - random.between(-4, 18) * MINUTE_MS
  // Checked out when the visit is over, however late they came.
  const endedAt = Math.max(slot.start, arrivedAt) + (slot.minutes + random.between(4, 22)) * MINUTE_MS
  const visit = clinicVisit(appointment, arrivedAt)
  events.push({ kind: 'arrive', at: arrivedAt, key: `A${id}:arrive`, patient, visit })
  told('change', arrivedAt + 2000, slot, 'Started')
  if (random.chance(0.15)) {
    const change = drawChange(cast.seed, personAt(cast.seed, patient), id)
    events.push({
      kind: 'update',
      at: arrivedAt + 3 * MINUTE_MS,
      key: `A${id}:update`,
      patient,
      change,
      visit,
    })
  }
  const collectedAt = Math.max(slot.start, arrivedAt) + Math.round(slot.minutes * 0.7) * MINUTE_MS
  appointment.panels.forEach((panel, i) => {
    events.push(
      ...resultStory(
        random,
        { placer: `${id}${i}`, filler: `${Number(id) % 10_000_000}${i}L`, panel, visit, collectedAt },
        patient,
      ),
    )
  })
  const closed = { ...visit, endedAt, disposition: '01' }
  events.push({ kind: 'discharge', at: endedAt, key: `A${id}:discharge`, patient, visit: closed })
  told('change', endedAt + 2000, slot, 'Complete')
  if (appointment.admitted)
    events.push(
      ...inpatientStory(
        cast,
        random,
        patient,
        `I${id}`,
        `8${id}`,
        endedAt + 90 * MINUTE_MS,
        appointment.reason,
      ),
    )
}

function clinicVisit({ id, slot, reason }: Appointment, startedAt: number): Visit {
  return {
    fin: `10${id}`,
    encounterId: `97${id}`,
    kind: 'O',
    place: { pointOfCare: slot.clinic.pointOfCare, room: slot.room, bed: '', facility: slot.clinic.facility },
    zone: slot.clinic.zone,
    provider: slot.provider,
    reason,
    startedAt,
    endedAt: null,
    disposition: null,
  }
}

/** A result's way: often preliminary, then final, now and then corrected. */
export function resultStory(random: Random, order: Order, patient: number): SandboxEvent[] {
  const events: SandboxEvent[] = []
  const pointOfCare = order.panel === 'STREP' || order.panel === 'COVID'
  const finalAt =
    order.collectedAt +
    (pointOfCare ? random.between(9, 16) : random.between(55, 330)) * MINUTE_MS +
    random.below(60_000)
  const tell = (status: 'P' | 'F' | 'C', at: number): void => {
    events.push({
      kind: 'result',
      at,
      key: `R${order.placer}:${status}`,
      patient,
      order,
      status,
      resultedAt: at,
    })
  }
  if (!pointOfCare && random.chance(0.38))
    tell('P', order.collectedAt + Math.round((finalAt - order.collectedAt) * 0.55))
  tell('F', finalAt)
  if (random.chance(0.018)) tell('C', finalAt + random.between(25, 900) * MINUTE_MS)
  return events
}

/** An emergency at the hospital: registered, tested, sent home. Some hours, all in all. */
export function emergencyStory(
  cast: Cast,
  random: Random,
  patient: number,
  key: string,
  number: string,
  at: number,
): SandboxEvent[] {
  const reason = random.pick([
    'CHEST PAIN',
    'ABDOMINAL PAIN',
    'FALL',
    'SHORTNESS OF BREATH',
    'LACERATION',
    'DIZZINESS',
    'FEVER',
  ])
  const bed = `${random.between(1, 22)}`
  const visit = hospitalVisit('E', number, at, reason, HOSPITALISTS[1] as Provider, {
    pointOfCare: HOSPITAL.emergency,
    room: bed,
    bed: 'A',
    facility: HOSPITAL.facility,
  })
  const panels: PanelId[] =
    reason === 'LACERATION'
      ? []
      : reason === 'CHEST PAIN'
        ? ['TROP', 'BMP', 'CBC']
        : random.chance(0.5)
          ? ['CMP', 'CBC']
          : ['CBC']
  const results = panels.flatMap((panel, i) =>
    resultStory(
      random,
      {
        placer: `${number}${i}`,
        filler: `${number}${i}E`,
        panel,
        visit,
        collectedAt: at + (12 + i) * MINUTE_MS,
      },
      patient,
    ),
  )
  const endedAt =
    Math.max(at + 70 * MINUTE_MS, ...results.filter((one) => one.key.endsWith('F')).map((one) => one.at)) +
    random.between(10, 45) * MINUTE_MS
  const closed = { ...visit, endedAt, disposition: '01' }
  return [
    { kind: 'arrive', at, key: `${key}:arrive`, patient, visit },
    ...results,
    { kind: 'discharge', at: endedAt, key: `${key}:discharge`, patient, visit: closed },
  ]
}

/** A stay on a ward: admitted, tested each morning, discharged after one to five days. */
export function inpatientStory(
  cast: Cast,
  random: Random,
  patient: number,
  key: string,
  number: string,
  at: number,
  reason: string,
): SandboxEvent[] {
  const nights = random.between(1, 5)
  const ward = random.pick(HOSPITAL.wards)
  const visit = hospitalVisit('I', number, at, reason, HOSPITALISTS[0] as Provider, {
    pointOfCare: ward,
    room: `${random.between(301, 448)}`,
    bed: random.pick(['A', 'B']),
    facility: HOSPITAL.facility,
  })
  const events: SandboxEvent[] = [{ kind: 'admit', at, key: `${key}:admit`, patient, visit }]
  for (let night = 0; night < nights; night += 1) {
    const collectedAt = at + night * 24 * HOUR_MS + random.between(4, 16) * HOUR_MS
    events.push(
      ...resultStory(
        random,
        {
          placer: `${number}${night}`,
          filler: `${number}${night}W`,
          panel: night === 0 ? 'CMP' : 'BMP',
          visit,
          collectedAt,
        },
        patient,
      ),
    )
  }
  // Corrections may come after the patient went home; final results do not.
  const endedAt = Math.max(
    at + nights * 24 * HOUR_MS,
    ...events.filter((one) => one.key.endsWith('F')).map((one) => one.at + 20 * MINUTE_MS),
  )
  const disposition = random.draw(DISPOSITIONS)
  events.push({
    kind: 'discharge',
    at: endedAt,
    key: `${key}:discharge`,
    patient,
    visit: { ...visit, endedAt, disposition },
  })
  return events.sort((a, b) => a.at - b.at)
}

// 01 home, 03 skilled nursing, 06 home health.
const DISPOSITIONS = frequencies([
  ['01', 78],
  ['06', 13],
  ['03', 9],
])

/** A blood draw at the hospital's laboratory, without a doctor's visit. */
export function outpatientLabStory(
  cast: Cast,
  random: Random,
  patient: number,
  key: string,
  number: string,
  at: number,
  orderedBy: Provider,
): SandboxEvent[] {
  const wanted = panelsFor(
    subjectOf(cast, personAt(cast.seed, patient)),
    random,
    random.chance(0.4) ? 'ANNUAL PHYSICAL' : '',
  )
  const panels: PanelId[] = wanted.length > 0 ? wanted.slice(0, 2) : ['CBC']
  const visit = hospitalVisit('O', number, at, 'LABORATORY', orderedBy, {
    pointOfCare: HOSPITAL.laboratory,
    room: '',
    bed: '',
    facility: HOSPITAL.facility,
  })
  const collectedAt = at + random.between(5, 20) * MINUTE_MS
  return [
    { kind: 'arrive', at, key: `${key}:arrive`, patient, visit },
    ...panels.flatMap((panel, i) =>
      resultStory(
        random,
        { placer: `${number}${i}`, filler: `${number}${i}L`, panel, visit, collectedAt },
        patient,
      ),
    ),
  ]
}

function hospitalVisit(
  kind: Visit['kind'],
  number: string,
  startedAt: number,
  reason: string,
  provider: Provider,
  place: Visit['place'],
): Visit {
  return {
    fin: number,
    encounterId: `98${number}`,
    kind,
    place,
    zone: HOSPITAL.zone,
    provider,
    reason,
    startedAt,
    endedAt: null,
    disposition: null,
  }
}
