import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Coded } from '../../model/values.ts'
import { again, words } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { concept, conceptCode, conceptText } from './concept.ts'
import { name, text } from './text.ts'
import { yesNo } from './yes-no.ts'

test('a coded element reads back with code, text and system', () => {
  const all = fc.record(
    { code: words, text: words, system: words },
    { requiredKeys: ['code'], noNullPrototype: true },
  )
  fc.assert(
    fc.property(all as fc.Arbitrary<Coded>, (value) => {
      expect(again(concept, value)).toEqual(value)
    }),
  )
})

test('the original text in CWE-9 is what the user saw, and wins over the text of the code', () => {
  const sent = ['A', 'Alpha', 'L', '', '', '', '', '', 'alpha as typed']
  expect(readOne(concept, sent).value).toEqual({ code: 'A', text: 'alpha as typed', system: 'L' })
})

test('words and codes read back alone', () => {
  fc.assert(
    fc.property(words, (word) => {
      expect(again(conceptText, word)).toBe(word)
      expect(again(conceptCode, word)).toBe(word)
      expect(again(text, word)).toBe(word)
      expect(again(name, word)).toBe(word)
    }),
  )
})

test('yes and no read back, and anything else is left out', () => {
  expect(again(yesNo, true)).toBe(true)
  expect(again(yesNo, false)).toBe(false)
  expect(readOne(yesNo, 'maybe')).toEqual({ value: undefined, warnings: ['HL7_DATA_TYPE'] })
})
