import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildMessage } from './build.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { fixture, fixtureNames } from './fixtures.arbitraries.ts'
import { delimiters, message } from './message.arbitraries.ts'
import type { Hl7Message } from './message.ts'
import { allFixtures } from './fixtures.arbitraries.ts'
import { mutate } from './mutate.arbitraries.ts'

function read(bytes: Uint8Array | string, options = {}): Hl7Message {
  const decoded = decode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, options)
  if (decoded.kind !== 'message') throw new Error(`not a message but ${decoded.kind}`)
  return decoded.message
}

const MSH = 'MSH|^~\\&|A|B|C|D|20220315||ADT^A04|1|P|2.3'
const codes = (m: Hl7Message): string[] => m.warnings.map((w) => w.code)

describe('the guide sample', () => {
  const guide = read(fixture('guide-adt-a04'))

  test('reads by the positions of the standard', () => {
    expect(guide.segments.map((s) => s.name)).toEqual(['MSH', 'EVN', 'PID', 'NK1', 'PV1', 'IN1'])
    expect(guide.get('PID-3.1')).toBe('12345')
    expect(guide.get('PID-3.4')).toBe('CERNER')
    expect(guide.get('PID-3.5')).toBe('MRN')
    expect(guide.get('PID-5.1')).toBe('DOE')
    expect(guide.get('PID-5.2')).toBe('JOHN')
    expect(guide.get('PID-5.3')).toBe('')
    expect(guide.get('PID-11.9')).toBe('SANGAMON')
    expect(guide.get('PID-12')).toBe('SANGAMON')
    expect(guide.get('PID-18.1')).toBe('100000')
    expect(guide.get('PV1-7')).toBe('')
    expect(guide.get('PV1-8.8')).toBe('CERNER')
    expect(guide.get('PV1-8.12')).toBe('PROVID')
    expect(guide.get('PV1-19.5')).toBe('FIN NBR')
    expect(guide.get('NK1-7')).toBe('EC')
  })

  test('has its insurance fields where it sent them, shifted', () => {
    expect(guide.get('IN1-8')).toBe('(555)555-9876')
    expect(guide.get('IN1-9')).toBe('100')
    expect(guide.get('IN1-10')).toBe('FAMILY PLAN')
    expect([14, 15, 16, 18, 19, 20, 35].map((n) => guide.get(`IN1-${n}`))).toEqual([
      'JOHN DOE',
      'SELF',
      '19800515',
      'Y',
      'CO',
      'BC123456789',
      'BC987654321',
    ])
    expect(guide.get('IN1-36')).toBe('')
  })

  test('has the structure that follows from its event', () => {
    expect(guide.header).toMatchObject({
      type: 'ADT',
      event: 'A04',
      structure: 'ADT_A01',
      controlId: '12345',
      version: '2.3',
    })
    expect(guide.warnings).toEqual([])
  })
})

describe('fixtures', () => {
  test.each(fixtureNames('valid'))('%s is read', (name) => {
    expect(decode(fixture(name)).kind).toBe(name.startsWith('batch') ? 'batch' : 'message')
  })

  test.each([
    ['missing-msh', 'HL7_UNREADABLE', 100],
    ['prose', 'HL7_UNREADABLE', 100],
    ['msh-prose', 'HL7_UNREADABLE', 100],
    ['garbage', 'HL7_UNREADABLE', 100],
    ['nul-bytes', 'HL7_UNREADABLE', 100],
    ['delimiters-doubled', 'HL7_DELIMITERS_INVALID', 102],
    ['delimiters-letters', 'HL7_DELIMITERS_INVALID', 102],
    ['delimiters-space', 'HL7_DELIMITERS_INVALID', 102],
  ])('%s is refused with %s', (name, code, condition) => {
    expect(decode(fixture(name, 'invalid'))).toMatchObject({
      kind: 'unreadable',
      problem: { code, condition },
    })
  })
})

describe('segment ends', () => {
  test.each([
    ['ends-lf', '\n'],
    ['ends-crlf', '\r\n'],
    ['guide-adt-a04', '\r'],
  ])('%s is cut at its own ends', (name, end) => {
    const m = read(fixture(name))
    expect(m.segmentEnd).toBe(end)
    expect(m.segments.map((s) => s.name).slice(0, 3)).toEqual(['MSH', 'EVN', 'PID'])
    expect(m.segments.every((s) => !/[\r\n]/.test(s.raw))).toBe(true)
  })

  test('a CR inside a field joins the lines with a break and a warning', () => {
    const m = read(fixture('ends-cr-in-field'))
    expect(m.segment('OBX')?.text(5)).toBe('first line\nsecond line\n\nthird line')
    expect(m.get('OBX-11')).toBe('F')
    expect(codes(m)).toEqual(['HL7_SEGMENT_BROKEN'])
    expect(m.warnings[0]?.place).toEqual({ segment: 'OBX', occurrence: 1 })
  })

  test('a lone LF is data where CR ends segments', () => {
    expect(read(fixture('ends-cr-in-field')).segment('NTE')?.text(3)).toBe('a lone LF\nis data')
    expect(read(`${MSH}\rNTE|1||x\nMSH|y\rPV1|1`).segments.map((s) => s.name)).toEqual(['MSH', 'NTE', 'PV1'])
  })

  test('a line that continues a field may go on with further fields', () => {
    const m = read(`${MSH}\rNTE|1||one\rtwo|L\rPV1|1`)
    expect(m.segment('NTE')?.text(3)).toBe('one\ntwo')
    expect(m.get('NTE-4')).toBe('L')
  })

  test('blank lines are skipped and the last end may lack', () => {
    expect(read(`${MSH}\r\r \r\rPV1|1`).segments.map((s) => s.raw)).toEqual([MSH, 'PV1|1'])
    expect(read(fixture('no-last-end')).get('PV1-2')).toBe('O')
  })

  test('names in lower case are taken with a warning', () => {
    const m = read(fixture('names-lowercase'))
    expect(m.get('PID-5.1')).toBe('ROE')
    expect(codes(m)).toEqual(['HL7_SEGMENT_NAME_LOWERCASE', 'HL7_SEGMENT_NAME_LOWERCASE'])
  })
})

