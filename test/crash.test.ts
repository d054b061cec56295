import { afterAll, expect, test } from 'vitest'
import { Clinic } from './torture/clinic.ts'
import { drained, openHome, openStoreOf } from './torture/engine-home.ts'
import { startEngine } from './torture/engine-process.ts'
import { Ledger } from './torture/ledger.ts'
import { Line } from './torture/line.ts'
import { openWorld } from './world.ts'
import { setTimeout as sleep } from 'node:timers/promises'

// The long version, with many rounds and a killed database: node test/torture/kill.ts --rounds 100

const ended: (() => PromiseLike<unknown>)[] = []
afterAll(async () => {
  for (const end of ended.reverse()) await end()
})

test('after kill -9 under load everything acknowledged is there once, and every record holds the newest', async () => {
  const home = await openHome('crash')
  ended.push(() => home[Symbol.asyncDispose]())
  const start = async () => {
    const engine = await startEngine({ home: home.path, parts: 'listeners,engine' })
    ended.push(() => engine.kill('SIGTERM'))
    return engine
  }
  let engine = await start()
  const ledger = new Ledger()
  const target: { port: number | null } = { port: engine.mllpPort }
  const clinics = [0, 1, 2, 3].map((n) => new Clinic({ name: `T${n}`, patients: 5, seed: n }))
  const lines = clinics.map(
    (clinic, n) =>
      new Line({
        target,
        window: n % 2 === 0 ? 1 : 8,
        next: () => clinic.next(),
        onViolation: (what) => ledger.violations.push(what),
      }),
  )
  const running = lines.map((line) => line.run())
  for (const line of lines) line.load()
  await sleep(500)
  await engine.kill('SIGKILL')
  target.port = null
  engine = await start()
  target.port = engine.mllpPort
  await sleep(200)
  for (const line of lines) line.rest()
  await expect.poll(() => lines.reduce((sum, line) => sum + line.owed, 0), { timeout: 20_000 }).toBe(0)
  for (const line of lines) line.end()
  await Promise.all(running)

  await using store = await openStoreOf(home.path)
  await drained(store.database, 20_000)
  const acknowledged = new Map(lines.flatMap((line) => [...line.acknowledged]))
  expect(acknowledged.size).toBeGreaterThan(0)
  expect(lines.some((line) => line.resent > 0)).toBe(true)
  await ledger.check(store, { acknowledged, expected: clinics.map((clinic) => clinic.expected) })
  expect(ledger.violations).toEqual([])
}, 60_000)

test('the check finds a lost message, a doubled one, an old value and a second record', async () => {
  await using world = await openWorld()
  const { database } = world.store
  const clinic = new Clinic({ name: 'T', patients: 3, seed: 5 })
  const sent = Array.from({ length: 40 }, () => clinic.next())
  await world.send(...sent.map(({ bytes }) => bytes))
  await world.settled()
  const acknowledged = new Map(sent.map((message) => [message.controlId, message]))
  const check = async (expected = clinic.expected): Promise<string[]> => {
    const ledger = new Ledger()
    await ledger.check({ database, vault: world.vault }, { acknowledged, expected: [expected] })
    return ledger.violations
  }
  expect(await check()).toEqual([])

  const [mrn = ''] = clinic.expected.patients.keys()
  const newer = new Map(clinic.expected.patients).set(mrn, { mrn, count: 999 })
  expect(await check({ ...clinic.expected, patients: newer })).toContain(
    `${mrn} phone_home is not what message 999 said`,
  )

  acknowledged.set('T-41', { controlId: 'T-41', bytes: new Uint8Array() })
  expect(await check()).toEqual(['T-41 was acknowledged and is not in the log'])
  acknowledged.delete('T-41')
  acknowledged.delete('T-1')
  expect(await check()).toEqual(['T-1 is in the log and was never acknowledged'])
  acknowledged.set('T-1', sent[0] ?? expect.fail('nothing was sent'))

  // Row-level security lets the owner do what the application cannot.
  const { asOwner } = world.store
  await asOwner(
    `update exchange_outcome set state = 'parked' where exchange_id = (select min(exchange_id::text)::uuid from exchange_outcome)`,
  )
  expect(await check()).toEqual(['T-1 is parked, not applied'])
  await asOwner(`update exchange_outcome set state = 'applied'`)
  await asOwner(
    `insert into job (practice_id, exchange_id, lane) select practice_id, id, 0 from exchange limit 1`,
  )
  expect(await check()).toEqual(['1 jobs are still owed'])
  await asOwner('delete from job')
  await asOwner(`update audit set actor = 'somebody' where seq = 2`)
  expect(await check()).toEqual(['the audit trail is broken at row 2'])
})
