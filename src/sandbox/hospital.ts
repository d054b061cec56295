import { drawChange } from './changes.ts'
import type { SandboxEvent } from './events.ts'
import { HOSPITAL } from './places.ts'
import { personAt } from './population.ts'
import { hourAt, MINUTE_MS } from './practice-calendar.ts'
import { frequencies, randomFor, shuffled } from './random.ts'
import { weekOf, type Appointment, type Cast } from './schedule.ts'
import { emergencyStory, inpatientStory, outpatientLabStory } from './stories.ts'
import { PROVIDERS } from './staff.ts'

/** Messages that an average story becomes; measured, and held by a test. */
export const MESSAGES_PER_STORY = 2.29

const KINDS = frequencies([
  ['laboratory', 33],
  ['emergency', 17],
  ['update', 20],
  ['schedule', 27],
  ['stay', 3],
] as const)

export interface HospitalOptions {
  readonly cast: Cast
  /** Stories begun in one minute at the busiest hour; may be a fraction. */
  readonly perMinute: number
  /** Gives the appointments of a week, remembered by whoever calls. */
  readonly week: (week: number) => readonly Appointment[]
}

/**
 * The stories that begin at the hospital in one minute. The hospital never sleeps but it is quieter at night.
 * Each minute stands for itself, so any moment can be looked up without telling what came before.
 *
 * @param minute whole minutes since 1970
 */
export function storiesIn(options: HospitalOptions, minute: number): SandboxEvent[][] {
  const { cast } = options
  const random = randomFor(cast.seed, 'minute', minute)
  const expected = options.perMinute * busyness(hourAt(minute * MINUTE_MS, HOSPITAL.zone))
  const count = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0)
  return Array.from({ length: count }, (_, i) => storyAt(options, minute, i))
}

const busyness = (hour: number): number =>
  hour < 6 ? 0.6 : hour < 8 ? 0.85 : hour < 12 ? 1 : hour < 13 ? 0.8 : hour < 18 ? 1 : 0.75

function storyAt(options: HospitalOptions, minute: number, index: number): SandboxEvent[] {
  const { cast } = options
  const random = randomFor(cast.seed, 'hospital', minute, index)
  const at = minute * MINUTE_MS + random.below(60_000)
  const number = storyNumber(minute, index)
  const key = `H${number}`
  const patient = patientFor(options, minute, index)
  switch (random.draw(KINDS)) {
    case 'laboratory':
      return outpatientLabStory(cast, random, patient, key, number, at, random.pick(PROVIDERS))
    case 'emergency':
      return emergencyStory(cast, random, patient, key, number, at)
    case 'stay':
      return inpatientStory(
        cast,
        random,
        patient,
        key,
        number,
        at,
        random.pick(['PNEUMONIA', 'HEART FAILURE', 'HIP FRACTURE', 'CELLULITIS']),
      )
    case 'schedule':
      // With nothing on the schedule to change, somebody's demographics change instead.
      return [scheduleChange(options, at, key) ?? demographicChange(cast, patient, at, key)]
    case 'update':
      return [demographicChange(cast, patient, at, key)]
  }
}

const demographicChange = (cast: Cast, patient: number, at: number, key: string): SandboxEvent => ({
  kind: 'update',
  at,
  key: `${key}:update`,
  patient,
  change: drawChange(cast.seed, personAt(cast.seed, patient), key),
  visit: null,
})

// 2020-01-01, from which visit numbers of the hospital count minutes.
const EPOCH_MINUTE = 26_297_280
const storyNumber = (minute: number, index: number): string =>
  `4${String(minute - EPOCH_MINUTE).padStart(8, '0')}${String(index).padStart(3, '0')}`

// A walk through everyone before anyone comes again, so that stories of one person seldom overlap.
function patientFor({ cast, perMinute }: HospitalOptions, minute: number, index: number): number {
  const turn = minute * (Math.floor(perMinute) + 1) + index
  const round = Math.floor(turn / cast.population)
  return shuffled(cast.population, cast.seed, 'round', round)(turn % cast.population)
}

const NOTES = [
  'Moved to the front of the waiting list',
  'Needs a longer visit',
  'Bring referral letter',
  'Arrive 15 minutes early',
  'Labs before the visit',
  'Interpreter booked',
]

/** Somebody edits the notes of a visit to come (SIU S14); its time and its people stay. */
function scheduleChange({ cast, week }: HospitalOptions, at: number, key: string): SandboxEvent | null {
  const random = randomFor(cast.seed, 'edit', key)
  const coming = week(weekOf(at) + random.below(3))
  for (let attempt = 0; attempt < 12 && coming.length > 0; attempt += 1) {
    const appointment = random.pick(coming)
    const slot =
      appointment.movedAt === null || at >= appointment.movedAt
        ? appointment.slot
        : (appointment.original ?? appointment.slot)
    const over = appointment.cancelledAt ?? slot.start - 30 * MINUTE_MS
    if (at <= appointment.bookedAt || at >= Math.min(over, slot.start - 30 * MINUTE_MS)) continue
    return {
      kind: 'change',
      at,
      key: `${key}:note`,
      patient: appointment.patient,
      appointment,
      slot,
      status: 'Booked',
      notes: random.pick(NOTES),
    }
  }
  return null
}
