import { expect, test } from 'vitest'
import { language as languages } from '../codesets/language.ts'
import { again } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { language } from './language.ts'

test('every language reads back as it was written', () => {
  for (const [code] of languages.rows) expect(again(language, code)).toBe(code)
})

test.each([
  [['ENG'], 'en'],
  [['eng', 'English', 'ISO639'], 'en'],
  [['English'], 'en'],
  [['en-US'], 'en'],
  [['fre'], 'fr'],
  [['fra'], 'fr'],
  [['SPA'], 'es'],
  [['', 'Vietnamese'], 'vi'],
])('%s is %s', (sent, code) => {
  expect(readOne(language, sent)).toEqual({ value: code, warnings: [] })
})

test('a language that is not in the set is left out', () => {
  expect(readOne(language, 'Klingonese')).toEqual({ value: undefined, warnings: ['CODE_NOT_IN_SET'] })
})
