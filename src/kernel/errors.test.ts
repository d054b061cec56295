import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES, errorsPage, sentenceWithPlaces } from '../error-docs.ts'
import { ERRORS, IntegrationError } from './errors.ts'

const SRC = join(import.meta.dirname, '..')
// The table itself, its page, and made-up answers for the console's own tests.
const NOT_A_USE = /^(kernel[/\\]errors\.ts|error-docs\.ts|console[/\\]fixtures[/\\])|\.test\.tsx?$/

async function sourceText(): Promise<string> {
  const files = (await readdir(SRC, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !NOT_A_USE.test(relative(SRC, file)))
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n')
}

describe.each(ERROR_CODES)('%s', (code) => {
  test('says a sentence that ends with a full stop', () => {
    expect(sentenceWithPlaces(code)).toMatch(/^[A-Z0-9{].*[^.]\.$/)
  })

  test('says what to do in whole sentences', () => {
    expect(ERRORS[code].todo).toMatch(/^[A-Z].*[^.\s]\.$/)
  })
})

test('every code of the table is raised somewhere', async () => {
  const source = await sourceText()
  expect(ERROR_CODES.filter((code) => !source.includes(`'${code}'`))).toEqual([])
})

test('an error carries its sentence, its kind and what to do, with the place named', () => {
  const error = new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'PID-5' })
  expect(error.message).toBe('Required field PID-5 is empty.')
  expect(error.kind).toBe('permanent')
  expect(error.todo).toBe(ERRORS.HL7_REQUIRED_FIELD_EMPTY.todo)
})

test('the reference page says what the table says (node src/error-docs.ts)', async () => {
  const page = join(SRC, '..', 'docs', 'reference', 'errors.md')
  expect(await readFile(page, 'utf8')).toBe(await errorsPage())
})

test('the reference page holds every code once', async () => {
  const headings = [...(await errorsPage()).matchAll(/^### (.+)$/gm)].map(([, code]) =>
    code?.replaceAll('\\', ''),
  )
  expect(headings).toEqual(ERROR_CODES)
})
