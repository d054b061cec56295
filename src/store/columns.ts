/**
 * Rows on their way into one statement: a text array per column, and all binary columns together in a single
 * parameter from which the statement cuts by offset. Arrays of bytea would travel as hexadecimal text, twice as long
 * and parsed character by character.
 */
export class Blob {
  readonly #chunks: Uint8Array[] = []
  #at = 1

  /** @returns where the bytes begin, counted from 1 as `substring` does */
  add(bytes: Uint8Array): number {
    const at = this.#at
    this.#chunks.push(bytes)
    this.#at += bytes.length
    return at
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#at - 1)
  }
}

type Scalar = string | number | bigint | boolean | null

/** An array literal of values that need no quoting: numbers, uuids, plain words. */
export const plainArray = (values: readonly Scalar[]): string =>
  `{${values.map((value) => (value === null ? 'null' : value)).join(',')}}`

// PostgreSQL takes no NUL in text, and one would fail the whole statement. The bytes as they came are kept sealed.
const quoted = (value: string): string =>
  `"${value.replace(/[\\"\0]/g, (found) => (found === '\0' ? '\ufffd' : `\\${found}`))}"`

/** An array literal of any text; a nested array goes in as its own literal. */
export const textArray = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'null' : quoted(value))).join(',')}}`

export interface Queryable {
  query<R extends object>(query: {
    name?: string
    text: string
    values?: unknown[]
  }): Promise<{ rows: R[]; rowCount: number | null }>
}
