import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exchange, ExchangeDetail, Timeline } from '../../contract/exchanges.ts'
import { newId } from '../../kernel/ids.ts'
import { openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'

let world: TestApp
let adt: string
let siu: string
let patient: string
const id: Record<
  'applied' | 'parked' | 'waiting' | 'retrying' | 'first' | 'repeat' | 'replay' | 'oru' | 'later',
  string
> = {
  applied: '',
  parked: '',
  waiting: '',
  retrying: '',
  first: '',
  repeat: '',
  replay: '',
  oru: '',
  later: '',
}
const RAW = 'MSH|^~\\&|CERNER|HOSP\rPID|1||900001'

beforeAll(async () => {
  world = await openTestApp()
  const { rows } = world
  adt = await rows.connection({ name: 'Cerner ADT' })
  siu = await rows.connection({ name: 'Cerner SIU' })
  patient = await rows.patient(
    { last_name: 'Testerson', first_name: 'Alice' },
    { identifiers: [{ value: '900001', authority: 'CERNER', type: 'MR' }] },
  )
  const record = `patient/${patient}`
  id.applied = await rows.exchange({
    connection: adt,
    controlId: 'CTRL-1',
    mrn: '900001',
    raw: RAW,
    records: [record],
    ack: 'sent',
    effect: {
      changes: [{ record, field: 'gender', before: null, after: 'F', place: 'PID-8', outcome: 'changed' }],
      warnings: [{ code: 'HL7_ESCAPE_UNKNOWN', place: 'PID-5', says: 'PID-5 holds an escape character.' }],
    },
  })
  await rows.change(patient, id.applied, 'patient')
  id.parked = await rows.exchange({
    connection: siu,
    kind: 'SIU^S12',
    state: 'parked',
    error: { code: 'HL7_REQUIRED_FIELD_EMPTY', place: 'PID-3' },
  })
  id.first = await rows.exchange({ connection: adt, kind: 'ADT^A04', controlId: 'CTRL-2' })
  id.repeat = await rows.exchange({
    connection: adt,
    kind: 'ADT^A04',
    controlId: 'CTRL-2',
    duplicateOf: id.first,
    state: 'duplicate',
  })
  id.replay = await rows.exchange({ connection: siu, kind: 'SIU^S12', replayOf: id.parked, state: 'ignored' })
  id.oru = await rows.exchange({ connection: adt, kind: 'ORU^R01', mrn: '900001' })
  id.later = await rows.exchange({
    connection: adt,
    kind: 'ADT^A31',
    ack: 'sent',
    laterReply: 'MSH|^~\\&\rMSA|AE|1\r',
  })
  id.waiting = await rows.exchange({ connection: adt, state: 'received' })
  id.retrying = await rows.exchange({
    connection: adt,
    state: 'retrying',
    error: { code: 'STORE_UNAVAILABLE', place: '' },
  })
})
afterAll(() => world[Symbol.asyncDispose]())

const idsFor = async (query: string): Promise<string[]> => {
  const ask = await world.as('auditor')
  const response = await ask(`/api/exchanges?${query}`)
  expect(response.statusCode, response.body).toBe(200)
  return response.json<{ items: Exchange[] }>().items.map((item) => item.id)
}

test('the log is newest first and pages to its end', async () => {
  const ask = await world.as('auditor')
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 10; pages++) {
    const page = (await ask(`/api/exchanges?limit=3${cursor}`)).json<{
      items: Exchange[]
      next: string | null
    }>()
    seen.push(...page.items.map((item) => item.id))
    if (page.next === null) break
    cursor = `&cursor=${page.next}`
  }
  expect(seen).toEqual(Object.values(id).sort().reverse())
})

test('every filter finds what it names', async () => {
  expect(await idsFor('control_id=CTRL-1')).toEqual([id.applied])
  expect(await idsFor('control_id=CTRL-2')).toEqual([id.repeat, id.first])
  expect(await idsFor('state=parked')).toEqual([id.parked])
  expect(await idsFor('state=received')).toEqual([id.waiting])
  expect(await idsFor('state=retrying')).toEqual([id.retrying])
  expect(await idsFor('state=duplicate')).toEqual([id.repeat])
  expect(await idsFor('state=applied')).toEqual([id.later, id.oru, id.first, id.applied])
  expect(await idsFor('error_code=HL7_REQUIRED_FIELD_EMPTY')).toEqual([id.parked])
  expect(await idsFor(`connection_id=${siu}`)).toEqual([id.replay, id.parked])
  expect(await idsFor('kind=SIU')).toEqual([id.replay, id.parked])
  expect(await idsFor('kind=ADT^A04')).toEqual([id.repeat, id.first])
  expect(await idsFor('mrn=900001')).toEqual([id.oru, id.applied])
  expect(await idsFor(`patient_id=${patient}`)).toEqual([id.oru, id.applied])
  expect(await idsFor(`record_id=${patient}`)).toEqual([id.applied])
  expect(await idsFor('direction=out')).toEqual([])
  expect(await idsFor('control_id=UNKNOWN')).toEqual([])
})

