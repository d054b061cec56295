import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { EXIT, print, printJson } from '../../src/commands/output.ts'
import { allFixtures } from '../../src/standards/hl7v2/fixtures.arbitraries.ts'
import { readAck } from '../../src/standards/hl7v2/read-ack.ts'
import { openAsker } from './asker.ts'
import type { Asker } from './asker.ts'
import { Clinic } from './clinic.ts'
import { drained, openHome, openStoreOf } from './engine-home.ts'
import { startEngine } from './engine-process.ts'
import { damaged, repliesDue, slices, stretchOf } from './fuzz-frames.ts'
import { isFlat } from './heap.ts'
import { openRandom } from './random.ts'

/**
 * Sends damaged messages and broken framing to a real engine: no crash, no hang, no frame without its reply, memory
 * flat, every exchange ended, no fault of our own in the log.
 *
 *     node test/torture/fuzz-socket.ts --count 50000 [--seed N] [--connections N]
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '8' },
  },
})

const REPLY_LIMIT_MS = 30_000
const DRAIN_LIMIT_MS = 300_000
const RSS_SLACK_BYTES = 64 * 1024 * 1024
const SAMPLE_MS = 1000
// One connection in this many sends good messages through broken framing.
const FRAMING_SHARE = 8
const GRACE_MS = 400
const SHOWN = 20

const count = Number(values.count)
const seed = Number(values.seed)
const fixtures = allFixtures()
const violations: string[] = []
const tally = { frames: 0, replies: 0, silent: 0, framing: 0, empty: 0 }
const note = (what: string): void => {
  if (violations.length < SHOWN) violations.push(what)
}

await using home = await openHome('fuzz')
await using engine = await startEngine({ home: home.path, parts: 'listeners,engine' })
const open = (): Promise<Asker> => openAsker(engine.mllpPort, REPLY_LIMIT_MS)

// The members of a damaged batch may end their lines in two ways, and so do the acknowledgements inside its reply.
const isBatchReply = (bytes: Uint8Array): boolean =>
  /^(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)?BHS[^]*MSA/.test(
    Buffer.from(bytes).toString('latin1').replaceAll('\0', ''),
  )

function checkReply(number: number, bytes: Uint8Array): void {
  const ack = readAck(bytes)
  if (!isBatchReply(bytes) && !(ack.readable && /^[AC][AER]$/.test(ack.code)))
    note(`message ${number}: the reply has no MSA`)
  // The store was there all the time, so nothing may be refused for want of it.
  if (ack.problems.some(({ code }) => code === '207'))
    note(`message ${number} was refused for a fault of ours`)
}

/** Frames that get exactly one reply go over one connection; the others over a connection of their own. */
async function sendShare(from: number, step: number): Promise<void> {
  let asker = await open()
  for (let number = from; number < count; number += step) {
    const bytes = damaged(fixtures, number, seed)
    if (bytes.length === 0) {
      tally.empty += 1
      continue
    }
    tally.frames += 1
    const due = repliesDue(bytes)
    try {
      if (due.least === 1 && due.most === 1) {
        checkReply(number, await asker.ask(bytes))
        tally.replies += 1
      } else await sendAlone(number, bytes, due)
    } catch (error) {
      note(`message ${number}: ${error instanceof Error ? error.message : String(error)}`)
      if (!engine.alive) return
      asker.socket.destroy()
      asker = await open()
    }
  }
  const more = await asker.finish()
  if (more.length > 0) note(`${more.length} replies came that nobody asked for`)
}

async function sendAlone(
  number: number,
  bytes: Uint8Array,
  due: { least: number; most: number },
): Promise<void> {
  const asker = await open()
  asker.write(bytes)
  const replies = await asker.finish()
  if (replies.length < due.least || replies.length > due.most)
    note(`message ${number}: ${replies.length} replies where ${due.least} to ${due.most} are due`)
  for (const reply of replies) checkReply(number, reply)
  tally.replies += replies.length
  if (replies.length === 0) tally.silent += 1
}

