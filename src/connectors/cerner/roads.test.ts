import { expect, test } from 'vitest'
import { ACTIONS, cernerSettings } from './definition.ts'
import type { CernerSettingsInput } from './definition.ts'
import { PROFILE_NAMES, PROFILES } from './profiles.ts'
import { chooseRoad, roadOf } from './roads.ts'
import { scopesNeeded } from './scopes-needed.ts'

const FHIR = { base: 'https://fhir.example/r4/tenant' }
const SERVICES = {
  base: 'https://millennium.example',
  person: true,
  scheduling: true,
  clinical: true,
  documents: true,
}
const settings = (input: CernerSettingsInput) => cernerSettings.parse(input)

test('FHIR is taken where it is there, and the Millennium service where FHIR is absent', () => {
  const both = settings({ fhir: FHIR, millennium: SERVICES })
  for (const action of ACTIONS) expect(chooseRoad(both, action).road, action).toBe('fhir')
  const services = settings({ millennium: SERVICES })
  for (const action of ACTIONS) expect(chooseRoad(services, action).road, action).toBe('millennium')
})

test('a road that is set for one action holds for that action alone', () => {
  const chosen = settings({ fhir: FHIR, millennium: SERVICES, roads: { book: 'millennium', cancel: 'off' } })
  expect(chooseRoad(chosen, 'book').road).toBe('millennium')
  expect(chooseRoad(chosen, 'reschedule').road).toBe('fhir')
  expect(chooseRoad(chosen, 'cancel')).toMatchObject({
    road: 'off',
    why: expect.stringContaining('switched off') as string,
  })
})

test('a service whose switch is off is not used, and the reason is said', () => {
  const off = settings({ millennium: { ...SERVICES, scheduling: false } })
  expect(chooseRoad(off, 'book').road).toBe('off')
  expect(chooseRoad(off, 'person_search').road).toBe('millennium')
  expect(() => roadOf(off, 'book')).toThrow(/No road to Cerner is on for book an appointment/)
})

test('an old version refuses what it cannot do, with its sentence, whatever is set', () => {
  const old = settings({
    profile: 'millennium-2015',
    fhir: { ...FHIR, version: 'DSTU2' },
    millennium: SERVICES,
    roads: { book: 'fhir' },
  })
  expect(() => roadOf(old, 'book')).toThrow(/takes no bookings from us/)
  const middle = settings({ profile: 'millennium-2018', fhir: { ...FHIR, version: 'DSTU2' } })
  expect(chooseRoad(middle, 'person_read').road).toBe('fhir')
  expect(chooseRoad(middle, 'person_update').road).toBe('off')
})

test('CommunityWorks has demographics and scheduling by FHIR and by services, and nothing of the chart', () => {
  const works = settings({ profile: 'communityworks', fhir: FHIR, millennium: SERVICES })
  expect(chooseRoad(works, 'book').road).toBe('fhir')
  expect(chooseRoad(works, 'vital_signs')).toMatchObject({ road: 'off' })
  expect(chooseRoad(works, 'documents')).toMatchObject({ road: 'off' })
})

test('every feature that is limited or off says why, in every version', () => {
  for (const name of PROFILE_NAMES) {
    for (const [feature, support] of Object.entries(PROFILES[name].features)) {
      if (support.state !== 'on') expect(support.says.length, `${name} ${feature}`).toBeGreaterThan(10)
    }
  }
})

test('only the scopes are asked for that something switched on needs', () => {
  const little = settings({ fhir: FHIR, profile: 'communityworks', pull: { resources: ['Patient'] } })
  expect(scopesNeeded(little)).toContain('system/Appointment.write')
  expect(scopesNeeded(little)).not.toContain('system/Observation.write')
  const newer = settings({
    fhir: FHIR,
    auth: { scopeVersion: 'v2' },
    pull: { resources: ['DocumentReference'] },
  })
  expect(scopesNeeded(newer)).toEqual(
    expect.arrayContaining(['system/DocumentReference.rs', 'system/Binary.rs']),
  )
  const filing = settings({ millennium: { ...SERVICES, documents: false } })
  expect(scopesNeeded(filing)).toContain('mws/Results.write')
  const reading = settings({ millennium: SERVICES, roads: { vital_signs: 'off' } })
  expect(scopesNeeded(reading)).toContain('mws/Results.read')
  expect(scopesNeeded(reading)).not.toContain('mws/Results.write')
  const services = settings({ millennium: { ...SERVICES, clinical: false, documents: false } })
  expect(scopesNeeded(services)).toEqual([
    'mws/Person.read',
    'mws/Person.write',
    'mws/Scheduling.read',
    'mws/Scheduling.write',
  ])
})
