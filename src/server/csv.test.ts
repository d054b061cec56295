import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvField, csvLine } from './csv.ts'

test('a line is RFC 4180', () => {
  expect(csvLine(['a', 1, null, 'say "hi", twice', 'two\nlines'])).toBe(
    'a,1,,"say ""hi"", twice","two\nlines"\r\n',
  )
})

test('no field begins as a formula', () => {
  expect(csvField('=HYPERLINK("http://example.org")')).toBe(`"'=HYPERLINK(""http://example.org"")"`)
  fc.assert(fc.property(fc.string(), (text) => !/^"?[=+\-@\t\r]/.test(csvField(text))))
})

test('a field reads back as it was, but for the apostrophe', () => {
  const read = (field: string): string =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field
  fc.assert(fc.property(fc.string(), (text) => [text, `'${text}`].includes(read(csvField(text)))))
})