/** Good messages in broken framing: each is answered once, in its order. */
async function sendFraming(share: number, messages: number): Promise<void> {
  const random = openRandom(seed + share)
  const clinic = new Clinic({ name: `F${share}`, patients: 10, seed: seed + share })
  const asker = await open()
  for (let n = 0; n < messages; n++) {
    const { controlId, bytes } = clinic.next()
    const stretch = stretchOf(bytes, random)
    for (const slice of slices(stretch.bytes, random)) {
      asker.socket.write(slice)
      if (random.chance(0.05)) await sleep(1)
    }
    if (stretch.thenPause) await sleep(GRACE_MS)
    const ack = readAck(await asker.next())
    if (ack.code !== 'AA' || ack.controlId !== controlId)
      note(`${controlId} was answered ${ack.code} ${ack.controlId}`)
    tally.framing += 1
  }
  const more = await asker.finish()
  if (more.length > 0) note(`broken framing drew ${more.length} replies too many`)
}

/** What the log says at the end. */
async function inspect(): Promise<Record<string, number>> {
  await using store = await openStoreOf(home.path)
  const { database } = store
  await drained(database, DRAIN_LIMIT_MS)
  const last = new Clinic({ name: 'LAST', patients: 1, seed }).next()
  const asker = await open()
  const ack = readAck(await asker.ask(last.bytes))
  if (ack.code !== 'AA') note(`the last good message was answered ${ack.code}`)
  await asker.finish()
  await drained(database, DRAIN_LIMIT_MS)
  const { rows } = await database.query<{ state: string; code: string | null; n: number }>(
    `select coalesce(o.state, 'received') as state, o.error_code as code, count(*)::int as n
     from exchange e left join exchange_outcome o on o.practice_id = e.practice_id and o.exchange_id = e.id group by 1, 2`,
  )
  const states: Record<string, number> = {}
  for (const { state, code, n } of rows) {
    states[state] = (states[state] ?? 0) + n
    if (state === 'received' || state === 'retrying') note(`${n} exchanges never ended (${state})`)
    if (state === 'parked' && code === null) note(`${n} exchanges are parked without a reason`)
    if (code === 'INTERNAL' || code === 'STORE_UNAVAILABLE') note(`${n} exchanges ended with ${code}`)
  }
  const stored = Object.values(states).reduce((sum, n) => sum + n, 0)
  if (stored < tally.frames + tally.framing)
    note(`${stored} exchanges for ${tally.frames + tally.framing} frames`)
  return states
}

async function run(): Promise<number> {
  const beginAt = performance.now()
  const rss: number[] = []
  const sampler = setInterval(() => void engine.rssBytes().then((bytes) => rss.push(bytes)), SAMPLE_MS)
  const connections = Number(values.connections)
  const framing = Math.max(1, Math.floor(connections / FRAMING_SHARE))
  await Promise.all([
    ...Array.from({ length: connections }, (_, n) => sendShare(n, connections)),
    ...Array.from({ length: framing }, (_, n) => sendFraming(n, Math.ceil(count / 50))),
  ]).catch((error: unknown) => note(String(error)))
  const seconds = (performance.now() - beginAt) / 1000
  clearInterval(sampler)
  if (!engine.alive) note('the engine ended')
  const states = engine.alive ? await inspect() : {}
  // The first samples are taken while the engine warms up.
  const settled = rss.slice(Math.floor(rss.length / 4))
  if (!isFlat(settled, RSS_SLACK_BYTES)) note('the memory of the engine grows')
  await engine.kill('SIGTERM')
  const faults = engine
    .output()
    .split('\n')
    .filter((line) => line.includes('"level":50'))
  for (const line of faults.slice(0, 3)) note(`in its log: ${line.slice(0, 300)}`)
  printJson({
    count,
    seed,
    seconds: Math.round(seconds),
    ...tally,
    states,
    rss_mb: {
      least: mb(Math.min(...settled)),
      most: mb(Math.max(...settled)),
      last: mb(settled.at(-1) ?? 0),
    },
    violations,
  })
  if (violations.length > 0) {
    home.keep()
    print(`The data is in ${home.path}.`)
  }
  return violations.length === 0 ? EXIT.done : EXIT.failed
}

const mb = (bytes: number): number => Math.round(bytes / 2 ** 20)

process.exitCode = await run()