test('filters narrow each other', async () => {
  expect(await idsFor('mrn=900001&kind=ORU')).toEqual([id.oru])
  expect(await idsFor('control_id=CTRL-2&state=duplicate')).toEqual([id.repeat])
  expect(await idsFor(`state=parked&connection_id=${adt}`)).toEqual([])
  expect(await idsFor('state=received&kind=ORU')).toEqual([])
})

test('a range of time is a range of ids', async () => {
  expect(await idsFor('from=2100-01-01T00:00:00Z')).toEqual([])
  expect(await idsFor('to=2020-01-01T00:00:00Z')).toEqual([])
  expect(await idsFor('from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z')).toHaveLength(9)
})

test('an exchange of the list says its state, its error in words, and whether the sender heard back', async () => {
  const ask = await world.as('auditor')
  const { items } = (await ask('/api/exchanges')).json<{ items: Exchange[] }>()
  const byId = new Map(items.map((item) => [item.id, item]))
  expect(byId.get(id.applied)).toMatchObject({
    control_id: 'CTRL-1',
    connection_name: 'Cerner ADT',
    state: 'applied',
    ack_outcome: 'sent',
    ack_code: 'AA',
    records: [{ type: 'patient', id: patient }],
    remote: '10.1.2.3',
  })
  expect(byId.get(id.parked)?.error).toEqual({
    code: 'HL7_REQUIRED_FIELD_EMPTY',
    kind: 'permanent',
    place: 'PID-3',
    says: 'Required field PID-3 is empty.',
    todo: expect.stringContaining('Cerner interface team'),
  })
  expect(byId.get(id.later)).toMatchObject({ ack_outcome: 'sent', ack_code: 'AE' })
  expect(byId.get(id.waiting)).toMatchObject({ state: 'received', finished_at: null, ack_outcome: 'unknown' })
})

test('one exchange shows what it did, its repeats and its replays', async () => {
  const ask = await world.as('analyst')
  const applied = (await ask(`/api/exchanges/${id.applied}`)).json<ExchangeDetail>()
  expect(applied).toMatchObject({
    sender: 'CERNER|HOSP',
    version: '2.3',
    changes: [
      {
        record: { type: 'patient', id: patient },
        field: 'gender',
        before: null,
        after: 'F',
        outcome: 'changed',
      },
    ],
    warnings: [{ code: 'HL7_ESCAPE_UNKNOWN' }],
  })
  expect((await ask(`/api/exchanges/${id.first}`)).json()).toMatchObject({
    repeats: [id.repeat],
    replays: [],
  })
  expect((await ask(`/api/exchanges/${id.parked}`)).json()).toMatchObject({
    repeats: [],
    replays: [id.replay],
  })
})

test('an auditor sees which fields changed and not what they said, and no bytes', async () => {
  const ask = await world.as('auditor')
  const { changes } = (await ask(`/api/exchanges/${id.applied}`)).json<ExchangeDetail>()
  expect(changes).toMatchObject([{ field: 'gender', before: null, after: null }])
  for (const end of ['raw', 'decoded']) {
    expect((await ask(`/api/exchanges/${id.applied}/${end}`)).statusCode).toBe(403)
  }
  const replay = await ask({ method: 'POST', url: `/api/exchanges/${id.parked}/replay`, payload: {} })
  expect(replay.statusCode).toBe(403)
})

test('the bytes come as they were, never as a page, and the trail knows', async () => {
  const ask = await world.as('analyst')
  const response = await ask(`/api/exchanges/${id.applied}/raw`)
  expect(response.rawPayload.toString()).toBe(RAW)
  expect(response.headers['content-type']).toBe('application/octet-stream')
  expect(response.headers['content-disposition']).toContain('attachment')
  expect((await world.trail()).at(-1)).toBe(`exchange.read-raw exchange/${id.applied}`)
})

