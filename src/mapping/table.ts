import type { Codec, ElementCodec, LinkCodec } from './codec.ts'

/**
 * One row of a mapping: a Practice Studio field and where each source says it. `null` where a source has no such
 * place. Several places of one source are joined by ` | `; the first valued one counts.
 */
export type Row<F> = {
  [K in keyof F & string]: readonly [
    field: K,
    ccl: string | null,
    v2: string | null,
    fhir: string | null,
    csv: string | null,
    codec: Codec<Exclude<F[K], undefined>> | ElementCodec<Exclude<F[K], undefined>>,
  ]
}[keyof F & string]

/** A row that points at another record instead of holding a value. */
export type LinkRow<L extends string> = readonly [
  field: L,
  ccl: string | null,
  v2: string | null,
  fhir: string | null,
  csv: string | null,
  codec: LinkCodec,
]

export interface Table {
  readonly record: string
  readonly rows: readonly TableRow[]
}

export interface TableRow {
  readonly field: string
  readonly ccl: string | null
  readonly v2: string | null
  readonly fhir: string | null
  readonly csv: string | null
  readonly codec: Codec<unknown> | ElementCodec<unknown> | LinkCodec
}

/**
 * The mapping of one record. The type argument ties every row to its field: a codec that reads another type than the
 * field holds does not compile.
 */
export function table<F, L extends string = never>(
  record: string,
  rows: readonly (Row<F> | LinkRow<L>)[],
): Table {
  return {
    record,
    rows: rows.map(([field, ccl, v2, fhir, csv, codec]) => ({
      field,
      ccl,
      v2,
      fhir,
      csv,
      codec: codec,
    })),
  }
}
