import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { changePatient, moveAppointment } from '../src/sandbox/cerner/millennium-user.ts'
import { readDriftReport } from '../src/store/read-sync.ts'
import type { SyncRun } from '../src/contract/sync.ts'
import { ACTOR, openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

const LOCATIONS = ['21250403', '21250411', '21250427']
const QUICK = { concurrency: 5, requestsPerSecond: 2000, retries: 8 }
const ALL = { enabled: false, locations: LOCATIONS, daysBack: 3, daysAhead: 7 }

let world: CernerWorld
afterEach(() => world[Symbol.asyncDispose]())

const step = (run: SyncRun, resource: string) => run.steps.find((one) => one.resource === resource)
const counts = async (): Promise<Record<string, number>> => ({
  patients: (await world.studio.records('patient')).length,
  appointments: (await world.studio.records('appointment')).length,
  encounters: (await world.studio.records('encounter')).length,
  reports: (await world.studio.records('report')).length,
  documents: (await world.studio.records('document')).length,
})

test('a full pull brings every kind of record once, and the same pull again changes nothing', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 60 })
  const first = await world.pull('full')
  await world.studio.settled()
  expect(first.state).toBe('done')
  const before = await counts()
  for (const [kind, count] of Object.entries(before)) expect(count, kind).toBeGreaterThan(0)
  const parked = (await world.studio.exchanges()).filter((one) => one.state === 'parked')
  expect(parked).toEqual([])

  const again = await world.pull('full')
  await world.studio.settled()
  expect({ state: again.state, changed: again.changed }).toEqual({ state: 'done', changed: 0 })
  expect(again.seen).toBeGreaterThanOrEqual(first.seen)
  expect(await counts()).toEqual(before)
})

test('a change at Cerner comes with the next delta, and nothing else does', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 60 })
  await world.pull('full')
  await world.studio.settled()
  const [patient] = await world.studio.records('patient')
  const id = (
    patient?.document.sets['identifiers']?.[world.connectionId]?.[0] as { type: string; value: string }[]
  ).find((one) => one.type === 'FHIR')?.value
  const system = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus'
  const widowed = { coding: [{ system, code: 'W', display: 'Widowed' }], text: 'Widowed' }
  changePatient(world.hospital, id ?? '', [{ op: 'replace', path: '/maritalStatus', value: widowed }])
  const delta = await world.pull('delta')
  await world.studio.settled()
  expect(step(delta, 'Patient')?.changed).toBe(1)
  expect(delta.changed).toBe(1)
  const after = (await world.studio.records('patient')).find((one) => one.id === patient?.id)
  expect(after?.document.fields['marital_status']?.[0]).toBe('W')
})

test('an appointment that HL7 told of and FHIR brings is one record, and so is its patient', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 60 })
  await world.pull('full', ['Appointment'])
  await world.studio.settled()
  const before = await counts()
  const appointment = (await world.studio.records('appointment')).find((one) => one.status === 'booked')
  const patient = (await world.studio.records('patient')).find((one) => one.id === appointment?.patient_id)
  const mrn = (
    Object.values(patient?.document.sets['identifiers'] ?? {})[0]?.[0] as { type: string; value: string }[]
  ).find((one) => one.type === 'MR')?.value
  const number = appointment?.document.fields['external_id']?.[0] as string
  const told = [
    `MSH|^~\\&|CERNER|CERNERHOST|PS|PS|20991231120000+0000||SIU^S14^SIU_S12|SIU1|P|2.5.1`,
    `SCH||${number}^CERNER|||||^MOVED BY PHONE||||^^^20991231150000+0000^20991231151500+0000|||||||||||||Booked`,
    `PID|1||${mrn ?? ''}^^^CERNER^MR||SOMEBODY^ELSE`,
  ].join('\r')
  expect(await world.studio.send(told)).toEqual([expect.stringContaining('MSA|AA')])
  await world.studio.settled()
  expect(await counts()).toEqual(before)
  const after = (await world.studio.records('appointment')).find((one) => one.id === appointment?.id)
  expect(after?.document.fields['start_time']?.[0]).toBe('2099-12-31T15:00:00.000Z')
})

test('a pull through a storm of 429, 503 and broken answers ends complete', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 30 })
  for (const fault of [
    { kind: 'status', status: 429, probability: 0.1, seed: 1 },
    { kind: 'status', status: 503, probability: 0.05, seed: 2 },
    { kind: 'half', probability: 0.03, seed: 3, match: { type: 'Observation' } },
    { kind: 'drop', probability: 0.03, seed: 4 },
  ])
    await world.cerner.faults.add(fault)
  const run = await world.pull('full')
  await world.studio.settled()
  expect(run.state).toBe('done')
  const stormy = await counts()
  world.cerner.faults.clear()
  const calm = await world.pull('full')
  await world.studio.settled()
  expect(calm.changed).toBe(0)
  expect(await counts()).toEqual(stormy)
})

