import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { charsetNamed, readBytes, writeText } from './charset.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { fixture } from './fixtures.arbitraries.ts'
import type { Hl7Message } from './message.ts'

function read(bytes: Uint8Array, options = {}): Hl7Message {
  const decoded = decode(bytes, options)
  if (decoded.kind !== 'message') throw new Error(`not a message but ${decoded.kind}`)
  return decoded.message
}

describe('bytes to text', () => {
  test.each([
    ['latin1-declared', 'ISO-8859-1', []],
    ['latin1-undeclared', 'windows-1252', ['HL7_CHARSET_GUESSED']],
    ['utf8-undeclared', 'UTF-8', []],
    ['utf8-bom', 'UTF-8', []],
    ['utf16le-bom', 'UTF-16LE', []],
    ['utf16be-bom', 'UTF-16BE', []],
  ])('%s is read as %s', (name, charset, warnings) => {
    const bytes = fixture(name)
    const m = read(bytes)
    expect(m.charset).toBe(charset)
    expect(m.get('PID-5.1')).toBe('MÜLLER')
    expect(m.get('PID-5.2')).toMatch(/^RENÉ/)
    expect(m.warnings.map((w) => w.code)).toEqual(warnings)
    expect(Buffer.from(encode(m)).equals(bytes)).toBe(true)
  })

  test('ISO 2022 escapes of Japanese are read and written', () => {
    const bytes = fixture('japanese-iso-ir87')
    const m = read(bytes)
    expect([m.get('PID-5.1'), m.get('PID-5.2')]).toEqual(['山田', '太郎'])
    expect(Buffer.from(encode(m)).equals(bytes)).toBe(true)
  })

  test('the connection decides when MSH-18 is empty', () => {
    expect(read(fixture('latin1-undeclared'), { charset: '8859/2' }).get('PID-5.1')).toBe('MÜLLER')
    expect(read(fixture('latin1-undeclared'), { charset: '8859/2' }).warnings).toEqual([])
  })

  test('an unknown name in MSH-18 is told and passed over', () => {
    const m = read(fixture('charset-unknown', 'invalid'))
    expect(m.get('PID-5.1')).toBe('MÜLLER')
    expect(m.warnings.map((w) => w.code)).toEqual(['HL7_CHARSET_UNKNOWN'])
  })

  test('bytes that do not fit the declared set are told and not lost', () => {
    const bytes = fixture('charset-wrong', 'invalid')
    const m = read(bytes)
    expect(m.get('PID-5.1')).toBe('M\ufffdLLER')
    expect(m.warnings.map((w) => w.code)).toEqual(['HL7_CHARSET_MISMATCH'])
    expect(Buffer.from(encode(m)).equals(bytes)).toBe(true)
  })

  test('declared ASCII with Latin-1 letters is told', () => {
    const text = fixture('latin1-declared').toString('latin1').replace('8859/1', 'ASCII')
    const m = read(Buffer.from(text, 'latin1'))
    expect(m.get('PID-5.1')).toBe('MÜLLER')
    expect(m.warnings.map((w) => w.code)).toEqual(['HL7_CHARSET_UNKNOWN'])
  })

  test('declared UTF-16 in single bytes is told', () => {
    const text = fixture('utf8-undeclared').toString().replace('|P|2.5.1', '|P|2.5.1||||||UNICODE UTF-16')
    const m = read(Buffer.from(text))
    expect(m.get('PID-5.1')).toBe('MÜLLER')
    expect(m.warnings.map((w) => w.code)).toEqual(['HL7_CHARSET_UNKNOWN'])
  })

  test('UTF-16 without a byte order mark is seen by its zero bytes', () => {
    expect(read(fixture('utf16le-bom').subarray(2)).get('PID-5.1')).toBe('MÜLLER')
    expect(read(fixture('utf16be-bom').subarray(2)).get('PID-5.1')).toBe('MÜLLER')
  })
})

describe('table 0211', () => {
  test.each([
    ['ASCII', 'ASCII'],
    ['8859/1', 'ISO-8859-1'],
    ['8859/15', 'ISO-8859-15'],
    ['UNICODE UTF-8', 'UTF-8'],
    ['UTF8', 'UTF-8'],
    ['UNICODE', 'UTF-8'],
    ['ISO IR87', 'ISO-2022-JP'],
    ['GB 18030-2000', 'GB18030'],
    ['KS X 1001', 'EUC-KR'],
    ['BIG-5', 'Big5'],
    ['KLINGON', null],
  ])('%s is %s', (name, charset) => {
    expect(charsetNamed(name)).toBe(charset)
  })
})

test('every byte of windows-1252 and Latin-1 comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('windows-1252', 'ISO-8859-1'), (bytes, charset) => {
      expect(writeText(readBytes(bytes, charset), charset).equals(Buffer.from(bytes))).toBe(true)
    }),
  )
})

test.each(['UTF-16LE', 'UTF-16BE', 'UTF-32LE', 'UTF-32BE', 'UTF-8', 'GB18030'])(
  'text in %s comes back',
  (charset) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(readBytes(writeText(text, charset), charset)).toBe(text)
      }),
    )
  },
)
