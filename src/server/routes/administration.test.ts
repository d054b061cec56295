import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditCheck, AuditRow } from '../../contract/audit.ts'
import type { Connection } from '../../contract/connections.ts'
import type { MetricsSummary } from '../../contract/metrics.ts'
import type { SearchResult } from '../../contract/session.ts'
import type { NewToken, Token } from '../../contract/tokens.ts'
import { newId } from '../../kernel/ids.ts'
import { NOW, openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'
import { dayOf } from './metrics.ts'

let world: TestApp
let connection: Connection
let alice: string
let exchange: string

beforeAll(async () => {
  world = await openTestApp()
  const { rows } = world
  const id = await rows.connection({ name: 'Cerner ADT' })
  connection = {
    id,
    channel: 'hl7v2',
    name: 'Cerner ADT',
    enabled: true,
    version: 1,
    settings: { port: 2575 },
    listener: {
      state: 'listening',
      address: '127.0.0.1:2575',
      problem: null,
      peers: [],
      last_heard_at: '2026-03-04T17:59:58Z',
      refused: 0,
      noise: 0,
    },
    updated_at: '2026-03-04T10:00:00Z',
  }
  world.engine.items = [connection]
  alice = await rows.patient(
    { last_name: 'Testerson', first_name: 'Alice', date_of_birth: '1956-03-14', phone_home: '+15555550100' },
    { identifiers: [{ value: '900001', authority: 'CERNER', type: 'MR' }] },
  )
  exchange = await rows.exchange({ connection: id, controlId: '900001', state: 'parked' })
  await rows.exchange({ connection: id, state: 'received' })
  await rows.appointment(alice, { start_time: '2026-03-05T05:59:00Z' })
  await rows.appointment(alice, { start_time: '2026-03-05T06:01:00Z' })
  for (const [minute, received, applied] of [
    ['2026-03-04T17:58:00Z', 10, 10],
    ['2026-03-04T17:59:00Z', 5, 4],
    ['2026-03-04T12:00:00Z', 1000, 1000],
  ]) {
    await world.database.query(
      `insert into flow_minute (practice_id, minute, connection_id, direction, kind, received, applied, delay_ms, delay_max_ms)
      values (current_practice(), $1, $2, 'in', 'ADT^A08', $3, $4, $4 * 20, 70)`,
      [minute, id, received, applied],
    )
  }
})
afterAll(() => world[Symbol.asyncDispose]())

test('connections are shown, changed with the version that was read, and tested', async () => {
  const ask = await world.as('analyst')
  const url = `/api/connections/${connection.id}`
  expect((await ask('/api/connections')).json()).toEqual({ items: [connection], next: null })
  expect((await ask(url)).json()).toEqual(connection)
  const changed = await ask({ method: 'PATCH', url, payload: { version: 1, name: 'Renamed' } })
  expect(changed.json()).toMatchObject({ name: 'Renamed', version: 2 })
  const conflict = await ask({ method: 'PATCH', url, payload: { version: 7, name: 'Late' } })
  expect(conflict.statusCode).toBe(409)
  const probe = await ask({ method: 'POST', url: `${url}/probe` })
  expect(probe.json()).toMatchObject({ steps: [{ outcome: 'passed' }] })
  expect((await ask(`${url}/schema`)).json()).toMatchObject({ type: 'object', properties: { port: {} } })
  expect((await ask(`/api/connections/${newId()}`)).statusCode).toBe(404)
  expect((await ask({ method: 'PATCH', url, payload: {} })).json<{ detail: string }>().detail).toContain(
    'body.version',
  )
})

test('an auditor sees connections and changes none; a clinician has nothing to do with them', async () => {
  const url = `/api/connections/${connection.id}`
  const auditor = await world.as('auditor')
  expect((await auditor(url)).statusCode).toBe(200)
  expect((await auditor({ method: 'PATCH', url, payload: { version: 1 } })).statusCode).toBe(403)
  expect((await auditor({ method: 'POST', url: `${url}/probe` })).statusCode).toBe(403)
  const clinician = await world.as('clinician')
  expect((await clinician('/api/connections')).statusCode).toBe(403)
  expect((await world.app.inject('/api/connections')).statusCode).toBe(401)
})

test('the summary counts what flowed in the stretch, what waits and what is stuck', async () => {
  const ask = await world.as('front-desk')
  const summary = (await ask('/api/metrics/summary?minutes=60')).json<MetricsSummary>()
  expect(summary).toMatchObject({
    at: '2026-03-04T18:00:00.000Z',
    queue: { waiting: 1, retrying: 0 },
    open_errors: 1,
    totals: { received: 15, applied: 14 },
    delay_ms: { mean: 20, max: 70 },
    bucket_seconds: 60,
    channels: [
      {
        connection_id: connection.id,
        name: 'Cerner ADT',
        direction: 'in',
        state: 'up',
        received: 15,
        last_at: '2026-03-04T17:59:58.000Z',
        kinds: [{ kind: 'ADT^A08', received: 15 }],
      },
    ],
    records: { patients: 1, appointments_today: 1 },
  })
  expect(summary.series).toHaveLength(60)
  expect(summary.series.slice(-3).map((each) => each.received)).toEqual([10, 5, 0])
  expect(summary.channels[0]?.series.slice(-3)).toEqual([10, 5, 0])
})

test('a longer stretch has wider buckets, never more than 120', async () => {
  const ask = await world.as('front-desk')
  const day = (await ask('/api/metrics/summary?minutes=1440')).json<MetricsSummary>()
  expect(day.bucket_seconds).toBe(720)
  expect(day.series).toHaveLength(120)
  expect(day.totals.received).toBe(1015)
  expect((await ask('/api/metrics/summary?minutes=1')).statusCode).toBe(400)
  expect((await world.app.inject('/api/metrics/summary')).statusCode).toBe(401)
})

test('a connection that is switched off or has failed says so', async () => {
  const failed = { ...connection, listener: { ...connection.listener, state: 'failed' } } as Connection
  world.engine.items = [{ ...connection, enabled: false }, failed]
  const ask = await world.as('front-desk')
  const { channels } = (await ask('/api/metrics/summary')).json<MetricsSummary>()
  expect(channels.map((channel) => channel.state)).toEqual(['off', 'down'])
  const ready = await world.app.inject('/health/ready')
  expect(ready.statusCode).toBe(200)
  expect(ready.json()).toMatchObject({ status: 'degraded' })
  world.engine.items = [connection]
})

test('the day at the practice is 23 hours long when the clocks go forward', () => {
  const { from, to } = dayOf(Date.parse('2026-03-08T18:00:00Z'), 'America/Chicago')
  expect([from, to]).toEqual(['2026-03-08T06:00:00Z', '2026-03-09T05:00:00Z'])
})

test('one box finds patients by every key and exchanges by control id', async () => {
  const ask = await world.as('analyst')
  const find = async (query: string): Promise<string[]> => {
    const response = await ask({ method: 'POST', url: '/api/search', payload: { query } })
    return response.json<SearchResult>().items.map((item) => `${item.type} ${item.matched} ${item.id}`)
  }
  expect(await find('900001')).toEqual([`patient mrn ${alice}`, `exchange control_id ${exchange}`])
  expect(await find('alice tes')).toEqual([`patient name ${alice}`])
  expect(await find('1956-03-14')).toEqual([`patient date_of_birth ${alice}`])
  expect(await find('3/14/1956')).toEqual([`patient date_of_birth ${alice}`])
  expect(await find('(555) 555-0100')).toEqual([`patient phone ${alice}`])
  expect(await find(alice)).toEqual([`patient id ${alice}`])
  expect(await find(exchange)).toEqual([`exchange id ${exchange}`])
  expect(await find('nobody')).toEqual([])
  expect((await world.trail()).at(-1)).toBe('search search')
})

test('the box shows each role only what it may see', async () => {
  const search = { method: 'POST', url: '/api/search', payload: { query: '900001' } } as const
  const typesFor = async (role: 'auditor' | 'front-desk'): Promise<string[]> => {
    const ask = await world.as(role)
    return (await ask(search)).json<SearchResult>().items.map((item) => item.type)
  }
  expect(await typesFor('auditor')).toEqual(['exchange'])
  expect(await typesFor('front-desk')).toEqual(['patient'])
  expect((await world.app.inject(search)).statusCode).toBe(401)
})

test('an administrator makes a token, which works, and takes it back, which ends it', async () => {
  const ask = await world.as('administrator')
  const made = (
    await ask({
      method: 'POST',
      url: '/api/tokens',
      payload: { name: 'Warehouse', role: 'auditor', days: 30 },
    })
  ).json<NewToken>()
  expect(made).toMatchObject({ name: 'Warehouse', role: 'auditor', revoked_at: null })
  expect(Date.parse(made.expires_at ?? '')).toBe(NOW + 30 * 86_400_000)
  const withToken = { url: '/api/audit', headers: { authorization: `Bearer ${made.token}` } }
  expect((await world.app.inject(withToken)).statusCode).toBe(200)
  const list = await ask('/api/tokens')
  expect(list.body).not.toContain(made.token)
  expect(list.json<{ items: Token[] }>().items.map((each) => each.id)).toContain(made.id)
  expect((await ask({ method: 'DELETE', url: `/api/tokens/${made.id}` })).statusCode).toBe(200)
  expect((await world.app.inject(withToken)).statusCode).toBe(401)
  expect((await ask({ method: 'DELETE', url: `/api/tokens/${newId()}` })).statusCode).toBe(404)
  expect(
    (await ask({ method: 'POST', url: '/api/tokens', payload: { name: 'x', role: 'king' } })).statusCode,
  ).toBe(400)
  const trail = await world.trail()
  expect(trail).toContain(`token.create token/${made.id}`)
  expect(trail).toContain(`token.revoke token/${made.id}`)
})

test('nobody but an administrator makes tokens', async () => {
  for (const role of ['analyst', 'auditor', 'clinician'] as const) {
    const ask = await world.as(role)
    expect((await ask('/api/tokens')).statusCode).toBe(403)
    const request = {
      method: 'POST',
      url: '/api/tokens',
      payload: { name: 'x', role: 'administrator' },
    } as const
    expect((await ask(request)).statusCode).toBe(403)
  }
})

test('the trail is read newest first, by object, actor and action, and page by page', async () => {
  const desk = await world.as('front-desk')
  await desk(`/api/patients/${alice}`)
  await desk('/api/patients')
  const ask = await world.as('auditor')
  const list = async (query: string): Promise<AuditRow[]> =>
    (await ask(`/api/audit?${query}`)).json<{ items: AuditRow[] }>().items
  expect(await list(`object=patient/${alice}`)).toMatchObject([
    {
      action: 'patient.read',
      actor: 'Test front-desk',
      role: 'front-desk',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ])
  expect((await list('action=patient&actor=Test%20front-desk')).map((row) => row.action)).toEqual([
    'patient.search',
    'patient.read',
  ])
  expect(await list('from=2100-01-01T00:00:00Z')).toEqual([])
  expect(await list('object=patient/none')).toEqual([])
  const first = (await ask('/api/audit?limit=2')).json<{ items: AuditRow[]; next: string }>()
  const second = await list(`limit=2&cursor=${first.next}`)
  expect(second[0]?.seq).toBe((first.items[1]?.seq ?? 0) - 1)
  expect((await ask('/api/audit?cursor=x')).statusCode).toBe(400)
})

test('the trail verifies, and says where it was tampered with', async () => {
  const ask = await world.as('auditor')
  const verify = async (): Promise<AuditCheck> =>
    (await ask({ method: 'POST', url: '/api/audit/verify' })).json()
  expect(await verify()).toMatchObject({ ok: true, broken_at: null })
  await world.store.asOwner(`update audit set actor = 'nobody' where seq = 2`)
  expect(await verify()).toMatchObject({ ok: false, broken_at: 2 })
  const clinician = await world.as('clinician')
  expect((await clinician('/api/audit')).statusCode).toBe(403)
})

test('live pages get hints, gathered, and the stream ends when the server stops', async () => {
  await using live = await openTestApp()
  const origin = await live.app.listen({ port: 0, host: '127.0.0.1' })
  expect((await fetch(`${origin}/api/events`)).status).toBe(401)
  const login = await live.as('administrator')
  const { token } = (
    await login({ method: 'POST', url: '/api/tokens', payload: { name: 'Live', role: 'front-desk' } })
  ).json<NewToken>()
  const headers = { authorization: `Bearer ${token}`, 'last-event-id': '41' }
  const response = await fetch(`${origin}/api/events`, { headers })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(response.headers.get('content-security-policy')).toContain('default-src')
  const flow = { type: 'flow', at: '2026-03-04T18:00:00Z', received: 2, applied: 1, parked: 0 } as const
  live.engine.emit({ ...flow, waiting: 9 })
  live.engine.emit({ ...flow, waiting: 3 })
  live.engine.emit({ type: 'records', types: ['patient'] })
  live.engine.emit({ type: 'records', types: ['report', 'patient'] })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (reader && !text.includes('records')) text += (await reader.read()).value ?? ''
  expect(text).toContain(
    `id: 42\nevent: flow\ndata: ${JSON.stringify({ ...flow, waiting: 3, received: 4, applied: 2 })}\n\n`,
  )
  expect(text).toContain(`data: ${JSON.stringify({ type: 'records', types: ['patient', 'report'] })}`)
  const ended = reader?.read()
  await Promise.race([live.app.close(), wait(3000)])
  expect((await ended)?.done).toBe(true)
})
