import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DecodedNode } from '../../../contract/exchanges.ts'
import { covers, piecesOf, related } from './link-model.ts'

test('a field covers its components and no other field', () => {
  expect(covers('PID-5', 'PID-5.1')).toBe(true)
  expect(covers('PID-5', 'PID-5[1].1')).toBe(true)
  expect(covers('PID-5', 'PID-55')).toBe(false)
  expect(covers('PID-13', 'PID-13[2].1')).toBe(true)
  expect(covers('PID-5.1', 'PID-5')).toBe(false)
})

test('pointing at a component lights its field, and the other way round', () => {
  expect(related('PID-5.1', 'PID-5')).toBe(true)
  expect(related('PID-5', 'PID-5.1')).toBe(true)
  expect(related('PID-5.1', 'PID-5.2')).toBe(false)
  expect(related(null, 'PID-5')).toBe(false)
})

test('a FHIR place without a number stands for every repeat, and one with a number for its own', () => {
  expect(related('name.family', 'name[0].family')).toBe(true)
  expect(related('Patient.name[0].family', 'name[0].family')).toBe(true)
  expect(related('name', 'name[0].given[1]')).toBe(true)
  expect(related('telecom[0].value', 'telecom[1].value')).toBe(false)
  expect(related('telecom[0].value', 'telecom[0].system')).toBe(false)
  expect(related('address.city', 'address[0].postalCode')).toBe(false)
  expect(related('birthDate', '')).toBe(false)
})

test('the pieces of a segment put together are the segment, byte for byte', () => {
  const fields = fc.array(fc.stringMatching(/^[A-Za-z0-9 ]{0,6}$/), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fields, fc.nat(40), (values, start) => {
      const text = `${'-'.repeat(start)}PID|${values.join('|')}`
      let at = start + 4
      const children = values.flatMap((value, index): DecodedNode[] => {
        const from = at
        at += value.length + 1
        return value === ''
          ? []
          : [{ path: `PID-${index + 1}`, name: '', start: from, end: from + value.length, value }]
      })
      const segment: DecodedNode = { path: 'PID', name: '', start, end: text.length, children }
      const pieces = piecesOf(text, segment)
      expect(pieces.map((piece) => piece.text).join('')).toBe(text.slice(start))
      expect(pieces.filter(({ path }) => path !== null)).toHaveLength(children.length)
    }),
  )
})
