import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimal, digitsOf, parseExact, parseResource, writeResource } from './json.ts'

const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,12})?([eE][+-]?\d{1,2})?$/)

test('every number is written back digit by digit', () => {
  fc.assert(
    fc.property(
      digits,
      fc.constantFrom('{"a":#}', '{"a" : #}', '[#]', '[1,#]', '{"a":[{"b":#,"c":"x"}]}'),
      (number, frame) => {
        const text = frame.replace('#', number)
        expect(writeResource(parseExact(text) as object)).toBe(text.replace(' : ', ':'))
      },
    ),
  )
})

test('all else is as JSON.parse finds it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.parse(JSON.stringify(parseExact(text)))).toEqual(JSON.parse(text))
    }),
  )
})

test('180.0 cm stays 180.0 cm, and whole numbers are numbers', () => {
  const resource = parseResource(
    '{"resourceType":"Observation","valueQuantity":{"value":180.0},"rank":1,"at":"10:00:00.000Z"}',
  )
  const { value } = resource['valueQuantity'] as { value: unknown }
  expect(digitsOf(value)).toBe('180.0')
  expect(resource['rank']).toBe(1)
  expect(resource['at']).toBe('10:00:00.000Z')
  expect(writeResource(resource)).toContain('"value":180.0')
})

test('digits come from numbers of both kinds and from nothing else', () => {
  expect([digitsOf(37.1), digitsOf(decimal('0.10')), digitsOf(2)]).toEqual(['37.1', '0.10', '2'])
  expect([digitsOf('5'), digitsOf(null), digitsOf({ rawJSON: '5' }), digitsOf(Number.NaN)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(() => decimal('1; drop')).toThrow(RangeError)
})

test.each(['', '{', '[]', '"x"', '{"id":"1"}', '{"resourceType":7}'])('%s is no resource', (text) => {
  expect(() => parseResource(text, 'Bundle.entry[3].resource')).toThrow(
    expect.objectContaining({
      code: 'FHIR_RESOURCE_INVALID',
      at: expect.objectContaining({ place: 'Bundle.entry[3].resource' }) as unknown,
    }) as Error,
  )
})

test('an error about JSON does not quote the JSON', () => {
  const error = (() => {
    try {
      return parseResource('{"family":"Nightingale",}')
    } catch (thrown) {
      return thrown as Error
    }
  })()
  expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('Nightingale')
})
