import { expect, test } from 'vitest'
import { csvText } from './download.ts'

test('quotes, commas and line ends are kept inside their cell', () => {
  expect(csvText([['a,b', 'say "x"', 'two\nlines']])).toBe('\uFEFF"a,b","say ""x""","two\nlines"\r\n')
})

test('a value that would start a formula is not run by a spreadsheet', () => {
  expect(csvText([['=1+1', '+18165550142', '@x', '-5', 'plain']])).toBe(
    "\uFEFF'=1+1,'+18165550142,'@x,'-5,plain\r\n",
  )
})
