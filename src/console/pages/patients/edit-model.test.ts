import { expect, test } from 'vitest'
import { openRandom } from '../../fixtures/random.ts'
import { makePatient } from '../../fixtures/people.ts'
import { draftOf, editedOf, readPhone, touchesIdentity } from './edit-model.ts'

const source = { exchangeId: 'e', connectionId: 'c', connectionName: 'Cerner', at: '2026-11-20T15:00:00Z' }
const one = makePatient(openRandom(3), 0, source)

test('a form that was not touched changes nothing', () => {
  expect(editedOf(one, draftOf(one))).toEqual({ changes: {}, faults: {} })
})

test('only changed fields are sent, in the shape they are stored', () => {
  const draft = {
    ...draftOf(one),
    phone_mobile: '(816) 555-0199',
    date_of_birth: '3/14/1962',
    'address.city': ' Olathe ',
  }
  const { changes } = editedOf({ ...one, address: { ...one.address, city: 'Liberty' } }, draft)
  expect(changes).toEqual({
    phone_mobile: '+18165550199',
    date_of_birth: '1962-03-14',
    'address.city': 'Olathe',
  })
})

test('writing a phone number differently is no change', () => {
  const shown = { ...one, phone_home: '+18165550142' }
  expect(editedOf(shown, { ...draftOf(shown), phone_home: '816 555-0142' }).changes).toEqual({})
})

test('an emptied field is cleared, and a name cannot be', () => {
  const shown = { ...one, email: 'someone@example.org' }
  expect(editedOf(shown, { ...draftOf(shown), email: '' }).changes).toEqual({ email: null })
  expect(editedOf(shown, { ...draftOf(shown), last_name: ' ' }).faults.last_name).toBe('Cannot be empty')
})

test('what is no phone number is told, not sent', () => {
  expect(readPhone('555-01')).toBeNull()
  expect(editedOf(one, { ...draftOf(one), phone_work: '555-01' })).toMatchObject({
    changes: {},
    faults: { phone_work: expect.stringContaining('Write it as') },
  })
})

test('a change of name, birth or sex is one of identity', () => {
  expect(touchesIdentity({ changes: { gender: 'O' }, faults: {} })).toBe(true)
  expect(touchesIdentity({ changes: { email: 'a@b.example' }, faults: {} })).toBe(false)
})
