import { afterEach, expect, test } from 'vitest'
import { openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

const OFFERED = [
  'Practitioner',
  'Patient',
  'Coverage',
  'Appointment',
  'Encounter',
  'AllergyIntolerance',
  'Condition',
  'Observation',
]

let world: CernerWorld
afterEach(() => world[Symbol.asyncDispose]())

test('an old domain is read as DSTU 2: patients, appointments and results come, and what it lacks is left out', async () => {
  world = await openCernerWorld({}, { population: 150 })
  await world.change({
    profile: 'millennium-2018',
    fhir: { base: world.cerner.endpoints.dstu2, version: 'DSTU2' },
    pull: {
      enabled: false,
      resources: OFFERED,
      practitioners: ['9000001', '9000002', '9000004'],
      daysBack: 3,
      daysAhead: 5,
    },
    limits: { requestsPerSecond: 2000 },
  })
  const run = await world.pull('full')
  await world.studio.settled()
  const failed = run.steps.filter((one) => one.state === 'failed')
  expect(failed).toEqual([])
  expect(run.error).toBeNull()
  expect(run.state).toBe('done')
  expect(run.steps.find((one) => one.resource === 'Coverage')).toMatchObject({
    state: 'skipped',
    says: 'DSTU 2 has no such resource.',
  })
  const patients = await world.studio.records('patient')
  const reports = await world.studio.records('report')
  expect(patients.length).toBeGreaterThan(5)
  expect(reports.length).toBeGreaterThan(5)
  expect((await world.studio.records('appointment')).length).toBeGreaterThan(5)
  const named = patients.filter((one) => one.document.fields['last_name']?.[0])
  expect(named.length).toBe(patients.length)
  const parked = (await world.studio.exchanges()).filter((one) => one.state === 'parked')
  expect(parked).toEqual([])
})

test('Millennium 2015 reads demographics alone, and says why the rest is off', async () => {
  world = await openCernerWorld({}, { population: 40 })
  await world.change({
    profile: 'millennium-2015',
    fhir: { base: world.cerner.endpoints.dstu2, version: 'DSTU2' },
    pull: { enabled: false },
    limits: { requestsPerSecond: 2000 },
  })
  const run = await world.pull('full')
  const appointment = run.steps.find((one) => one.resource === 'Appointment')
  expect(appointment).toMatchObject({ state: 'skipped', calls: 0 })
  expect(appointment?.says).toContain('no scheduling')
})