describe('delimiters', () => {
  test('are those of the message', () => {
    const m = read(fixture('delimiters-custom'))
    expect(m.get('PID-3.4.2')).toBe('2.16.840.1.113883.3.13.6')
    expect(m.get('PID-3[2].1')).toBe('9')
    expect(m.get('PID-5.1')).toBe('O%NEIL')
    expect(m.get('PID-5.2')).toBe('PAT')
    expect(m.get('PID-11.1')).toBe('1 A$B ST @ C!D')
  })

  test('that MSH-2 leaves out do not exist', () => {
    const m = read(fixture('delimiters-short'))
    expect(m.delimiters).toMatchObject({ escape: '', subcomponent: '' })
    expect(m.get('PID-5.1')).toBe('SMITH & SONS')
    expect(m.get('PID-5.2')).toBe('C:\\F\\X')
  })

  test('may have a truncation character from 2.7 on', () => {
    const m = read(fixture('adt-a04-28'))
    expect(m.delimiters.truncation).toBe('#')
    expect(m.get('PID-11.1')).toBe('ul. Długa 5 # 6')
    expect(m.get('MSH-2')).toBe('^~\\&#')
    expect(m.header).toMatchObject({
      version: '2.8',
      processingId: 'P',
      acceptAck: 'AL',
      applicationAck: 'NE',
    })
  })
})

describe('local segments', () => {
  test('are kept in order', () => {
    const m = read(fixture('segments-z'))
    expect(m.segments.map((s) => s.name)).toEqual(['MSH', 'EVN', 'ZEV', 'PID', 'PV1', 'ZPI', 'ZZ9'])
    expect(m.get('ZPI-2[2]')).toBe('VISION')
    expect(Buffer.from(encode(m)).equals(fixture('segments-z'))).toBe(true)
  })
})

describe('any bytes', () => {
  test('decode and encode do not throw, and encoding settles at once', () => {
    const fixtures = allFixtures()
    fc.assert(
      fc.property(fc.nat({ max: fixtures.length - 1 }), fc.integer(), (which, seed) => {
        const decoded = decode(mutate(fixtures[which] ?? Buffer.alloc(0), seed))
        if (decoded.kind !== 'message') return
        void decoded.message.warnings
        const once = encode(decoded.message)
        expect(Buffer.from(encode(read(once))).equals(once)).toBe(true)
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decode(bytes)))
  })

  test('what was built comes back byte for byte', () => {
    fc.assert(
      fc.property(
        message,
        delimiters,
        fc.constantFrom<'\r' | '\n' | '\r\n'>('\r', '\n', '\r\n'),
        (segments, d, segmentEnd) => {
          const bytes = buildMessage(segments, { delimiters: d, segmentEnd })
          const m = read(bytes)
          expect(m.segments.map((s) => s.name)).toEqual(segments.map((s) => s.name))
          expect(Buffer.from(encode(m)).toString()).toBe(Buffer.from(bytes).toString())
        },
      ),
    )
  })
})

describe('size', () => {
  const head = `${MSH}\rPID|1||1^^^X^MR\rOBX|1|ED|1^T||A^AP^PDF^Base64^`

  test('20 MB in OBX-5 are read without copies of them', () => {
    const bytes = Buffer.concat([
      Buffer.from(head),
      Buffer.alloc(20_000_000, 'QUJD'),
      Buffer.from('||||||F\r'),
    ])
    const before = process.memoryUsage().heapUsed
    const m = read(bytes)
    expect(m.get('OBX-11')).toBe('F')
    expect(m.get('OBX-5.5')).toHaveLength(20_000_000)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000)
  })

  test.each(['AAA\r', 'a|\r', 'MSH|^~\\&\r', 'x\nMSH|', '|', '^', '~', '&', '\\', '\\X41\\', '\r', 'x'])(
    'endless %j does not hang',
    (part) => {
      const bytes = Buffer.concat([Buffer.from(`${MSH}\rPID|1||`), Buffer.alloc(16_000_000, part)])
      const start = performance.now()
      const decoded = decode(bytes)
      if (decoded.kind === 'message') {
        void decoded.message.warnings
        void decoded.message.get('PID-30')
        expect(decoded.message.segment('PID')?.fieldCount).toBeGreaterThan(0)
      }
      expect(performance.now() - start).toBeLessThan(10_000)
    },
  )
})
