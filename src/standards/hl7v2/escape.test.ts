import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_DELIMITERS } from './delimiters.ts'
import { escape, unescape } from './escape.ts'
import type { EscapeKind } from './escape.ts'
import { delimiters, leafText } from './message.arbitraries.ts'

const d = DEFAULT_DELIMITERS
const plain = (raw: string, charset = 'UTF-8'): string => unescape(raw, d, charset)

describe('decoding', () => {
  test.each([
    ['A\\F\\B\\S\\C\\R\\D\\E\\E\\T\\F', 'A|B^C~D\\E&F'],
    ['caf\\XC3A9\\', 'café'],
    ['caf\\XC3\\\\XA9\\', 'café'],
    ['a\\X0D0A\\b', 'a\r\nb'],
    ['one\\.br\\two', 'one\ntwo'],
    ['one\\.sp 2\\two', 'one\n\ntwo'],
    ['one\\.sp\\two', 'one\ntwo'],
    ['one\\.sk 3\\two', 'one   two'],
    ['\\.in+4\\one\\.ti-2\\\\.fi\\\\.nf\\', 'one'],
    ['one\\.ce\\two', 'one\ntwo'],
    ['\\H\\five\\N\\', 'five'],
    ['\\C2842\\kept', '\\C2842\\kept'],
    ['\\M284256\\kept', '\\M284256\\kept'],
    ['\\Zlocal\\kept', '\\Zlocal\\kept'],
    ['C:\\new\\X', 'C:\\new\\X'],
    ['C:\\temp\\F\\x', 'C:\\temp|x'],
    ['a \\ b', 'a \\ b'],
    ['\\X4\\', '\\X4\\'],
    ['\\\\', '\\\\'],
    ['\\P\\', '\\P\\'],
  ])('%j is %j', (raw, text) => {
    expect(plain(raw)).toBe(text)
  })

  test('hexadecimal bytes are in the character set of the message', () => {
    expect(plain('\\XE9\\', 'ISO-8859-1')).toBe('é')
    expect(plain('\\XC3A9\\', 'ISO-8859-1')).toBe('é')
  })

  test('layout cannot blow up', () => {
    expect(plain('\\.sp 999999999\\').length).toBeLessThanOrEqual(256)
  })

  test('the truncation character is known where MSH-2 has it', () => {
    expect(unescape('a\\P\\b', { ...d, truncation: '#' }, 'UTF-8')).toBe('a#b')
  })

  test('nothing is decoded twice', () => {
    expect(plain('\\E\\F\\E\\')).toBe('\\F\\')
  })

  test('each sequence tells its kind', () => {
    const kinds: EscapeKind[] = []
    unescape('\\F\\ \\C2842\\ \\Zx\\ \\?', d, 'UTF-8', (kind) => kinds.push(kind))
    expect(kinds).toEqual(['known', 'switch', 'local', 'unknown'])
  })
})

describe('encoding', () => {
  test('delimiters, control characters and the null sign are escaped', () => {
    expect(escape('A|B^C~D\\E&F', d)).toBe('A\\F\\B\\S\\C\\R\\D\\E\\E\\T\\F')
    expect(escape('a\r\nb', d)).toBe('a\\X0D\\\\X0A\\b')
    expect(escape('""', d)).toBe('\\X2222\\')
  })

  test('line breaks in formatted text become \\.br\\', () => {
    expect(escape('a\r\nb\nc', d, 'UTF-8', 'br')).toBe('a\\.br\\b\\.br\\c')
  })

  test('characters that the set lacks are written as bytes', () => {
    expect(escape('Łé', d, 'ISO-8859-1')).toBe('\\XC581\\é')
    expect(escape('é', d, 'ASCII')).toBe('\\XC3A9\\')
  })

  test('without an escape character a delimiter becomes a blank', () => {
    expect(escape('a|b', { ...d, escape: '' })).toBe('a b')
  })

  test('every text comes back in every set and with any delimiters', () => {
    fc.assert(
      fc.property(
        leafText,
        delimiters,
        fc.constantFrom('UTF-8', 'ASCII', 'windows-1252', 'ISO-8859-1'),
        (text, own, charset) => {
          const raw = escape(text, own, charset)
          expect(unescape(raw, own, charset)).toBe(text)
          expect(
            [own.field, own.component, own.repetition, own.subcomponent].some(
              (c) => raw.includes(c) && !/[\dA-FX]/.test(c),
            ),
          ).toBe(false)
        },
      ),
    )
  })
})
