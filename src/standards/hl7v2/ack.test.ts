import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildAck, isAck, readAck } from './ack.ts'
import { buildBatchAck } from './batch.ts'
import { decode } from './decode.ts'
import { allFixtures, fixture } from './fixtures.arbitraries.ts'
import { mutate } from './mutate.arbitraries.ts'
import { problem } from './problem.ts'
import { readAcks } from './read-ack.ts'

const at = '2022-03-15T19:27:00Z'
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const notADate = problem('HL7_DATA_TYPE', { segment: 'PID', field: 7 }, 102, 'E', { expected: 'a date' })

describe('a positive acknowledgement', () => {
  test('of the guide sample', () => {
    expect(text(buildAck(fixture('guide-adt-a04'), { code: 'AA', controlId: 'A1', at }))).toBe(
      'MSH|^~\\&|PRACTICESTUDIO|PSSERVER|CERNER|CERNERHOST|20220315192700+0000||ACK^A04|A1|P|2.3\rMSA|AA|12345\r',
    )
  })

  test('from 2.3.1 on names the structure, and repeats whole HD fields', () => {
    const inbound = Buffer.from(
      'MSH|^~\\&|A^1.2^ISO|B|C^3.4^ISO|D|20220315||ADT^A08^ADT_A01|X|T|2.5.1||||||UNICODE UTF-8\r',
    )
    expect(text(buildAck(inbound, { code: 'CA', controlId: 'A2', at }))).toBe(
      'MSH|^~\\&|C^3.4^ISO|D|A^1.2^ISO|B|20220315192700+0000||ACK^A08^ACK|A2|T|2.5.1||||||UNICODE UTF-8\rMSA|CA|X\r',
    )
  })

  test('has the delimiters and line ends of the message', () => {
    expect(text(buildAck(fixture('delimiters-custom'), { code: 'AA', controlId: 'A3', at }))).toMatch(
      /^MSH\$%\*@!\$PRACTICESTUDIO\$.*\$ACK%A04%ACK\$A3\$P\$2\.5\.1\rMSA\$AA\$DEL1\r$/,
    )
    expect(text(buildAck(fixture('ends-crlf'), { code: 'AA', controlId: 'A4', at }))).toContain(
      '\r\nMSA|AA|CRLF1\r\n',
    )
    expect(text(buildAck(fixture('ends-lf'), { code: 'AA', controlId: 'A4', at }))).toContain(
      '\nMSA|AA|LF1\n',
    )
  })

  test('is in UTF-16 with a mark when the message was', () => {
    const ack = buildAck(fixture('utf16le-bom'), { code: 'AA', controlId: 'A5', at })
    expect([ack[0], ack[1]]).toEqual([0xff, 0xfe])
    expect(readAck(ack)).toMatchObject({ readable: true, code: 'AA', controlId: 'U2' })
  })

  test('keeps bytes beyond ASCII as they came', () => {
    const inbound = Buffer.from('MSH|^~\\&|M\xdcLLER|B|C|D|20220315||ADT^A08|X|P|2.3\r', 'latin1')
    expect(text(buildAck(inbound, { code: 'AA', controlId: 'A6', at }))).toContain('|C|D|M\xdcLLER|B|')
  })
})

describe('a negative acknowledgement', () => {
  const answer = { code: 'AE', controlId: 'A7', at, text: 'PID-7: not a date', problems: [notADate] } as const

  test('has the old ERR up to 2.4', () => {
    expect(
      text(buildAck(fixture('guide-adt-a04'), answer))
        .split('\r')
        .slice(1, 3),
    ).toEqual(['MSA|AE|12345|PID-7: not a date', 'ERR|PID^1^7^102&Data type error&HL70357'])
  })

  test('has the new ERR from 2.5 on', () => {
    const [, , err] = text(buildAck(fixture('adt-a08-251'), answer)).split('\r')
    expect(err).toMatch(
      /^ERR\|\|PID\^1\^7\^1\|102\^Data type error\^HL70357\|E\|HL7_DATA_TYPE\^\^L\|\|PID-7 is not a date\.\|/,
    )
  })

  test('tells at most ten problems, and none when positive', () => {
    const problems = Array.from({ length: 25 }, () => notADate)
    const lines = (code: 'AA' | 'AE'): string[] =>
      text(buildAck(fixture('adt-a08-251'), { ...answer, code, problems })).split('\r')
    expect(lines('AE').filter((line) => line.startsWith('ERR'))).toHaveLength(10)
    expect(lines('AA').filter((line) => line.startsWith('ERR'))).toHaveLength(0)
  })

  test('of what cannot be read has default delimiters and no id', () => {
    expect(text(buildAck(fixture('prose', 'invalid'), { code: 'AR', controlId: 'A8', at }))).toMatch(
      /^MSH\|\^~\\&\|{5}20220315192700\+0000\|\|ACK\^\^ACK\|A8\|P\|2\.5\.1\rMSA\|AR\|\r$/,
    )
  })

  test('of unusable delimiters still finds its sender', () => {
    const ack = buildAck(fixture('delimiters-doubled', 'invalid'), { code: 'AE', controlId: 'A9', at })
    expect(readAck(ack)).toMatchObject({ readable: true, code: 'AE', controlId: 'D1' })
    expect(text(ack)).toContain('|PRACTICESTUDIO|PSSERVER|CERNER|CERNERHOST|')
  })
})

