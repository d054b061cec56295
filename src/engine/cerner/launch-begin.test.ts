import { expect, test } from 'vitest'
import { cernerSettings } from '../../connectors/cerner/definition.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { launchScopes, reasonOff } from './launch-begin.ts'
import { refusedScopes } from './launch-session.ts'

const SIGN_IN = ['openid', 'fhirUser', 'profile', 'online_access']

test('a launch from the chart asks for the patient of the chart, and one on its own for what the user may see', () => {
  const settings = cernerSettings.parse({})
  expect(launchScopes(settings, 'ehr')).toEqual([
    'launch',
    ...SIGN_IN,
    'patient/Patient.read',
    'patient/Encounter.read',
  ])
  expect(launchScopes(settings, 'standalone')).toEqual([
    'launch/patient',
    ...SIGN_IN,
    'user/Patient.read',
    'user/Encounter.read',
  ])
})

test('scopes are written in the syntax that the app is registered for', () => {
  const settings = cernerSettings.parse({ auth: { scopeVersion: 'v2' } })
  expect(launchScopes(settings, 'ehr')).toContain('patient/Patient.rs')
})

test('scopes that were set are asked for as they are, with the context that the kind of launch needs', () => {
  const settings = cernerSettings.parse({
    launch: { scopes: ['launch/patient', 'openid', 'patient/Patient.read'] },
  })
  expect(launchScopes(settings, 'ehr')).toEqual(['launch', 'openid', 'patient/Patient.read'])
  expect(launchScopes(settings, 'standalone')).toEqual(['launch/patient', 'openid', 'patient/Patient.read'])
})

test('a scope that was dropped is told with what does not work', () => {
  const asked = ['launch', ...SIGN_IN, 'patient/Patient.read', 'patient/Observation.read']
  expect(refusedScopes(asked, 'launch openid fhirUser profile patient/Patient.read')).toEqual([
    { scope: 'online_access', breaks: 'The session ends with its first token, after about ten minutes.' },
    { scope: 'patient/Observation.read', breaks: 'Results and vital signs do not appear.' },
  ])
  expect(refusedScopes(asked, asked.join(' '))).toEqual([])
})

test('a connection opens launches when it is on, has an address and a client id', () => {
  const ready = { fhir: { base: 'https://fhir.example/r4/t' }, launch: { clientId: 'app' } }
  const of = (settings: object, enabled = true) =>
    reasonOff({
      id: '1' as ConnectionId,
      name: 'C',
      channel: 'cerner',
      version: 1,
      enabled,
      settings: cernerSettings.parse(settings),
    })
  expect(of(ready)).toBe(null)
  expect(of(ready, false)).toBe('the connection is off')
  expect(of({ ...ready, launch: { clientId: 'app', enabled: false } })).toBe('it is switched off there')
  expect(of({ ...ready, launch: {} })).toBe('the launched app has no client id')
})
