import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../kernel/ids.ts'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'
import {
  createLoginLink,
  createSession,
  createToken,
  endSession,
  findSession,
  findToken,
  listTokens,
  redeemLoginLink,
  revokeToken,
} from './tokens.ts'

const NOW = Date.parse('2026-03-04T10:00:00Z')
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

let store: TestDatabase
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store[Symbol.asyncDispose]())

test('a token lets in whoever holds it, until it runs out', async () => {
  const { token, id } = await createToken(store.database, {
    name: 'Test',
    role: 'analyst',
    days: 1,
    now: NOW,
  })
  expect(token).toMatch(/^pst_[\w-]{43}$/)
  expect(await findToken(store.database, token, NOW)).toMatchObject({ id, name: 'Test', role: 'analyst' })
  expect(await findToken(store.database, token, NOW + DAY_MS)).toBeUndefined()
  expect(await findToken(store.database, `${token}x`, NOW)).toBeUndefined()
})

test('the database keeps no secret that would let anybody in', async () => {
  const { token } = await createToken(store.database, { name: 'Dump', role: 'analyst' })
  const link = await createLoginLink(store.database, { name: 'Dump', role: 'analyst' })
  const rows = await store.asOwner<{ row: string }>(
    'select t::text as row from api_token t union all select s::text from session s',
  )
  const dump = rows.map(({ row }) => row).join('\n')
  for (const secret of [token, link]) {
    expect(dump).not.toContain(secret)
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'))
  }
})

test('a token taken back lets nobody in, and ends the sessions begun with it', async () => {
  const { token, id } = await createToken(store.database, { name: 'Revoked', role: 'biller' })
  const session = await createSession(store.database, {
    name: 'Revoked',
    role: 'biller',
    expiresAt: NOW + HOUR_MS,
  })
  expect(await revokeToken(store.database, id, NOW)).toMatchObject({
    id,
    revoked_at: '2026-03-04T10:00:00.000Z',
  })
  expect(await findToken(store.database, token, NOW)).toBeUndefined()
  expect(await findSession(store.database, session, NOW)).toBeUndefined()
  expect(await revokeToken(store.database, newId(), NOW)).toBeUndefined()
  expect((await listTokens(store.database)).find((each) => each.id === id)?.revoked_at).not.toBeNull()
})

test('a log-in link opens one session, once, even when two browsers follow it together', async () => {
  const link = await createLoginLink(store.database, { name: 'Link', role: 'clinician', now: NOW })
  const redeem = () => redeemLoginLink(store.database, { link, expiresAt: NOW + HOUR_MS, now: NOW })
  const [opened, ...others] = (await Promise.all([redeem(), redeem(), redeem()])).filter(
    (each) => each !== undefined,
  )
  expect(others).toEqual([])
  expect(await findSession(store.database, opened?.secret ?? '', NOW)).toMatchObject({ role: 'clinician' })
})

test('a log-in link that has run out opens nothing', async () => {
  const link = await createLoginLink(store.database, {
    name: 'Late',
    role: 'clinician',
    minutes: 5,
    now: NOW,
  })
  const late = { link, expiresAt: NOW + HOUR_MS, now: NOW + 5 * 60_000 }
  expect(await redeemLoginLink(store.database, late)).toBeUndefined()
})

test('a session ends when it is ended, and when its time is over', async () => {
  const secret = await createSession(store.database, {
    name: 'Test',
    role: 'analyst',
    expiresAt: NOW + HOUR_MS,
  })
  expect(await findSession(store.database, secret, NOW)).toBeDefined()
  expect(await findSession(store.database, secret, NOW + HOUR_MS)).toBeUndefined()
  await endSession(store.database, secret, NOW)
  expect(await findSession(store.database, secret, NOW)).toBeUndefined()
})

test('a token of one practice is no token of another', async () => {
  const other = '01900000-0000-7000-8000-0000000000ff'
  const { token } = await createToken(store.database, { name: 'Mine', role: 'analyst' })
  await store.asOwner(
    `insert into practice (practice_id, name, country, time_zone) values ($1, 'Other', 'US', 'UTC')`,
    [other],
  )
  await store.asOwner(`update api_token set practice_id = $1 where name = 'Mine'`, [other])
  expect(await findToken(store.database, token, NOW)).toBeUndefined()
})