test('bytes that were moved to another row do not open', async () => {
  const moved = await world.rows.exchange({ connection: adt, raw: 'moved' })
  await world.store.asOwner(
    'update exchange set sealed_raw = (select sealed_raw from exchange where id = $2) where id = $1',
    [moved, id.applied],
  )
  const ask = await world.as('analyst')
  const response = await ask(`/api/exchanges/${moved}/raw`)
  expect(response.statusCode).toBe(500)
  expect(response.json()).toMatchObject({ code: 'SEAL_BROKEN' })
  await world.store.asOwner('delete from exchange where id = $1', [moved])
  await world.store.asOwner('delete from exchange_outcome where exchange_id = $1', [moved])
})

test('the decoded message comes from the engine', async () => {
  const ask = await world.as('analyst')
  expect((await ask(`/api/exchanges/${id.applied}/decoded`)).statusCode).toBe(404)
  world.engine.decoded = {
    text: RAW,
    charset: 'utf-8',
    segments: [
      {
        path: 'MSH',
        name: 'Message Header',
        start: 0,
        end: 20,
        children: [{ path: 'MSH-3', name: 'Sending Application', start: 9, end: 15, value: 'CERNER' }],
      },
    ],
    mapped: [{ record: 'patient', field: 'gender', place: 'PID-8', value: 'F' }],
    warnings: [],
    problem: null,
  }
  const response = await ask(`/api/exchanges/${id.applied}/decoded`)
  expect(response.json()).toEqual(world.engine.decoded)
})

test('the timeline tells the life of an exchange in order', async () => {
  const ask = await world.as('auditor')
  const eventsOf = async (exchange: string): Promise<string[]> =>
    (await ask(`/api/exchanges/${exchange}/timeline`)).json<Timeline>().events.map((each) => each.event)
  expect((await eventsOf(id.applied)).sort()).toEqual(['acknowledged', 'applied', 'received'])
  expect((await eventsOf(id.first)).sort()).toEqual(['applied', 'duplicate', 'received'])
  expect((await eventsOf(id.parked)).sort()).toEqual(['parked', 'received', 'replayed'])
  expect(await eventsOf(id.waiting)).toEqual(['received'])
})

test('a replay is carried out by the engine in the name of the caller', async () => {
  const ask = await world.as('analyst')
  const url = `/api/exchanges/${id.parked}/replay`
  await ask({ method: 'POST', url, payload: { preview: true } })
  expect((await world.trail()).at(-1)).toBe(`exchange.preview exchange/${id.parked}`)
  await ask({ method: 'POST', url })
  const actor = { name: 'Test analyst', role: 'analyst' }
  expect(world.engine.replays).toEqual([
    { preview: true, actor },
    { preview: false, actor },
  ])
  const bad = await ask({ method: 'POST', url, payload: { edits: [{ place: 'PID-8' }] } })
  expect(bad.statusCode).toBe(400)
})

test('the log exports as CSV with the same filters', async () => {
  const ask = await world.as('auditor')
  const response = await ask('/api/exchanges.csv?state=parked')
  expect(response.headers['content-type']).toContain('text/csv')
  const [title, row, end] = response.body.split('\r\n')
  expect(title).toMatch(/^id,received_at,connection,channel/)
  expect(row).toContain(id.parked)
  expect(row).toContain('HL7_REQUIRED_FIELD_EMPTY,PID-3,Required field PID-3 is empty.')
  expect(end).toBe('')
  expect((await world.trail()).at(-1)).toBe('exchange.export exchange')
})

test('exchanges that do not exist are not found', async () => {
  const ask = await world.as('analyst')
  for (const end of ['', '/raw', '/timeline']) {
    expect((await ask(`/api/exchanges/${newId()}${end}`)).statusCode).toBe(404)
  }
})

test('a time or an id that is none is refused by name', async () => {
  const ask = await world.as('analyst')
  const from = await ask('/api/exchanges?from=yesterday')
  expect(from.json()).toMatchObject({
    code: 'REQUEST_INVALID',
    detail: expect.stringContaining('query.from'),
  })
  const record = await ask('/api/exchanges?record_id=abc')
  expect(record.json<{ detail: string }>().detail).toContain('query.record_id')
  expect((await ask('/api/exchanges?state=lost')).statusCode).toBe(400)
})

test('searching the log by patient is in the trail, by state it is not', async () => {
  const ask = await world.as('analyst')
  const before = (await world.trail()).length
  await ask('/api/exchanges?state=parked')
  expect(await world.trail()).toHaveLength(before)
  await ask({ method: 'POST', url: '/api/exchanges/search', payload: { mrn: '900001' } })
  expect((await world.trail()).at(-1)).toBe('exchange.search exchange')
})

test('a front desk has no business in the log', async () => {
  const ask = await world.as('front-desk')
  expect((await ask('/api/exchanges')).statusCode).toBe(403)
  expect((await world.app.inject('/api/exchanges')).statusCode).toBe(401)
})
