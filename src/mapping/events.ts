import type { AppointmentStatus, EncounterStatus } from '../model/fields.ts'
import type { Effect } from '../model/statement.ts'

/** What an ADT event does to the visit it names. */
export type VisitEffect =
  /** No visit is written. */
  | 'none'
  /** The visit's fields; its status only where PV1 says it. */
  | 'as PV1 says'
  /** The visit is called off; nothing else of it is read. */
  | 'cancelled'
  /** The visit is open again and its end is deleted. */
  | 'reopened'
  /** The visit's fields, and this status. */
  | Exclude<EncounterStatus, 'cancelled'>

export interface AdtEvent {
  readonly kind: 'adt'
  readonly patient: Effect
  readonly visit: VisitEffect
}
export interface SiuEvent {
  readonly kind: 'siu'
  readonly appointment: Effect
  /** The status the event itself means; null where SCH-25 says it, else booked. */
  readonly status: AppointmentStatus | null
  /** True when RGS, AIS, AIG, AIL and AIP hold the whole list of resources, not only a changed one. */
  readonly snapshot: boolean
}
export interface OruEvent {
  readonly kind: 'oru'
}
export type EventEffect = AdtEvent | SiuEvent | OruEvent

const adt = (patient: Effect, visit: VisitEffect): AdtEvent => ({ kind: 'adt', patient, visit })
const siu = (appointment: Effect, status: AppointmentStatus | null, snapshot = true): SiuEvent => ({
  kind: 'siu',
  appointment,
  status,
  snapshot,
})

/** Every event that changes a record (hl7-v2.md §8, §9, §10.1). An event that is not here is ignored, with its code. */
// prettier-ignore
export const EVENTS: Readonly<Record<string, EventEffect>> = {
  //                patient    visit
  'ADT^A01': adt('upsert',  'in-progress'),  // admit
  'ADT^A02': adt('upsert',  'as PV1 says'),  // transfer
  'ADT^A03': adt('upsert',  'finished'),     // discharge
  'ADT^A04': adt('upsert',  'in-progress'),  // register; pre-admit class means planned
  'ADT^A05': adt('upsert',  'planned'),      // pre-admit
  'ADT^A06': adt('upsert',  'as PV1 says'),  // outpatient to inpatient
  'ADT^A07': adt('upsert',  'as PV1 says'),  // inpatient to outpatient
  'ADT^A08': adt('upsert',  'as PV1 says'),  // update
  'ADT^A11': adt('mention', 'cancelled'),    // cancel admit or register
  'ADT^A13': adt('mention', 'reopened'),     // cancel discharge
  'ADT^A28': adt('upsert',  'none'),         // add person
  'ADT^A31': adt('upsert',  'none'),         // update person

  //             appointment  status
  'SIU^S12': siu('upsert', null),                // book
  'SIU^S13': siu('upsert', null),                // reschedule
  'SIU^S14': siu('upsert', null),                // change
  'SIU^S15': siu('cancel', 'cancelled'),         // cancel
  'SIU^S16': siu('cancel', 'cancelled'),         // discontinue, from now on
  'SIU^S17': siu('cancel', 'entered-in-error'),  // delete: it never was
  'SIU^S18': siu('upsert', null, false),         // add a resource
  'SIU^S19': siu('upsert', null, false),         // change a resource
  'SIU^S26': siu('cancel', 'noshow'),            // the patient did not come

  'ORU^R01': { kind: 'oru' },
}

/**
 * Events that say two identities are one, or are not (hl7-v2.md §8.2). To ignore one would leave records apart that
 * the hospital holds together, so a person sees each.
 */
export const MERGE_EVENTS: ReadonlySet<string> = new Set(
  [
    'A18',
    'A24',
    'A29',
    'A30',
    'A34',
    'A35',
    'A36',
    'A37',
    'A39',
    'A40',
    'A41',
    'A42',
    'A43',
    'A44',
    'A45',
    'A46',
    'A47',
  ].map((event) => `ADT^${event}`),
)
