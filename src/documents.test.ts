import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

async function documents(): Promise<string[]> {
  const below = (await readdir(join(ROOT, 'docs'), { recursive: true })).map((file) => join('docs', file))
  const above = await readdir(ROOT)
  return [...above, ...below].filter((file) => file.endsWith('.md')).sort()
}

/** The anchor of a heading, as GitHub makes it: lower case, no punctuation, blanks to hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

async function anchorsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

const LINK = /\]\(([^)\s]+)\)/g
// Files and folders of this project as documents name them; `…` and `*` stand for many.
const PATH = /`((?:src|test|docs|fixtures|bin|\.ci)\/[\w./-]*\w\/?)`/g

describe.each(await documents())('%s', (file) => {
  test('its links lead somewhere', async () => {
    const text = await readFile(join(ROOT, file), 'utf8')
    const broken: string[] = []
    for (const [, link = ''] of text.matchAll(LINK)) {
      if (/^[a-z]+:/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path)
      const isThere = existsSync(target) && (!anchor || (await anchorsOf(target)).includes(anchor))
      if (!isThere) broken.push(link)
    }
    expect(broken).toEqual([])
  })

  test('the files it names are there', async () => {
    const text = await readFile(join(ROOT, file), 'utf8')
    const named = [...text.matchAll(PATH)].map(([, path = '']) => path)
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

test('every section of hl7-v2.md that the code cites is there', async () => {
  const page = await readFile(join(ROOT, 'docs', 'reference', 'hl7-v2.md'), 'utf8')
  const sections = [...page.matchAll(/^#+ (\d+(?:\.\d+)?) /gm)].map(([, number]) => number)
  const cited = new Set<string>()
  for (const entry of await readdir(import.meta.dirname, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8')
    for (const [, number = ''] of text.matchAll(/hl7-v2\.md §(\d+(?:\.\d+)?)/g)) cited.add(number)
  }
  // §5.5 is the fifth rule of the list in §5.
  const missing = [...cited].filter((number) => !sections.includes(number) && number !== '5.5')
  expect(cited.size).toBeGreaterThan(10)
  expect(missing).toEqual([])
})