test('a scope that is missing fails its own step, says so, and lets the others go on', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 30 })
  await world.cerner.faults.add({ kind: 'narrow', scopes: ['Immunization'] })
  const run = await world.pull('full')
  expect(run.state).toBe('failed')
  expect(step(run, 'Immunization')?.state).toBe('failed')
  expect(step(run, 'Immunization')?.says).toContain('system/Immunization.read')
  expect(step(run, 'Observation')).toMatchObject({ state: 'done' })
})

test('one chart that Cerner cannot give holds up nobody else', async () => {
  world = await openCernerWorld(
    {
      pull: { ...ALL, resources: ['Patient', 'Appointment', 'Encounter'] },
      limits: { ...QUICK, concurrency: 1, retries: 1 },
    },
    { population: 30 },
  )
  await world.pull('full', ['Appointment'])
  // Two answers in a row: more than one call is tried again.
  await world.cerner.faults.add({
    kind: 'status',
    status: 500,
    match: { type: 'Encounter' },
    after: 3,
    times: 2,
  })
  const run = await world.pull('full')
  expect(run.steps.filter((one) => one.state === 'failed')).toEqual([])
  const encounters = step(run, 'Encounter')
  expect(encounters?.done).toBe(encounters?.total)
  expect(encounters?.done).toBeGreaterThan(5)
})

test('a full compare reports what differs, field by field, and mends it', async () => {
  world = await openCernerWorld({ pull: ALL, limits: QUICK }, { population: 30 })
  await world.pull('full')
  await world.studio.settled()
  const calm = await world.pull('compare')
  expect(calm.drift_id).not.toBeNull()
  const appointment = (await world.studio.records('appointment')).find(
    (one) =>
      one.status === 'booked' && Date.parse(one.document.fields['start_time']?.[0] as string) > Date.now(),
  )
  moveAppointment(world.hospital, appointment?.document.fields['external_id']?.[0] as string, null)
  const run = await world.pull('compare')
  const store = { database: world.studio.store.database, vault: world.studio.vault }
  const report = await readDriftReport(store, run.drift_id ?? '', { showValues: true })
  const item = report?.items.find((one) => one.record?.id === appointment?.id)
  expect(item).toMatchObject({ kind: 'differs', resource: 'Appointment' })
  expect(item?.fields.map((one) => one.field)).toContain('start_time')
  await world.studio.settled()
  const after = (await world.studio.records('appointment')).find((one) => one.id === appointment?.id)
  expect(after?.document.fields['start_time']?.[0]).not.toBe(appointment?.document.fields['start_time']?.[0])
})

test('a pull that is stopped keeps what it read, and the next one goes on', async () => {
  world = await openCernerWorld({ pull: ALL, limits: { ...QUICK, concurrency: 1 } }, { population: 60 })
  await world.pull('full', ['Appointment'])
  await world.cerner.faults.add({ kind: 'slow', ms: 15 })
  const { sync } = world.studio.engine.services
  const runId = await sync.start(world.connectionId, { kind: 'full', resources: [] }, ACTOR)
  await sleep(1500)
  await sync.stop(runId, ACTOR)
  let run = await world.run(runId)
  while (run?.state === 'running') {
    await sleep(50)
    run = await world.run(runId)
  }
  expect(run?.state).toBe('stopped')
  world.cerner.faults.clear()
  expect((await world.pull('full')).state).toBe('done')
})

test('the frequent pull of appointments goes on beside a long one, and a waiting pull is stopped at once', async () => {
  world = await openCernerWorld({ pull: ALL, limits: { ...QUICK, concurrency: 2 } }, { population: 60 })
  await world.pull('full', ['Appointment'])
  world.cerner.faults.clear()
  await world.cerner.faults.add({ kind: 'slow', ms: 40, match: { type: 'Observation' } })
  const { sync } = world.studio.engine.services
  const long = await sync.start(world.connectionId, { kind: 'full', resources: [] }, ACTOR)
  await sleep(300)
  const waiting = await sync.start(world.connectionId, { kind: 'full', resources: ['Encounter'] }, ACTOR)
  const short = await world.pull('delta', ['Appointment'])
  expect(short.state).toBe('done')
  expect((await world.run(long))?.state).toBe('running')
  await sync.stop(waiting, ACTOR)
  expect((await world.run(waiting))?.state).toBe('stopped')
  await sync.stop(long, ACTOR)
})
