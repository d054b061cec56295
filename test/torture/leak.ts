import { parseArgs } from 'node:util'
import pg from 'pg'
import { EXIT, print, printJson } from '../../src/commands/output.ts'
import { createToken } from '../../src/store/tokens.ts'
import { openAsker } from './asker.ts'
import { dumpDatabase, readFolder } from './dump.ts'
import { drained, openHome, openStoreOf } from './engine-home.ts'
import { startEngine } from './engine-process.ts'
import type { EngineProcess } from './engine-process.ts'
import { Haystack, needlesOf } from './needles.ts'
import type { Finding } from './needles.ts'
import { secretPeople } from './secret-people.ts'
import type { SecretPerson } from './secret-people.ts'

/**
 * Loads invented people through a real engine by every road there is, then looks for every value of theirs, in every
 * usual spelling and encoding, in a dump of the database, in every file of the data folder and in the log. Then
 * plants a value, to see that the search finds one.
 *
 *     node test/torture/leak.ts [--people N] [--seed N]
 */
const { values } = parseArgs({
  options: { people: { type: 'string', default: '12' }, seed: { type: 'string', default: '1' } },
})

const REPLY_LIMIT_MS = 30_000
const DRAIN_LIMIT_MS = 60_000
const SHOWN = 30

const people = secretPeople(Number(values.people), Number(values.seed))
const needles = needlesOf(people.flatMap(({ secrets }) => secrets))

await using home = await openHome('leak')
const start = (): Promise<EngineProcess> =>
  startEngine({ home: home.path, environment: { LOG_LEVEL: 'debug' } })

/** Sends everything over MLLP, with fragments and noise in between. */
async function send(port: number): Promise<void> {
  for (const person of people) {
    const asker = await openAsker(port, REPLY_LIMIT_MS)
    for (const message of [...person.messages, ...person.broken]) await asker.ask(message)
    const [first = new Uint8Array()] = person.messages
    asker.socket.write(Buffer.from(`noise about ${person.asked.family} ${person.asked.born}\r`))
    asker.socket.write(Buffer.concat([Buffer.from('\x0b'), first.subarray(0, first.length - 40)]))
    await asker.finish()
  }
}

/** Asks over HTTP as screens do: searches, looks, edits and replays, and mistakes in the address. */
async function browse(engine: EngineProcess, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
    const answer = await fetch(`${engine.http ?? ''}${path}`, init)
    return (await answer.json().catch(() => null)) as unknown
  }
  let replayed = 0
  for (const { asked, editedName } of people) {
    const { mrn, family, given, born, phone } = asked
    const name = encodeURIComponent(`${family}, ${given}`)
    for (const query of [
      `mrn=${mrn}`,
      `name=${name}`,
      `name=${name}&date_of_birth=${born}`,
      `phone=${encodeURIComponent(phone)}`,
    ])
      await ask(`/api/patients?${query}`)
    await ask(`/api/${encodeURIComponent(family)}/${mrn}`)
    await ask(`/api/patients/${mrn}`)
    await ask('/api/exchanges/search', { mrn, content: family })
    await ask(`/api/exchanges?state=${encodeURIComponent(family)}`)
    const list = (await ask(`/api/exchanges?mrn=${mrn}&limit=50`)) as { items?: { id: string }[] } | null
    for (const { id } of list?.items ?? []) {
      for (const part of ['', '/raw', '/decoded', '/timeline']) await ask(`/api/exchanges/${id}${part}`)
      const edits = [{ place: 'PID-5.1', value: editedName }]
      for (const preview of [true, false]) await ask(`/api/exchanges/${id}/replay`, { preview, edits })
      await ask(`/api/exchanges/${id}/replay`, { preview: false, edits: [{ place: family, value: given }] })
      replayed += 1
    }
  }
  return replayed
}

interface Searched {
  findings: Finding[]
  bytes: number
  places: number
}

async function search(engine: EngineProcess, connectionString: string): Promise<Searched> {
  const haystack = new Haystack(needles)
  const findings: Finding[] = []
  let places = 0
  const client = new pg.Client({ connectionString })
  await client.connect()
  // What stands in memory only goes to the files first.
  await client.query('analyze')
  await client.query('checkpoint')
  await client.end()
  for await (const { name, bytes, isHexText } of dumpDatabase(connectionString)) {
    places += 1
    findings.push(...haystack.search(bytes, name, isHexText))
  }
  for await (const { name, bytes } of readFolder(home.path, ['master.key'])) {
    places += 1
    findings.push(...haystack.search(bytes, name))
  }
  findings.push(...haystack.search(Buffer.from(engine.output()), 'the log of the engine'))
  return { findings, bytes: haystack.searched, places: places + 1 }
}

/** Puts one person's values where they must be found: a text column, bytes, and bytes in another encoding. */
async function plant(connectionString: string, { asked }: SecretPerson): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('create table planted (plain text, bytes bytea, wide bytea)')
  await client.query('insert into planted values ($1, $2, $3)', [
    `x ${asked.family.toUpperCase()} x`,
    Buffer.from(`,${asked.born.replaceAll('-', '')},`),
    Buffer.from(asked.given, 'utf16le'),
  ])
  await client.end()
}

async function run(): Promise<number> {
  await using engine = await start()
  const violations: string[] = []
  await using store = await openStoreOf(home.path)
  const { connectionString, database } = store
  await send(engine.mllpPort)
  await drained(database, DRAIN_LIMIT_MS)
  const { token } = await createToken(database, { role: 'administrator', name: 'leak', days: 1 })
  const replayed = await browse(engine, token)
  await drained(database, DRAIN_LIMIT_MS)
  const { rows: states } = await database.query<{ state: string; n: number }>(
    'select state, count(*)::int as n from exchange_outcome group by state order by state',
  )
  // A search of a system that took nothing in would find nothing either.
  for (const wanted of ['applied', 'parked', 'duplicate', 'ignored'])
    if (!states.some(({ state }) => state === wanted)) violations.push(`no exchange is ${wanted}`)
  if (replayed === 0) violations.push('nothing was replayed')

  const clean = await search(engine, connectionString)
  for (const { secret, form, where, offset } of clean.findings)
    violations.push(`${secret} (${form}) stands in ${where} at ${offset}`)

  const [person] = people
  if (person) await plant(connectionString, person)
  const planted = await search(engine, connectionString)
  const places = new Set(planted.findings.map(({ where }) => where.split(/[\d/]/)[0] ?? ''))
  for (const wanted of ['table public.planted as text', 'table public.planted as binary', 'postgres'])
    if (!places.has(wanted)) violations.push(`a planted value was not found in ${wanted}`)
  if (!planted.findings.some(({ where }) => where.includes('pg_wal')))
    violations.push('a planted value was not found in the write-ahead log')

  printJson({
    people: people.length,
    secrets: people.reduce((sum, { secrets }) => sum + secrets.length, 0),
    needles: needles.length,
    states: Object.fromEntries(states.map(({ state, n }) => [state, n])),
    replayed,
    searched_mb: Math.round(clean.bytes / 2 ** 20),
    places: clean.places,
    planted_found: planted.findings.length - clean.findings.length,
    violations: violations.slice(0, SHOWN),
  })
  if (violations.length > 0) {
    home.keep()
    print(`The data is in ${home.path}.`)
  }
  return violations.length === 0 ? EXIT.done : EXIT.failed
}

process.exitCode = await run()
