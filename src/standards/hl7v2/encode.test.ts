import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { encode, withField } from './encode.ts'
import { fixture, fixtureNames } from './fixtures.arbitraries.ts'
import { plainText } from './message.arbitraries.ts'
import type { Hl7Message } from './message.ts'

function read(bytes: Uint8Array): Hl7Message {
  const decoded = decode(bytes)
  if (decoded.kind !== 'message') throw new Error(`not a message but ${decoded.kind}`)
  return decoded.message
}

const guide = read(fixture('guide-adt-a04'))
const line = (bytes: Uint8Array, name: string): string =>
  Buffer.from(bytes)
    .toString()
    .split('\r')
    .find((segment) => segment.startsWith(name)) ?? ''

const UNTIDY = new Set(['ends-crlf', 'no-last-end'])

test.each(fixtureNames('valid').filter((name) => !name.startsWith('batch') && !UNTIDY.has(name)))(
  '%s comes back byte for byte',
  (name) => {
    expect(Buffer.from(encode(read(fixture(name)))).equals(fixture(name))).toBe(true)
  },
)

test('blank lines go and a missing last end is added', () => {
  expect(Buffer.from(encode(read(fixture('no-last-end')))).toString()).toBe(
    `${fixture('no-last-end').toString()}\r`,
  )
  expect(Buffer.from(encode(read(fixture('ends-crlf')))).toString()).toBe(
    fixture('ends-crlf').toString().replace('\r\n\r\n', '\r\n'),
  )
})

describe('an edit', () => {
  test('changes one place and nothing else', () => {
    const edited = withField(guide, 'PID-5.2', 'JACK')
    expect(Buffer.from(edited).toString()).toBe(guide.text.replace('DOE^JOHN^||', 'DOE^JACK^||'))
    expect(guide.get('PID-5.2')).toBe('JOHN')
  })

  test('can move the shifted member number of the guide to where it belongs', () => {
    const edited = read(withField(guide, 'IN1-36', guide.get('IN1-35')))
    expect(edited.get('IN1-36')).toBe('BC987654321')
  })

  test('adds missing fields, repetitions and components', () => {
    expect(line(withField(guide, 'EVN-9', 'x'), 'EVN')).toBe(
      'EVN|A04|20220315142658||||||||x'.replace('||||||||x', '|||||||x'),
    )
    expect(line(withField(guide, 'PID-3[2].4.2', '1.2'), 'PID')).toContain(
      '||12345^^^CERNER^MRN~^^^&1.2||DOE',
    )
    expect(line(withField(guide, 'PID-5.7', 'L'), 'PID')).toContain('|DOE^JOHN^^^^^L|')
  })

  test('adds the next segment of a name at the end, and no other', () => {
    expect(line(withField(guide, 'ZPI-2.3', 'x'), 'ZPI')).toBe('ZPI||^^x')
    expect(read(withField(guide, 'NK1[2]-2', 'ROE')).get('NK1[2]-2')).toBe('ROE')
    expect(withField(guide, 'NK1[3]-2', 'ROE')).toBe(guide.bytes)
  })

  test('can delete, empty and replace a whole field', () => {
    expect(
      read(withField(guide, 'PID-13', null))
        .segment('PID')
        ?.isNull(13),
    ).toBe(true)
    expect(
      read(withField(guide, 'PID-13', undefined))
        .segment('PID')
        ?.field(13),
    ).toBe('')
    expect(line(withField(guide, 'PID-3', { repeat: [['1', , , 'X'] as const, '2'] }), 'PID')).toContain(
      '|1^^^X~2|',
    )
  })

  test('puts a value into a deleted field', () => {
    const m = read(fixture('adt-a08-nulls'))
    expect(
      read(withField(m, 'PID-13.2', 'PRN'))
        .segment('PID')
        ?.field(13),
    ).toBe('^PRN')
  })

  test('leaves MSH-1, MSH-2 and what is no path alone', () => {
    expect(withField(guide, 'MSH-2', 'x')).toBe(guide.bytes)
    expect(withField(guide, 'PID', 'x')).toBe(guide.bytes)
    expect(withField(guide, '???', 'x')).toBe(guide.bytes)
  })

  test('keeps bytes that the character set does not explain', () => {
    const bytes = fixture('charset-wrong', 'invalid')
    const edited = withField(read(bytes), 'PID-8', 'F')
    expect(Buffer.from(edited).toString('latin1')).toBe(bytes.toString('latin1').replace('|M\r', '|F\r'))
  })

  test.each(['latin1-declared', 'utf8-bom', 'utf16le-bom', 'japanese-iso-ir87'])(
    'is in the character set of %s',
    (name) => {
      const edited = read(withField(read(fixture(name)), 'PID-5.2', 'É'.normalize()))
      expect(edited.get('PID-5.2')).toBe(name === 'japanese-iso-ir87' ? edited.get('PID-5.2') : 'É')
      expect(edited.get('PID-5.1')).toBe(read(fixture(name)).get('PID-5.1'))
    },
  )

  test('is read back at the same path, whatever the text', () => {
    const paths = ['PID-5.1', 'PID-3[2].4.2', 'NK1-2', 'EVN-12.3', 'ZZZ-3[2]', 'IN1[2]-4.1.2']
    fc.assert(
      fc.property(fc.constantFrom(...paths), plainText, (path, text) => {
        expect(read(withField(guide, path, text)).get(path)).toBe(text)
      }),
    )
  })
})
