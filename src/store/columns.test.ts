import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Blob, plainArray, textArray } from './columns.ts'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

let store: TestDatabase
beforeAll(async () => void (store = await openTestDatabase()))
afterAll(() => store[Symbol.asyncDispose]())

async function throughPostgres(values: readonly (string | null)[]): Promise<(string | null)[]> {
  const { rows } = await store.database.query<{ value: string | null }>(
    'select value from unnest($1::text[]) with ordinality as t (value, n) order by n',
    [textArray(values)],
  )
  return rows.map((row) => row.value)
}

test('text that looks like syntax comes back as it was', async () => {
  const nasty = [
    '',
    ' ',
    'null',
    'NULL',
    '"',
    '\\',
    '\\"',
    '{',
    '}',
    '{a,b}',
    ',',
    "'",
    '\r\n\t',
    'a"b\\c{d},',
    '\u00e9',
    '日本',
    '😀',
    '\\x00',
    '$1',
    null,
    ' x ',
  ]
  expect(await throughPostgres(nasty)).toEqual(nasty)
})

test('any text comes back as it was, but for NUL, which PostgreSQL cannot hold', async () => {
  const pieces = fc.constantFrom('"', '\\', '{', '}', ',', 'null', ' ', '\n', 'é', '😀', 'x', '\0')
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(pieces).map((all) => all.join('')),
    fc.constant(null),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 20 }), async (values) => {
      expect(await throughPostgres(values)).toEqual(
        values.map((value) => value?.replaceAll('\0', '\ufffd') ?? null),
      )
    }),
    { numRuns: 60 },
  )
})

test('an array inside an array goes in as its own literal', async () => {
  const lists = [['patient/1', 'encounter/2'], [], ['x']]
  const { rows } = await store.database.query<{ list: string[] }>(
    'select literal::text[] as list from unnest($1::text[]) with ordinality as t (literal, n) order by n',
    [textArray(lists.map((list) => plainArray(list)))],
  )
  expect(rows.map((row) => row.list)).toEqual(lists)
})

test('plain values keep their types, and null is null', async () => {
  const { rows } = await store.database.query<{ n: string; b: boolean }>(
    'select n, b from unnest($1::bigint[], $2::boolean[]) as t (n, b)',
    [plainArray([1, -(2n ** 63n), null]), plainArray([true, false, null])],
  )
  expect(rows.map((row) => [row.n === null ? null : BigInt(row.n), row.b])).toEqual([
    [1n, true],
    [-(2n ** 63n), false],
    [null, null],
  ])
})

test('bytes are cut out of the blob where they were put', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 10 }),
      async (chunks) => {
        const blob = new Blob()
        const at = chunks.map((chunk) => blob.add(chunk))
        const { rows } = await store.database.query<{ piece: Buffer }>(
          'select substring($1::bytea from at for length) as piece from unnest($2::int[], $3::int[]) with ordinality as t (at, length, n) order by n',
          [blob.bytes(), plainArray(at), plainArray(chunks.map((chunk) => chunk.length))],
        )
        expect(rows.map((row) => [...row.piece])).toEqual(chunks.map((chunk) => [...chunk]))
      },
    ),
    { numRuns: 30 },
  )
})
