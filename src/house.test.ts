import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { expect, test } from 'vitest'

/**
 * The house: each room and the rooms it may import from. Imports point to rooms higher on the list, and some rooms
 * see less (ARCHITECTURE.md draws the same picture).
 */
const ROOMS = [
  'kernel',
  'standards',
  'model',
  'mapping',
  'matching',
  'sync',
  'billing',
  'contract',
  'vault',
  'store',
  'connectors',
  'engine',
  'server',
  'console',
  'sandbox',
  'commands',
] as const
type Room = (typeof ROOMS)[number]

const SEES_LESS: Partial<Record<Room, readonly Room[]>> = {
  console: ['contract'],
  sandbox: ['kernel', 'standards'],
  connectors: ['kernel', 'standards', 'model', 'contract', 'vault'],
  contract: [],
}

/** Rooms that compute and nothing else: they may use the language, other pure rooms and pure packages. */
const PURE: ReadonlySet<Room> = new Set([
  'kernel',
  'standards',
  'model',
  'mapping',
  'matching',
  'sync',
  'billing',
  'contract',
])
const PURE_PACKAGES = new Set([
  'uuid',
  'zod',
  'hl7v2-dictionary',
  'iconv-lite',
  'libphonenumber-js',
  'fast-xml-parser',
  'rfc6902',
])

// Buffer and text tools of the platform; nothing here opens a socket, a file or a process.
const PURE_NODE = new Set(['node:buffer', 'node:util'])

const SRC = import.meta.dirname
const IMPORT = /(?:\bfrom\s+|\bimport\s+|\bimport\()'([^'\n]+)'/g
interface Import {
  file: string
  room: Room | null
  target: string
}

async function imports(): Promise<Import[]> {
  const files = (await readdir(SRC, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !/\.(test|setup|arbitraries|generate|world)\.tsx?$/.test(file) && !file.includes('test-database'),
    )
  const found: Import[] = []
  for (const file of files) {
    const text = await readFile(file, 'utf8')
    for (const match of text.matchAll(IMPORT)) {
      found.push({ file: relative(SRC, file), room: roomOf(file), target: resolve(file, match[1] ?? '') })
    }
  }
  return found
}

function roomOf(file: string): Room | null {
  const first = relative(SRC, file).split(sep)[0]
  return ROOMS.find((room) => room === first) ?? null
}

const resolve = (file: string, target: string): string =>
  target.startsWith('.') ? join(file, '..', target) : target

const all = await imports()

function allowed(room: Room): ReadonlySet<Room> {
  const seen =
    SEES_LESS[room] ??
    ROOMS.slice(0, ROOMS.indexOf(room)).filter((one) => one !== 'console' && one !== 'sandbox')
  const extra: Room[] = room === 'commands' ? ['sandbox'] : []
  return new Set<Room>([...seen, ...extra, room])
}

test('imports point to rooms higher on the list', () => {
  const wrong = all.flatMap(({ file, room, target }) => {
    const to = target.startsWith(SRC) ? roomOf(target) : null
    return room && to && !allowed(room).has(to) ? [`${file} imports ${to}`] : []
  })
  expect(wrong).toEqual([])
})

test('pure rooms open nothing: no network, files, processes, clocks or database', () => {
  const wrong = all.flatMap(({ file, room, target }) => {
    if (!room || !PURE.has(room) || target.startsWith(SRC)) return []
    const name = target.startsWith('@') ? target : (target.split('/')[0] ?? target)
    const pure = PURE_PACKAGES.has(name) || PURE_NODE.has(target)
    return pure ? [] : [`${file} imports ${target}`]
  })
  expect(wrong).toEqual([])
})

test('the check finds the imports it is there to check', () => {
  expect(all.filter(({ room }) => room !== null).length).toBeGreaterThan(100)
  expect(all.some(({ file }) => file.startsWith('engine'))).toBe(true)
})
