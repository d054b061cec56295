import { expect, test } from 'vitest'
import { ROLES } from '../contract/session.ts'
import { PERMISSIONS_OF, may } from './permissions.ts'

test('only administrators make tokens, and only they and auditors read the trail', () => {
  expect(ROLES.filter((role) => may(role, 'tokens.write'))).toEqual(['administrator'])
  expect(ROLES.filter((role) => may(role, 'audit.read'))).toEqual(['administrator', 'auditor'])
})

test('an auditor sees no patient and no bytes', () => {
  for (const permission of [
    'patients.read',
    'results.read',
    'schedule.read',
    'exchanges.read-raw',
  ] as const) {
    expect(may('auditor', permission)).toBe(false)
  }
})

test('who may see the schedule may see whose it is', () => {
  for (const role of ROLES) expect(may(role, 'schedule.read')).toBe(may(role, 'patients.read'))
})

test('no permission is listed twice', () => {
  for (const permissions of Object.values(PERMISSIONS_OF))
    expect(new Set(permissions).size).toBe(permissions.length)
})