describe('reading', () => {
  test('both forms of ERR give place, code and words', () => {
    const answer = { code: 'AE', controlId: 'A', at, problems: [notADate] } as const
    expect(readAck(buildAck(fixture('guide-adt-a04'), answer)).problems).toEqual([
      { place: 'PID-7', code: '102', says: 'Data type error' },
    ])
    expect(readAck(buildAck(fixture('adt-a08-251'), answer)).problems[0]).toMatchObject({
      place: 'PID-7',
      code: '102',
    })
    expect(readAck(fixture('ack-ae-251'))).toEqual({
      readable: true,
      code: 'AE',
      controlId: '12345',
      text: 'PID-7: not a date',
      problems: [{ place: 'PID-7', code: '102', says: 'PID-7 is not a date.' }],
    })
  })

  test('codes are compared without case and blanks', () => {
    expect(readAck(Buffer.from('MSH|^~\\&|||||||ACK|1|P|2.3\rMSA| aa |77')).code).toBe('AA')
  })

  test('without MSA it is not readable', () => {
    expect(readAck(fixture('guide-adt-a04')).readable).toBe(false)
    expect(readAck(Buffer.from('hello')).readable).toBe(false)
    expect(readAck(new Uint8Array())).toMatchObject({ readable: false, code: '' })
  })

  test('an acknowledgement is known as one', () => {
    expect(isAck(fixture('ack-aa-23'))).toBe(true)
    expect(isAck(fixture('guide-adt-a04'))).toBe(false)
  })
})

describe('a batch', () => {
  test('is answered by one frame that refers to its BHS-11', () => {
    const inbound = fixture('batch-fhs')
    const decoded = decode(inbound)
    const messages = decoded.kind === 'batch' ? decoded.batch.messages : []
    const replies = messages.map((m, i) =>
      buildAck(m.bytes, { code: i === 0 ? 'AA' : 'AE', controlId: `R${i}`, at }),
    )
    const ack = buildBatchAck(inbound, { replies, controlId: 'RB', at })
    expect(text(ack)).toMatch(
      /^BHS\$%~\\&\$PRACTICESTUDIO\$PSSERVER\$CERNER\$CERNERHOST\$20220315192700\+0000\$\$\$\$RB\$B1\rMSH\|/,
    )
    expect(text(ack)).toMatch(/\rBTS\$2\r$/)
    expect(readAcks(ack).map(({ code, controlId }) => `${code} ${controlId}`)).toEqual(['AA B1M1', 'AE B1M2'])
  })

  test('without a header is answered in the same way, with nothing to refer to', () => {
    const ack = buildBatchAck(fixture('batch-headless'), { replies: [], controlId: 'RB', at })
    expect(text(ack)).toBe(
      'BHS|^~\\&|PRACTICESTUDIO|PSSERVER|CERNER|CERNERHOST|20220315192700+0000||||RB\rBTS|0\r',
    )
  })
})

test.each(['utf16le', 'utf16be-bom', 'utf16le-bom'])(
  'a batch in %s is answered in it from end to end',
  (name) => {
    const wide = (text: string): Buffer => {
      const bytes = Buffer.from(name.endsWith('bom') ? `\ufeff${text}` : text, 'utf16le')
      return name.startsWith('utf16be') ? bytes.swap16() : bytes
    }
    for (const from of ['BHS', 'MSH']) {
      const batch = fixture('batch-fhs').toString('latin1')
      const inbound = wide(batch.slice(batch.indexOf(`\r${from}`) + 1))
      const decoded = decode(inbound)
      const members = decoded.kind === 'batch' ? decoded.batch.messages : []
      const replies = members.map(({ bytes }) => buildAck(bytes, { code: 'AR', controlId: 'A', at }))
      const acks = readAcks(buildBatchAck(inbound, { replies, controlId: 'RB', at }))
      expect(acks.map(({ code }) => code)).toEqual(['AR', 'AR'])
    }
  },
)

test('every inbound gets an acknowledgement that can be read', () => {
  const fixtures = allFixtures()
  fc.assert(
    fc.property(fc.nat({ max: fixtures.length - 1 }), fc.integer(), (which, seed) => {
      const inbound = mutate(fixtures[which] ?? Buffer.alloc(0), seed)
      expect(readAck(buildAck(inbound, { code: 'AR', controlId: 'A', at }))).toMatchObject({
        readable: true,
        code: 'AR',
      })
    }),
    { numRuns: 2000 },
  )
})
