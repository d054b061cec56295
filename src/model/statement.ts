import type { Instant } from '../kernel/calendar-date.ts'
import type { Identifier } from './values.ts'
import type { RecordType } from './fields.ts'

/**
 * What one message says about one record: the output of mapping, the input of reconciliation, and the same shape on
 * every channel.
 *
 * *Absent* is a field that is not in `fields`; *cleared* is one whose value is `null` (HL7 `""`). The two never mix.
 */
export interface Statement {
  record: RecordType
  /** Identifiers that name the record, best first; each with its authority and type. */
  keys: readonly Identifier[]
  /** Field name → what was said, and where it stood in the message. */
  fields: Readonly<Record<string, Said>>
  /** Set name → the rows of the snapshot; an empty list clears this source's rows. */
  sets: Readonly<Record<string, SaidSet>>
  /** What the event does beyond its fields. */
  effect: Effect
  /**
   * Fields of which this is all that the source has to say (a FHIR resource is whole, an HL7 message is not): what the
   * same source said of them before and leaves out now is gone there, and so it is cleared.
   */
  complete?: readonly string[]
}

export interface Said {
  /** JSON value of the field; `null` clears it. */
  value: unknown
  /** The place it was read from, in the standard's own spelling: `PID-5.1.1`, `Patient.birthDate`. */
  place: string
}

export interface SaidSet {
  rows: readonly unknown[]
  place: string
  /**
   * `snapshot` (the default) replaces all rows of this source. `keyed` says something about single rows, each with a
   * `key` (values.ts, KeyedRow), and leaves the others alone.
   */
  mode?: 'snapshot' | 'keyed'
}

/**
 * - `upsert` creates or updates.
 * - `mention` names a record that must exist, and creates it when it does not, without changing what is stored.
 * - `cancel` sets the record's end state even if it was never seen, so that a late create cannot revive it.
 */
export const EFFECTS = ['upsert', 'mention', 'cancel'] as const
export type Effect = (typeof EFFECTS)[number]

/** Everything one message says, in the order it must be applied (patient first). */
export interface MappedMessage {
  /** `ADT^A04`, `SIU^S12`, `ORU^R01`. */
  kind: string
  /** When it was true: EVN-2, else MSH-7 (hl7-v2.md §8). */
  asOf: Instant
  statements: readonly Statement[]
  warnings: readonly MappingWarning[]
}

export interface MappingWarning {
  code: string
  place: string
  says: string
  /** The field remaps that would mend it, for the analyst to accept. */
  remap?: readonly { from: string; to: string }[]
}
