/** "The sender writes into `from` what the standard puts into `to`": `{ from: 'IN1-35', to: 'IN1-36' }`. */
export interface Remap {
  readonly from: string
  readonly to: string
}

/** What HL7 `""` does: clear the field, or nothing (hl7-v2.md §3.2). */
export type NullMeans = 'clear' | 'ignore'

/** The settings of a connection that mapping depends on. Keep one object per connection: compiled tables hang on it. */
export interface MapSettings {
  /** IANA zone for times without an offset: `America/Chicago`. */
  readonly zone: string
  /** ISO 3166 country of telephone numbers without a country code: `US`. */
  readonly country: string
  /** Assigning authority of identifiers that come without one, such as `CERNER`. */
  readonly defaultAuthority: string
  /** Another name of an authority → the name we keep. `NS`, `NS&UID&ISO` or the universal id; compared without case. */
  readonly authorityAliases: Readonly<Record<string, string>>
  readonly nullMeans: NullMeans
  /** Exceptions to `nullMeans`, by Practice Studio field or by HL7 field (`phone_home`, `PID-13`). */
  readonly nullMeansFor?: Readonly<Record<string, NullMeans>>
  /** Field remaps of this connection; they come after those of the profile and win over them. */
  readonly remap: readonly Remap[]
  /** Name of a shipped set of remaps, see profiles.ts; `auto` finds out by message, null is none. */
  readonly profile: string | null
  /** Code set name → the sender's code → our code: the analyst's answers to CODE_NOT_IN_SET. */
  readonly codes?: Readonly<Record<string, Readonly<Record<string, string>>>>
}
