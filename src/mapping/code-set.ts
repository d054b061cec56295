/** The systems a code may be written in. `v2` is an HL7 v2 table, `fhir` a FHIR code system. */
export type CodeSystem = 'v2' | 'fhir'

/**
 * One row: the code Practice Studio keeps, the HL7 v2 codes that mean it (the first is the one we send), the FHIR
 * code, the words for people, and other spellings seen on real interfaces.
 */
export type CodeRow<S extends string> = readonly [
  studio: S,
  v2: readonly string[],
  fhir: string | null,
  display: string,
  also?: readonly string[],
]

export interface CodeSystems {
  /** HL7 v2 table, `HL70001`; shown in errors, so an analyst can look it up. */
  v2: string
  /** FHIR code system, by its short name or URI. */
  fhir: string
  /** Millennium code set number, where one holds the same concept. */
  millennium?: number
}

export interface CodeSet<S extends string = string> {
  readonly name: string
  readonly systems: CodeSystems
  readonly rows: readonly CodeRow<S>[]
  /** The studio code for a code or spelling of that system; undefined when the set does not know it. */
  read(code: string, from: CodeSystem): S | undefined
  /** The code of that system for a studio code; undefined when the system has none. */
  write(studio: S, to: CodeSystem): string | undefined
  /** Words for people. */
  display(studio: string): string | undefined
}

// Codes are compared without case and outer spaces (hl7-v2.md §4, ID and IS).
const folded = (code: string): string => code.trim().toUpperCase()

/**
 * Makes a code set from its rows. A code of the asked system wins over a studio code, a spelling or a display text,
 * because the same letter may mean two things: marital status `A` is separated in HL70002 and annulled in FHIR.
 */
export function codeSet<const S extends string>(
  name: string,
  systems: CodeSystems,
  rows: readonly CodeRow<S>[],
): CodeSet<S> {
  const fromV2 = spellings(rows, (row) => row[1])
  const fromFhir = spellings(rows, (row) => (row[2] === null ? [] : [row[2]]))
  const byStudio = new Map<string, CodeRow<S>>(rows.map((row) => [row[0], row]))
  return {
    name,
    systems,
    rows,
    read(code, from) {
      const known = from === 'v2' ? fromV2 : fromFhir
      return known.get(code) ?? known.get(folded(code))
    },
    write(studio, to) {
      const row = byStudio.get(studio)
      if (!row) return undefined
      return to === 'v2' ? (row[1][0] ?? row[0]) : (row[2] ?? undefined)
    },
    display: (studio) => byStudio.get(studio)?.[3],
  }
}

function spellings<S extends string>(
  rows: readonly CodeRow<S>[],
  codes: (row: CodeRow<S>) => readonly string[],
): Map<string, S> {
  const found = new Map<string, S>()
  const add = (spelling: string, studio: S): void => {
    if (!found.has(folded(spelling))) found.set(folded(spelling), studio)
  }
  for (const row of rows) for (const code of codes(row)) add(code, row[0])
  for (const row of rows) add(row[0], row[0])
  for (const row of rows) for (const spelling of [row[3], ...(row[4] ?? [])]) add(spelling, row[0])
  return found
}
