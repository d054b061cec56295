import fc from 'fast-check'
import { expect, test } from 'vitest'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { email } from './email.ts'

test('an email address reads back as it was written', () => {
  const addresses = fc.emailAddress().map((address) => {
    const at = address.lastIndexOf('@')
    return address.slice(0, at) + address.slice(at).toLowerCase()
  })
  fc.assert(
    fc.property(addresses, (address) => {
      expect(again(email, address)).toBe(address)
    }),
  )
})

test('the address is found in XTN-4, or in XTN-1 of older feeds', () => {
  expect(readOne(email, ['', 'NET', 'Internet', 'John.Doe@Example.COM']).value).toBe('John.Doe@example.com')
  expect(readOne(email, ['john.doe@example.com', 'NET']).value).toBe('john.doe@example.com')
})

test('what is no address is left out', () => {
  expect(readOne(email, ['', 'NET', 'Internet', 'none'])).toEqual({
    value: undefined,
    warnings: ['HL7_DATA_TYPE'],
  })
})
