import { expect, test } from 'vitest'
import { allowList, plainAddress } from './allow-list.ts'

test('an empty list allows every address', () => {
  expect(allowList([])('203.0.113.9')).toBe(true)
})

test('an address or range allows what lies in it and nothing else', () => {
  const allows = allowList(['10.1.2.0/24', '192.168.1.9', 'fd00::/8'])
  expect(['10.1.2.77', '192.168.1.9', 'fd12::1'].map(allows)).toEqual([true, true, true])
  expect(['10.1.3.1', '192.168.1.10', 'fe80::1', '', 'nonsense'].map(allows)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})

test('an IPv4 address in an IPv6 coat is judged as the IPv4 address, in the list and on the socket', () => {
  expect(allowList(['10.1.2.0/24'])('::ffff:10.1.2.77')).toBe(true)
  expect(allowList(['10.1.2.0/24'])('::FFFF:10.1.3.1')).toBe(false)
  expect(allowList(['::ffff:10.1.2.0/120'])('10.1.2.77')).toBe(true)
  expect(allowList(['::ffff:10.1.2.0/120'])('10.1.3.77')).toBe(false)
})

test('the zone of a link-local address does not matter', () => {
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1')
  expect(allowList(['fe80::/10'])('fe80::1%eth0')).toBe(true)
})
