import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandsPage } from './command-docs.ts'

test('the reference page says what --help says (node src/command-docs.ts)', { timeout: 60_000 }, async () => {
  const page = join(import.meta.dirname, '..', 'docs', 'reference', 'commands.md')
  const said = await commandsPage()
  expect(await readFile(page, 'utf8')).toBe(said)
  expect(said).toContain('## start')
  expect(said).toContain('## bench')
})
