import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { R4Verb } from '../contract.ts'
import { patientLimit, maySeePatient } from './persona.ts'
import {
  cutScopes,
  levelsFor,
  opensService,
  readResourceScope,
  withoutScopes,
  writeResourceScope,
} from './scopes.ts'

const v1 = {
  syntax: 'v1',
  scopes: ['system/Patient.read', 'user/Patient.write', 'openid', 'mws/Person.read'],
  offline: false,
} as const
const v2 = { syntax: 'v2', scopes: ['system/Patient.crus', 'offline_access'], offline: true } as const

test('a registered scope is granted, and one that is not falls away without a word', () => {
  expect(cutScopes(v1, 'system/Patient.read system/Observation.read openid')).toEqual([
    'system/Patient.read',
    'openid',
  ])
  expect(cutScopes(v1, 'mws/Person.read mws/Scheduling.read')).toEqual(['mws/Person.read'])
})

test('an app of the first syntax gets nothing in the second, and the other way about', () => {
  expect(cutScopes(v1, 'system/Patient.rs')).toEqual([])
  expect(cutScopes(v2, 'system/Patient.read')).toEqual([])
})

test('in the second syntax the rights that are registered are left of those asked', () => {
  expect(cutScopes(v2, 'system/Patient.rs')).toEqual(['system/Patient.rs'])
  expect(cutScopes({ ...v2, scopes: ['system/Patient.rs'] }, 'system/Patient.crus')).toEqual([
    'system/Patient.rs',
  ])
  expect(cutScopes({ ...v2, scopes: ['system/Patient.r'] }, 'system/Patient.s')).toEqual([])
})

test('wildcards are dropped and a comma spoils the request', () => {
  expect(cutScopes(v1, 'system/*.read system/Patient.*')).toEqual([])
  expect(cutScopes(v1, 'system/Patient.read,openid')).toEqual([])
})

test('offline access is dropped for an app registered for online use only', () => {
  expect(cutScopes(v2, 'offline_access')).toEqual(['offline_access'])
  expect(cutScopes({ ...v2, offline: false }, 'offline_access')).toEqual([])
})

test('a search needs the right to search, which the right to read does not give in the second syntax', () => {
  const open = (scope: string, verb: R4Verb): boolean => levelsFor([scope], 'Patient', verb).length > 0
  expect([open('system/Patient.read', 'read'), open('system/Patient.read', 'search')]).toEqual([true, true])
  expect([open('system/Patient.r', 'read'), open('system/Patient.r', 'search')]).toEqual([true, false])
  expect([open('system/Patient.s', 'read'), open('system/Patient.s', 'search')]).toEqual([false, true])
  expect([open('system/Patient.read', 'create'), open('system/Patient.write', 'patch')]).toEqual([
    false,
    true,
  ])
  expect([open('system/Patient.c', 'create'), open('system/Patient.c', 'update')]).toEqual([true, false])
  expect([open('system/Patient.u', 'update'), open('system/Patient.u', 'patch')]).toEqual([true, true])
  expect(levelsFor(['system/Observation.read'], 'Patient', 'read')).toEqual([])
})

test('Millennium services have scopes of their own', () => {
  expect(opensService(['mws/Person.read'], 'mws/Person', 'search')).toBe(true)
  expect(opensService(['mws/Person.read'], 'mws/Person', 'create')).toBe(false)
  expect(opensService(['system/Person.read'], 'mws/Person', 'read')).toBe(false)
})

test('scopes can be narrowed by scope, by right and by type', () => {
  const granted = ['system/Patient.rs', 'system/Observation.read', 'mws/Person.read', 'openid']
  expect(withoutScopes(granted, ['system/Patient.s'])[0]).toBe('system/Patient.r')
  expect(withoutScopes(granted, ['Patient', 'mws/Person'])).toEqual(['system/Observation.read', 'openid'])
  expect(withoutScopes(granted, ['system/Observation.read', 'openid'])).toEqual([
    'system/Patient.rs',
    'mws/Person.read',
  ])
})

test('a scope that can be read is written back as it was', () => {
  const rights = fc.constantFrom('read', 'write', 'r', 'rs', 'crus', 'cud', 's', 'cruds')
  const type = fc.stringMatching(/^[A-Z][a-zA-Z]{0,20}$/)
  fc.assert(
    fc.property(fc.constantFrom('patient', 'user', 'system'), type, rights, (level, name, may) => {
      const text = `${level}/${name}.${may}`
      const read = readResourceScope(text)
      expect(read).not.toBeNull()
      if (read !== null) expect(writeResourceScope(read)).toBe(text)
    }),
  )
  for (const wrong of [
    'system/Patient.sr',
    'system/Patient.',
    'system/patient.read',
    'openid',
    'mws/Person.read',
  ])
    expect(readResourceScope(wrong)).toBeNull()
})

test('nothing is ever granted that was not both asked and registered', () => {
  const letters = fc.subarray(['c', 'r', 'u', 'd', 's'], { minLength: 1 }).map((some) => some.join(''))
  fc.assert(
    fc.property(letters, letters, (registered, asked) => {
      const registration = { syntax: 'v2' as const, scopes: [`user/Patient.${registered}`], offline: false }
      const [granted = 'user/Patient.'] = cutScopes(registration, `user/Patient.${asked}`)
      for (const letter of granted.slice('user/Patient.'.length)) {
        expect(asked).toContain(letter)
        expect(registered).toContain(letter)
      }
    }),
  )
})

test('the patient persona sees one patient, and so does a provider with nothing but patient scopes', () => {
  const grant = {
    clientId: 'a',
    persona: 'patient',
    scopes: ['patient/Patient.rs'],
    patient: '1',
    user: 'Patient/1',
  } as const
  expect(patientLimit(grant, 'Patient', 'read')).toBe('1')
  expect(maySeePatient(grant, 'Patient', 'read', '2')).toBe(false)
  const provider = { ...grant, persona: 'provider' } as const
  expect(patientLimit(provider, 'Patient', 'read')).toBe('1')
  expect(
    patientLimit({ ...provider, scopes: ['patient/Patient.rs', 'user/Patient.r'] }, 'Patient', 'read'),
  ).toBeNull()
  expect(maySeePatient({ ...grant, patient: null }, 'Patient', 'read', '1')).toBe(false)
  expect(
    patientLimit({ ...grant, persona: 'system', scopes: ['system/Patient.rs'] }, 'Patient', 'read'),
  ).toBeNull()
})
