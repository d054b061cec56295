import { expect, test } from 'vitest'
import { patientRegisterRequest } from '../../../contract/outbound.ts'
import { emptyEntry, entryOf } from './register-model.ts'

const WHO = { last_name: 'Newman', first_name: 'Nora', date_of_birth: '02/03/1991', gender: 'F' }

test('an entry becomes the request that the server takes, with empty fields left out', () => {
  const entry = { ...emptyEntry(), ...WHO, phone_mobile: '(816) 555-0142', 'address.city': ' Kansas City ' }
  const { request, faults } = entryOf(entry)
  expect(faults).toEqual({})
  expect(patientRegisterRequest.parse(request)).toEqual({
    last_name: 'Newman',
    first_name: 'Nora',
    date_of_birth: '1991-02-03',
    gender: 'F',
    phone_mobile: '+18165550142',
    address: { city: 'Kansas City' },
    override: false,
  })
})

test('what tells people apart is needed, and what cannot be read is named in its place', () => {
  expect(Object.keys(entryOf(emptyEntry()).faults)).toEqual(Object.keys(WHO))
  const wrong = { ...emptyEntry(), ...WHO, date_of_birth: '31/31/1991', phone_home: '12', email: 'x' }
  const { request, faults } = entryOf(wrong)
  expect(request).toBeNull()
  expect(Object.keys(faults)).toEqual(['date_of_birth', 'phone_home', 'email'])
})
