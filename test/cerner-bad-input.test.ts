import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../src/kernel/clock.ts'
import type { Clock } from '../src/kernel/clock.ts'
import { EVERYBODY } from '../src/sandbox/cerner/bulk.ts'
import { openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

const LOCATIONS = ['21250403', '21250411', '21250427']
const PULL = {
  enabled: false,
  locations: LOCATIONS,
  daysBack: 2,
  daysAhead: 5,
  resources: ['Patient', 'Appointment', 'Encounter', 'Observation'],
}
const QUICK = { requestsPerSecond: 2000, answerTimeoutMs: 2000, retries: 3 }

let world: CernerWorld
afterEach(() => world[Symbol.asyncDispose]())

const open = async (more: Record<string, unknown> = {}, clock?: Clock): Promise<void> => {
  const options = { population: 40, ...(clock ? { clock } : {}) }
  world = await openCernerWorld({ pull: PULL, limits: QUICK, ...more }, options)
}
const kinds = async (): Promise<string[]> =>
  (await world.studio.exchanges()).map((one) => `${one.kind} ${one.state} ${one.error_code ?? ''}`.trim())
const applied = async (kind: string): Promise<number> =>
  (await kinds()).filter((one) => one === `${kind} applied`).length

test('pages that lead back to the first end the search; what came is kept, and the step says so', async () => {
  await open()
  await world.pull('full', ['Patient'])
  await world.cerner.faults.add({ kind: 'switch', member: 'pageSize', value: 20 })
  await world.cerner.faults.add({ kind: 'loop', match: { type: 'Appointment' } })
  const run = await world.pull('full', ['Appointment'])
  await world.studio.settled()
  const step = run.steps.find((one) => one.resource === 'Appointment')
  expect(step).toMatchObject({ state: 'failed', says: expect.stringContaining('lead back') as string })
  await expect.poll(() => applied('Appointment')).toBeGreaterThan(0)
})

test('small pages and the same record on two of them make one record each', async () => {
  await open()
  await world.pull('full', ['Appointment'])
  await world.studio.settled()
  const whole = await applied('Appointment')
  await world[Symbol.asyncDispose]()
  await open()
  await world.cerner.faults.add({ kind: 'switch', member: 'pageSize', value: 5 })
  await world.cerner.faults.add({ kind: 'switch', member: 'duplicateAcrossPages', value: true })
  await world.pull('full', ['Appointment'])
  await world.studio.settled()
  expect(await applied('Appointment')).toBe(whole)
})

test('resources without meta are read, and told apart by what they say', async () => {
  await open()
  await world.cerner.faults.add({ kind: 'switch', member: 'versionless', value: 'Encounter' })
  expect((await world.pull('full')).state).toBe('done')
  const again = await world.pull('full')
  expect(again.changed).toBe(0)
  expect(await applied('Encounter')).toBeGreaterThan(0)
})

test('tokens revoked in the middle of a pull are replaced, and the pull ends complete', async () => {
  await open()
  await world.pull('full', ['Appointment'])
  await world.cerner.faults.add({ kind: 'revoke' })
  expect((await world.pull('full')).state).toBe('done')
  const tokens = async () => (await kinds()).filter((one) => one.startsWith('POST token'))
  await expect.poll(tokens).toEqual(['POST token accepted', 'POST token accepted'])
})

test('a token that the server takes for another tenant ends the pull with what to do, after one new token', async () => {
  await open()
  await world.cerner.faults.add({ kind: 'wrong-audience' })
  const run = await world.pull('full')
  expect(run.state).toBe('failed')
  expect(JSON.stringify(run)).toMatch(
    /FHIR_UNAUTHORIZED|FHIR_FORBIDDEN|does not accept our token|does not allow/,
  )
  expect((await kinds()).filter((one) => one.startsWith('POST token')).length).toBeLessThanOrEqual(2)
})

test('a gateway that answers with a page of HTML, half JSON or nothing is tried again and never taken for data', async () => {
  await open({ limits: { ...QUICK, answerTimeoutMs: 400, retries: 6 } })
  for (const [after, kind] of ['wrong-type', 'malformed', 'half', 'hang', 'drop'].entries())
    await world.cerner.faults.add({ kind, match: { type: 'Appointment' }, after, times: 1 })
  const run = await world.pull('full', ['Appointment'])
  expect(run.steps.filter((one) => one.state === 'failed')).toEqual([])
  expect(run.state).toBe('done')
  const failed = async () =>
    (await kinds()).filter((one) => one.startsWith('GET Appointment retrying')).length
  await expect.poll(failed).toBeGreaterThanOrEqual(4)
})

test('a secret that is wrong is said once, with what to do, and asked with once', async () => {
  await open({ auth: { clientId: 'practice-studio-system', clientSecret: 'wrong' } })
  const run = await world.pull('full')
  expect(run).toMatchObject({ state: 'failed', error: { code: 'FHIR_TOKEN_REFUSED' } })
  expect(run.error?.todo).toContain('secret')
  // The log is written beside the work, so a line may come a moment later.
  await expect.poll(async () => (await kinds()).filter((one) => one.startsWith('POST token')).length).toBe(1)
})

test('the first load by bulk export brings what the searches bring, and asks for one job', async () => {
  // An export takes its time at Cerner, so the hospital's clock has to go on.
  await open({ pull: { ...PULL, group: EVERYBODY } }, systemClock)
  const bulk = await world.pull('bulk')
  await world.studio.settled()
  expect(bulk).toMatchObject({ error: null, state: 'done' })
  const observations = await applied('Observation')
  expect(observations).toBeGreaterThan(50)
  const starts = async () => (await kinds()).filter((one) => one.startsWith('GET Group/$export'))
  await expect.poll(starts).toEqual(['GET Group/$export accepted'])
  const after = await world.pull('full')
  const step = after.steps.find((one) => one.resource === 'Patient')
  expect(step?.changed).toBe(0)
})
