import { v7 } from 'uuid'

/** A string that belongs to one kind of thing only, so that ids are not mixed up. */
export type Branded<B extends string> = string & { readonly __brand: B }

export type PracticeId = Branded<'PracticeId'>
export type ConnectionId = Branded<'ConnectionId'>
export type ExchangeId = Branded<'ExchangeId'>
export type StudioPatientId = Branded<'StudioPatientId'>
export type EncounterId = Branded<'EncounterId'>
export type AppointmentId = Branded<'AppointmentId'>
export type ReportId = Branded<'ReportId'>

/**
 * A new UUID version 7 (RFC 9562 §5.7). Ids made by one process are strictly increasing, which is what keeps
 * the order of arrival inside a lane.
 */
export const newId = <T extends string>(): T => v7() as T
