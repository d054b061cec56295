import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mappingPage, TABLES } from './mapping-docs.ts'

const SRC = import.meta.dirname

test('the reference page says what the mapping tables say (node src/mapping-docs.ts)', async () => {
  const page = join(SRC, '..', 'docs', 'reference', 'mapping.md')
  expect(await readFile(page, 'utf8')).toBe(await mappingPage())
})

test('every mapping table is on the page', async () => {
  const folder = join(SRC, 'mapping', 'tables')
  const files: string[] = []
  for (const name of await readdir(folder)) {
    const isTable = (await readFile(join(folder, name), 'utf8')).includes(' = table<')
    if (isTable) files.push(name)
  }
  expect(TABLES.map(([, file]) => file).sort()).toEqual(files.sort())
})
