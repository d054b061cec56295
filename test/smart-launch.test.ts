import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LaunchContext } from '../src/contract/launch.ts'
import type { Patient } from '../src/contract/patients.ts'
import { openLaunchWorld } from './launch-world.ts'
import type { LaunchWorld } from './launch-world.ts'

let launch: LaunchWorld

beforeAll(async () => {
  launch = await openLaunchWorld({ tokenSeconds: 60 })
})
afterAll(() => launch[Symbol.asyncDispose]())

/** A browser as far as this needs one: cookies, and redirects that are followed by hand. */
class Browser {
  readonly cookies = new Map<string, string>()

  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { accept: 'text/html,application/json', ...init.headers, cookie }
    const answer = await fetch(new URL(url, launch.studio), { ...init, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  async json<T>(path: string): Promise<T> {
    return (await (await this.get(path)).json()) as T
  }

  /** From the chart to the answer of Cerner: the address of our callback. */
  async toCallback(chart: string): Promise<string> {
    const begun = await this.get(chart)
    expect(begun.status, await begun.text()).toBe(302)
    const answered = await this.get(locationOf(begun))
    expect(answered.status).toBe(302)
    return locationOf(answered)
  }

  async open(chart: string): Promise<LaunchContext> {
    const done = await this.get(await this.toCallback(chart))
    expect(done.status, await done.text()).toBe(303)
    expect(locationOf(done)).toBe('/launch')
    return this.json('/api/launch')
  }
}

const locationOf = (answer: Response): string => answer.headers.get('location') ?? ''

test('a launch from the chart reads the patient by its own token and shows that patient alone', async () => {
  const browser = new Browser()
  const farId = launch.patient(3)
  const context = await browser.open(await launch.chart(farId))
  expect(context).toMatchObject({
    connection_name: 'Cerner',
    kind: 'ehr',
    need_patient_banner: false,
    refused: [],
    state: 'live',
    says: '',
    user: 'PATEL, ANJALI (MD)',
  })
  const id = context.patient_id ?? expect.fail('no patient')
  const record = await browser.json<Patient>(`/api/patients/${id}`)
  expect(record.last_name).toBe(launch.world.hospital.world.person(3).family)
  expect(record.identifiers).toContainEqual(expect.objectContaining({ type: 'FHIR', value: farId }))
  // The reading is in the log like everything that comes in.
  const kinds = (await launch.world.studio.exchanges()).map(({ kind }) => kind)
  expect(kinds).toEqual(expect.arrayContaining(['POST token', 'GET jwks', 'GET Patient', 'Patient']))
})

test('a session of a launch sees neither another patient nor what is of nobody', async () => {
  const browser = new Browser()
  await new Browser().open(await launch.chart(launch.patient(5)))
  const { patient_id: mine } = await browser.open(await launch.chart(launch.patient(4)))
  const all = await launch.world.studio.records('patient')
  const other = all.find(({ id }) => id !== mine)?.id ?? expect.fail('no other patient')
  const status = async (path: string): Promise<number> => (await browser.get(path)).status
  const open = [
    `/api/patients/${mine}`,
    `/api/patients/${mine}/history`,
    `/api/appointments?patient_id=${mine}`,
    `/api/reports?patient_id=${mine}`,
    `/api/observations?patient_id=${mine}`,
    `/api/encounters?patient_id=${mine}`,
    `/fhir/R4/Patient/${mine}`,
    `/fhir/R4/Condition?patient=${mine}`,
    '/api/session',
  ]
  for (const path of open) expect([path, await status(path)]).toEqual([path, 200])
  const closed = [
    `/api/patients/${other}`,
    `/api/patients/${other}/history`,
    '/api/patients',
    '/api/appointments',
    `/api/appointments?patient_id=${other}`,
    `/api/appointments?patient_id=${mine}&patient_id=${other}`,
    `/api/reports?patient_id=${other}`,
    '/api/observations',
    `/fhir/R4/Patient/${other}`,
    `/fhir/R4/Condition?patient=${other}`,
    '/api/exchanges',
    '/api/connections',
    '/api/metrics/summary',
  ]
  for (const path of closed) expect([path, [400, 403].includes(await status(path))]).toEqual([path, true])
  const found = await browser.json<{ entry: { resource: { id: string } }[] }>('/fhir/R4/Patient?_count=50')
  expect(found.entry.map(({ resource }) => resource.id)).toEqual([mine])
  const { permissions } = await browser.json<{ permissions: string[] }>('/api/session')
  expect(permissions.toSorted()).toEqual([
    'metrics.read',
    'patients.read',
    'results.read',
    'results.write',
    'schedule.read',
  ])
})

test('an answer of Cerner is good once, and only in the browser that asked', async () => {
  const chart = await launch.chart(launch.patient(2))
  const browser = new Browser()
  const callback = await browser.toCallback(chart)
  const stranger = await new Browser().get(callback)
  expect(stranger.status).toBe(400)
  expect(await stranger.text()).toContain('The launch is not valid at browser.')
  const again = await browser.get(callback)
  expect(again.status).toBe(400)
  expect(await again.text()).toContain('The launch is not valid at state.')
  expect(browser.cookies.has('practice_studio')).toBe(false)
})

test('an issuer that no connection has is sent nowhere', async () => {
  for (const query of [
    'iss=https://evil.example/r4/x&launch=1',
    `iss=${encodeURIComponent(`${launch.cerner}/r4/other`)}&launch=1`,
    'launch=1',
    'iss=javascript:alert(1)',
    '',
  ]) {
    const answer = await new Browser().get(`/smart/launch?${query}`)
    expect([query, answer.status]).toEqual([query, 400])
    expect(locationOf(answer)).toBe('')
    expect(await answer.text()).toContain('LAUNCH_INVALID')
  }
})

test('a slash at the end of the issuer does not matter', async () => {
  const url = new URL(await launch.chart(launch.patient(1)))
  url.searchParams.set('iss', `${url.searchParams.get('iss') ?? ''}/`)
  expect((await new Browser().get(url.href)).status).toBe(302)
})

test('what Cerner refuses is said as a page, with its reason and what to do', async () => {
  const url = new URL(await launch.chart(launch.patient(1)))
  url.searchParams.set('launch', 'used-before')
  const browser = new Browser()
  const answer = await browser.get(await browser.toCallback(url.href))
  expect(answer.status).toBe(403)
  const page = await answer.text()
  expect(page).toContain('Cerner did not let the launch through')
  expect(page).toContain('ticket for this launch was used or has run out')
  expect(page).toContain('LAUNCH_REFUSED')
})

test('pages of a launch may stand in a frame of the chart, and all others in none', async () => {
  const browser = new Browser()
  const framed = await browser.get('/launch')
  expect(framed.headers.get('content-security-policy')).toContain(`frame-ancestors 'self' ${launch.cerner}`)
  expect(framed.headers.get('x-frame-options')).toBe(null)
  for (const path of ['/', '/patients', '/launchpad']) {
    const page = await browser.get(path)
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  }
})

test('the token is renewed before it ends, by one call however many ask, and the refresh token stays', async () => {
  const browser = new Browser()
  const { patient_id: id } = await browser.open(await launch.chart(launch.patient(6)))
  const renewals = (): number =>
    Object.values(launch.world.cerner.stats().tokenCalls).reduce(
      (sum, one) => sum + (one.byGrantType['refresh_token'] ?? 0),
      0,
    )
  const before = renewals()
  // The token lives for a minute here, so it is due at once.
  const answers = await Promise.all(Array.from({ length: 8 }, () => browser.get(`/api/patients/${id}`)))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(renewals() - before).toBeLessThanOrEqual(2)
  expect(renewals() - before).toBeGreaterThan(0)
  expect((await browser.json<LaunchContext>('/api/launch')).state).toBe('live')
})

test('when the session in the chart is over the launch ends, its page says so, and nothing else is shown', async () => {
  const browser = new Browser()
  const { patient_id: id } = await browser.open(await launch.chart(launch.patient(7)))
  launch.world.cerner.oauth.sessions.end(null)
  const refused = await browser.get(`/api/patients/${id}`)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({
    code: 'LAUNCH_ENDED',
    todo: 'Open the app again from the chart.',
  })
  expect(await browser.json('/api/session')).toMatchObject({ permissions: [] })
  expect(await browser.json<LaunchContext>('/api/launch')).toMatchObject({
    state: 'ended',
    patient_id: null,
    says: expect.stringContaining('the session in the chart is over') as string,
  })
  const { rows } = await launch.world.studio.store.database.query<{ count: number }>({
    text: `select count(*)::int as count from access_token where purpose like 'launch/%'
      and purpose = any (select 'launch/' || session_id from smart_session where ended_at is not null)`,
  })
  expect(rows[0]?.count).toBe(0)
})

test('a launch that is ended here is over at once', async () => {
  const browser = new Browser()
  const { patient_id: id } = await browser.open(await launch.chart(launch.patient(8)))
  const { csrf } = await browser.json<{ csrf: string }>('/api/session')
  const ended = await browser.get('/api/launch/end', { method: 'POST', headers: { 'x-csrf-token': csrf } })
  expect(ended.status).toBe(200)
  expect((await browser.get(`/api/patients/${id}`)).status).toBe(401)
  expect((await browser.json<LaunchContext>('/api/launch')).state).toBe('ended')
})

test('nothing of a launch is readable in the database', async () => {
  const farId = launch.patient(9)
  await new Browser().open(await launch.chart(farId))
  const { rows } = await launch.world.studio.store.database.query<{ text: string }>({
    text: `select l::text as text from smart_launch l union all select s::text from smart_session s
      union all select t::text from access_token t`,
  })
  const dump = rows.map(({ text }) => text).join('\n')
  expect(rows.length).toBeGreaterThan(2)
  expect(dump).not.toContain(farId)
  expect(dump).not.toContain(launch.world.hospital.world.person(9).family)
})

test('each launch and each end of one is in the audit trail', async () => {
  const { rows } = await launch.world.studio.store.database.query<{ action: string }>({
    text: 'select distinct action from audit',
  })
  expect(rows.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['launch.open', 'launch.read', 'launch.end', 'launch.refuse', 'fhir.read']),
  )
})
