import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Hl7v2Settings } from '../src/connectors/hl7v2/definition.ts'
import { valueOf } from '../src/model/document.ts'
import type { ExchangeEffect } from '../src/model/document.ts'
import { readAck, readAcks } from '../src/standards/hl7v2/read-ack.ts'
import { fixture } from '../src/standards/hl7v2/fixtures.arbitraries.ts'
import { openWorld } from './world.ts'
import type { Peer, World } from './world.ts'

type Settings = Partial<Record<keyof Hl7v2Settings, unknown>>

let made = 0
/** A registration of a patient of its own, in 2.5.1. */
function adt(
  changes: {
    controlId?: string
    msh?: Record<number, string>
    pid?: Record<number, string>
    more?: string
  } = {},
) {
  made += 1
  const { controlId = `GOOD${made}`, msh = {}, pid = {}, more = 'PV1|1|N' } = changes
  const header = [
    'ADT1',
    'GENHOSP',
    'PS',
    'PS',
    '20260105080000-0600',
    '',
    'ADT^A04^ADT_A01',
    controlId,
    'P',
    '2.5.1',
  ]
  const person = ['1', '', `M${made}^^^GENHOSP^MR`, '', 'ROE^JANE', '', '19800515', 'F']
  for (const [n, text] of Object.entries(msh)) header[Number(n) - 3] = text
  for (const [n, text] of Object.entries(pid)) person[Number(n) - 1] = text
  const line = (list: readonly (string | undefined)[]): string =>
    Array.from(list, (one) => one ?? '').join('|')
  return `MSH|^~\\&|${line(header)}\rEVN||20260105080000-0600\rPID|${line(person)}\r${more}\r`
}

interface Answer {
  code: string
  controlId: string
  /** Place and condition of the first ERR. */
  err: [place: string, condition: string] | null
}

function answerOf(reply: string): Answer {
  const { code, controlId, problems } = readAck(Buffer.from(reply))
  const [first] = problems
  return { code, controlId, err: first ? [first.place, first.code] : null }
}

/** State, code and place of every exchange, in order of arrival. */
const outcomes = async (world: World): Promise<(string | null)[][]> =>
  (await world.exchanges()).map(({ state, error_code, error_place }) => [state, error_code, error_place])

async function warningsOf(world: World): Promise<string[]> {
  const { rows } = await world.store.database.query<{ exchange_id: string; sealed_effect: Buffer }>(
    'select exchange_id, sealed_effect from exchange_outcome where sealed_effect is not null order by exchange_id',
  )
  return rows.flatMap(({ exchange_id: id, sealed_effect: sealed }) => {
    const effect = JSON.parse(world.vault.openText(`exchange/effect/${id}`, sealed)) as ExchangeEffect
    return effect.warnings.map(({ code, place }) => `${code} ${place}`)
  })
}

interface Case {
  name: string
  bad: string | Uint8Array
  answer: Partial<Answer>
  outcome: (string | null)[]
  settings?: Settings
}

const refused = (code: 'AE' | 'AR', place: string, condition: string): Partial<Answer> => ({
  code,
  err: [place, condition],
})
const strict: Settings = { strict: true }
const onApply: Settings = { ackMode: 'on_apply' }
const taken: Partial<Answer> = { code: 'AA', err: null }
const orderLine = (status: string): string =>
  `OBR|1||L1^LAB|718-7^Hgb^LN|||20260105${'|'.repeat(18)}${status}`
const oru = (status: string): string => adt({ msh: { 9: 'ORU^R01^ORU_R01' }, more: orderLine(status) })
const doubled = fixture('delimiters-doubled', 'invalid')

const CASES: readonly Case[] = [
  // --- not read at all: AR, 100, nothing to refer to ---
  {
    name: 'prose',
    bad: 'hello world',
    answer: { ...refused('AR', 'MSH', '100'), controlId: '' },
    outcome: ['parked', 'HL7_UNREADABLE', 'MSH'],
  },
  {
    name: 'a message without MSH',
    bad: fixture('missing-msh', 'invalid'),
    answer: { ...refused('AR', 'MSH', '100'), controlId: '' },
    outcome: ['parked', 'HL7_UNREADABLE', 'MSH'],
  },
  {
    name: 'bytes of no kind',
    bad: Buffer.from('\0\xff\xfe|^~PID||\r\n{"a":1}', 'latin1'),
    answer: refused('AR', 'MSH', '100'),
    outcome: ['parked', 'HL7_UNREADABLE', 'MSH'],
  },
  // --- the header ---
  {
    name: 'delimiters that repeat',
    bad: doubled,
    answer: refused('AE', 'MSH-2', '102'),
    outcome: ['parked', 'HL7_DELIMITERS_INVALID', 'MSH-2'],
  },
  {
    name: 'no control id',
    bad: adt({ msh: { 10: '' } }),
    answer: { ...refused('AE', 'MSH-10', '101'), controlId: '' },
    outcome: ['parked', 'HL7_REQUIRED_FIELD_EMPTY', 'MSH-10'],
  },
  {
    name: 'no message type',
    bad: adt({ controlId: 'NOTYPE', msh: { 9: '' } }),
    answer: { ...refused('AE', 'MSH-9', '101'), controlId: 'NOTYPE' },
    outcome: ['parked', 'HL7_REQUIRED_FIELD_EMPTY', 'MSH-9'],
  },
  {
    name: 'an unknown version',
    bad: adt({ controlId: 'V30', msh: { 12: '3.0' } }),
    answer: { ...refused('AR', 'MSH-12', '203'), controlId: 'V30' },
    outcome: ['parked', 'HL7_VERSION_UNSUPPORTED', 'MSH-12'],
  },
  {
    name: 'a processing id of another mode',
    bad: adt({ msh: { 11: 'T' } }),
    settings: { processingId: 'P' },
    answer: refused('AR', 'MSH-11', '202'),
    outcome: ['parked', 'HL7_PROCESSING_ID_REFUSED', 'MSH-11'],
  },
  // --- events ---
  {
    name: 'an event nobody takes',
    bad: adt({ msh: { 9: 'ADT^A99' } }),
    answer: taken,
    outcome: ['ignored', 'HL7_EVENT_NOT_SUPPORTED', 'MSH-9'],
  },
  {
    name: 'an unknown event where types are strict',
    bad: adt({ msh: { 9: 'ADT^A99' } }),
    settings: { strictTypes: true },
    answer: refused('AR', 'MSH-9', '201'),
    outcome: ['ignored', 'HL7_EVENT_NOT_SUPPORTED', 'MSH-9'],
  },
  {
    name: 'an unknown type where types are strict',
    bad: adt({ msh: { 9: 'XYZ^X01' } }),
    settings: { strictTypes: true },
    answer: refused('AR', 'MSH-9', '200'),
    outcome: ['ignored', 'HL7_EVENT_NOT_SUPPORTED', 'MSH-9'],
  },
  {
    name: 'an event that the filter leaves out',
    bad: adt({ msh: { 9: 'SIU^S12' } }),
    settings: { filter: { events: ['ADT^*'] } },
    answer: taken,
    outcome: ['ignored', 'HL7_EVENT_NOT_SUPPORTED', 'MSH-9'],
  },
  // --- content found later: the stored message is acknowledged, and parks ---
  {
    name: 'a patient without an identifier',
    bad: adt({ pid: { 3: '' } }),
    answer: taken,
    outcome: ['parked', 'HL7_REQUIRED_FIELD_EMPTY', 'PID-3'],
  },
  {
    name: 'no PID',
    bad: adt().replace(/PID[^\r]*\r/, ''),
    answer: taken,
    outcome: ['parked', 'HL7_REQUIRED_SEGMENT_MISSING', 'PID'],
  },
  {
    name: 'two patients in one message',
    bad: adt({ more: 'PID|2||OTHER^^^GENHOSP^MR||DOE^ANN\rPV1|1|N' }),
    answer: taken,
    outcome: ['parked', 'HL7_SEVERAL_PATIENTS', 'PID[2]'],
  },
  {
    name: 'a report status that is none',
    bad: oru('Y'),
    answer: taken,
    outcome: ['parked', 'CODE_NOT_IN_SET', 'OBR-25'],
  },
  {
    name: 'segments without end',
    bad: adt({ more: 'ZZZ\r'.repeat(250_000) }),
    answer: taken,
    outcome: ['parked', 'HL7_TOO_MANY_SEGMENTS', null],
  },
  // --- the same at the door of a strict connection ---
  {
    name: 'a patient without an identifier on a strict connection',
    bad: adt({ pid: { 3: '' } }),
    settings: strict,
    answer: refused('AE', 'PID-3', '101'),
    outcome: ['parked', 'HL7_REQUIRED_FIELD_EMPTY', 'PID-3'],
  },
  {
    name: 'a missing segment on a strict connection',
    bad: adt().replace('\rPV1|1|N', ''),
    settings: strict,
    answer: refused('AE', 'PV1', '100'),
    outcome: ['parked', 'HL7_REQUIRED_SEGMENT_MISSING', 'PV1'],
  },
  {
    name: 'an impossible date on a strict connection',
    bad: adt({ pid: { 7: '20229999' } }),
    settings: strict,
    answer: refused('AE', 'PID-7', '102'),
    outcome: ['parked', 'HL7_DATA_TYPE', 'PID-7'],
  },
  {
    name: 'segments without end on a strict connection',
    bad: adt({ more: 'ZZZ\r'.repeat(250_000) }),
    settings: strict,
    answer: refused('AE', 'MSH', '198'),
    outcome: ['parked', 'HL7_TOO_MANY_SEGMENTS', 'MSH'],
  },
  // --- and where the reply waits for the change ---
  {
    name: 'a patient without an identifier, answered on apply',
    bad: adt({ pid: { 3: '' } }),
    settings: onApply,
    answer: refused('AE', 'PID-3', '101'),
    outcome: ['parked', 'HL7_REQUIRED_FIELD_EMPTY', 'PID-3'],
  },
  {
    name: 'no PID, answered on apply',
    bad: adt().replace(/PID[^\r]*\r/, ''),
    settings: onApply,
    answer: refused('AE', 'PID', '100'),
    outcome: ['parked', 'HL7_REQUIRED_SEGMENT_MISSING', 'PID'],
  },
  {
    name: 'a report status that is none, answered on apply',
    bad: oru('Y'),
    settings: onApply,
    answer: refused('AE', 'OBR-25', '103'),
    outcome: ['parked', 'CODE_NOT_IN_SET', 'OBR-25'],
  },
  {
    name: 'an event nobody takes, answered on apply',
    bad: adt({ msh: { 9: 'ADT^A99' } }),
    settings: onApply,
    answer: taken,
    outcome: ['ignored', 'HL7_EVENT_NOT_SUPPORTED', 'MSH-9'],
  },
]

describe('is answered as the standard says, kept with its place, and does not stop the link', () => {
  test.each(CASES)('$name', async ({ bad, answer, outcome, settings }) => {
    await using world = await openWorld(settings)
    const peer = await world.connect()
    expect(answerOf(await peer.ask(bad))).toMatchObject(answer)
    expect(answerOf(await peer.ask(adt()))).toMatchObject(taken)
    peer.socket.destroy()
    await world.settled()
    expect(await outcomes(world)).toEqual([outcome, ['applied', null, null]])
  })
})

describe('a value that does not fit is left out with a warning, and the rest applies', () => {
  test.each([
    ['an impossible date of birth', { 7: '20229999' }, 'HL7_DATA_TYPE PID-7', 'date_of_birth'],
    ['a birth date in words', { 7: 'Aug 15, 1942' }, 'HL7_DATA_TYPE PID-7', 'date_of_birth'],
    ['an unknown sex', { 8: 'Q' }, 'CODE_NOT_IN_SET PID-8', 'gender'],
  ])('%s', async (_name, pid, warning, field) => {
    await using world = await openWorld()
    const [reply = ''] = await world.send(adt({ pid }))
    await world.settled()
    expect(answerOf(reply)).toMatchObject(taken)
    expect(await warningsOf(world)).toContain(warning)
    const [patient] = await world.records('patient')
    expect(patient && valueOf(patient.document, field)).toBeNull()
    expect(patient && valueOf(patient.document, 'last_name')).toBe('ROE')
  })

  test.each(['charset-wrong', 'charset-unknown'])('%s', async (name) => {
    await using world = await openWorld()
    const [reply = ''] = await world.send(fixture(name, 'invalid'), adt())
    await world.settled()
    expect(answerOf(reply)).toMatchObject(taken)
    expect((await outcomes(world)).map(([state]) => state)).toEqual(['applied', 'applied'])
  })

  test('Z segments, known to nobody', async () => {
    await using world = await openWorld({ strict: true })
    const [reply = ''] = await world.send(adt({ more: 'PV1|1|N\rZPI|1|local^value|2\rZZZ' }))
    await world.settled()
    expect(answerOf(reply)).toMatchObject(taken)
    expect(await outcomes(world)).toEqual([['applied', null, null]])
  })
})

describe('identity of a message', () => {
  test('a control id used again for other content is a new message, and the reuse is noted', async () => {
    await using world = await openWorld()
    const first = adt({ controlId: 'SAME' })
    const replies = await world.send(first, adt({ controlId: 'SAME' }), first)
    await world.settled()
    expect(replies.map((reply) => answerOf(reply).code)).toEqual(['AA', 'AA', 'AA'])
    expect((await outcomes(world)).map(([state]) => state)).toEqual(['applied', 'applied', 'duplicate'])
    expect(await world.records('patient')).toHaveLength(2)
    const { rows } = await world.store.database.query('select event from exchange_event')
    expect(rows).toEqual([{ event: 'control-id-reused' }])
  })

  test('an acknowledgement is never acknowledged', async () => {
    await using world = await openWorld()
    const peer = await world.connect()
    peer.write('MSH|^~\\&|A|B|PS|PS|20260105||ACK^A04^ACK|K1|P|2.5.1\rMSA|AA|OURS\r')
    expect(answerOf(await peer.ask(adt({ controlId: 'NEXT' })))).toMatchObject({
      code: 'AA',
      controlId: 'NEXT',
    })
    peer.socket.destroy()
    await world.settled()
    expect((await outcomes(world)).map(([state]) => state)).toEqual(['ignored', 'applied'])
  })
})

describe('a batch', () => {
  test('with a broken member is answered by one frame, member by member, and the others apply', async () => {
    await using world = await openWorld()
    const broken = adt({ controlId: 'BROKEN' }).replace('|^~\\&|', '|^^^^|')
    const old = adt({ controlId: 'OLD', msh: { 12: '9' } })
    const members = [adt({ controlId: 'ONE' }), broken, adt({ controlId: 'TWO' }), old]
    const batch = `BHS|^~\\&|A|B|PS|PS|20260105||||B1\r${members.join('')}BTS|4\r`
    const [reply = '', next = ''] = await world.send(batch, adt({ controlId: 'NEXT' }))
    await world.settled()
    const acks = readAcks(Buffer.from(reply)).map(({ code, controlId }) => `${code} ${controlId}`)
    expect(acks.sort()).toEqual(['AA ONE', 'AA TWO', 'AE BROKEN', 'AR OLD'])
    expect(reply).toMatch(/^BHS\|/)
    expect(answerOf(next)).toMatchObject({ code: 'AA', controlId: 'NEXT' })
    const states = (await outcomes(world)).map(([state]) => state).sort()
    expect(states).toEqual(['applied', 'applied', 'applied', 'parked', 'parked'])
  })

  test('can be answered by its worst code alone', async () => {
    await using world = await openWorld({ batchReply: 'worst' })
    const [reply = ''] = await world.send(
      `${adt({ controlId: 'ONE' })}${adt({ controlId: 'OLD', msh: { 12: '9' } })}`,
    )
    expect(answerOf(reply)).toMatchObject({ code: 'AR', controlId: 'OLD' })
  })
})

describe('enhanced mode', () => {
  const good = 'ASKED'
  const enhanced = (accept: string, application: string, pid = {}): string =>
    adt({ controlId: good, msh: { 15: accept, 16: application }, pid })
  const noId = { 3: '' }

  // Accept condition, application condition, fault in the content, replies in order.
  // prettier-ignore
  const TABLE: readonly [string, string, object, string[]][] = [
    ['AL', 'NE', {},   ['CA']],
    ['AL', '',   {},   ['CA']],
    ['AL', 'AL', {},   ['CA', 'AA']],
    ['NE', 'AL', {},   ['AA']],
    ['',   'AL', {},   ['AA']],
    ['SU', 'SU', {},   ['CA', 'AA']],
    ['AL', 'ER', {},   ['CA']],
    ['ER', 'AL', {},   ['AA']],
    ['NE', 'NE', {},   []],
    ['ER', 'ER', {},   []],
    ['AL', 'AL', noId, ['CA', 'AE']],
    ['AL', 'ER', noId, ['CA', 'AE']],
    ['AL', 'SU', noId, ['CA']],
    ['AL', 'NE', noId, ['CA']],
  ]
  test.each(TABLE)('MSH-15 %s, MSH-16 %s, content %j: %j', async (accept, application, pid, codes) => {
    await using world = await openWorld()
    const peer = await world.connect()
    peer.write(enhanced(accept, application, pid))
    await world.settled()
    // The application acknowledgement leaves after the job has ended.
    await sleep(100)
    peer.write(adt({ controlId: 'LAST' }))
    const replies = await repliesUntil(peer, 'LAST')
    expect(replies.map(({ code }) => code)).toEqual(codes)
    expect(replies.every(({ controlId }) => controlId === good)).toBe(true)
    peer.socket.destroy()
  })

  test.each([
    ['no control id', adt({ msh: { 10: '', 15: 'AL', 16: 'AL' } }), 'CE'],
    ['an unknown version', adt({ msh: { 12: '3.0', 15: 'AL', 16: 'AL' } }), 'CR'],
    ['another processing id', adt({ msh: { 11: 'D', 15: 'ER', 16: 'NE' } }), 'CR'],
  ])('%s is refused at commit, and nothing more comes', async (_name, bad, code) => {
    await using world = await openWorld({ processingId: 'P' })
    const peer = await world.connect()
    expect(answerOf(await peer.ask(bad)).code).toBe(code)
    expect(answerOf(await peer.ask(adt({ controlId: 'LAST' })))).toMatchObject({
      code: 'AA',
      controlId: 'LAST',
    })
    peer.socket.destroy()
  })

  async function repliesUntil(peer: Peer, last: string): Promise<Answer[]> {
    const replies: Answer[] = []
    for (;;) {
      const reply = answerOf(await peer.next())
      if (reply.controlId === last) return replies
      replies.push(reply)
    }
  }
})

describe('broken framing', () => {
  const VT = '\x0b'
  const END = '\x1c\r'

  test('noise, keep-alives and cut frames between messages cost nothing but themselves', async () => {
    await using world = await openWorld()
    const peer = await world.connect()
    const cut = adt({ controlId: 'CUT' }).slice(0, 100)
    peer.socket.write(`noise\r\n\0\0${VT}${END}${VT}${cut}${VT}${adt({ controlId: 'ONE' })}${END}more noise`)
    expect(answerOf(await peer.next())).toMatchObject({ code: 'AA', controlId: 'ONE' })
    // FS without CR ends the frame after a moment of grace.
    peer.socket.write(`${VT}${adt({ controlId: 'TWO' })}\x1c`)
    expect(answerOf(await peer.next())).toMatchObject({ code: 'AA', controlId: 'TWO' })
    peer.socket.end(`${VT}${cut}`)
    await new Promise((closed) => peer.socket.once('close', closed))
    await world.settled()
    expect(await outcomes(world)).toEqual([
      ['parked', 'MLLP_FRAME_TRUNCATED', 'MSH'],
      ['applied', null, null],
      ['applied', null, null],
      ['parked', 'MLLP_FRAME_TRUNCATED', 'MSH'],
    ])
  })

  test('a message larger than the limit is refused by name and its front kept', async () => {
    await using world = await openWorld({ frameBytes: 100_000 })
    const peer = await world.connect()
    const closed = new Promise((resolve) => peer.socket.once('close', resolve))
    const large = adt({ controlId: 'LARGE', more: `OBX|1|TX|A||${'x'.repeat(200_000)}` })
    expect(answerOf(await peer.ask(large))).toMatchObject({
      code: 'AR',
      controlId: 'LARGE',
      err: ['MSH', '207'],
    })
    await closed
    await world.send(adt())
    await world.settled()
    expect((await outcomes(world)).map(([state, code]) => [state, code])).toEqual([
      ['parked', 'MLLP_FRAME_TOO_LARGE'],
      ['applied', null],
    ])
  })

  test('50 MB in one field are taken within bounded memory', async () => {
    await using world = await openWorld()
    const before = process.memoryUsage().rss
    const pdf = 'QUJD'.repeat(12_500_000)
    const more = `${orderLine('F')}\rOBX|1|ED|11502-2^Report^LN||^application^pdf^Base64^${pdf}||||||F`
    const large = adt({ controlId: 'LARGE', msh: { 9: 'ORU^R01^ORU_R01' }, more })
    const replies = await world.send(Buffer.from(large, 'latin1'), adt())
    expect(replies.map((reply) => answerOf(reply).code)).toEqual(['AA', 'AA'])
    await world.settled()
    expect((await outcomes(world)).map(([state]) => state)).toEqual(['applied', 'applied'])
    // The message stands here some dozen times over: sender and receiver share this process, and strings are wide.
    expect(process.memoryUsage().rss - before).toBeLessThan(1500 * 1024 * 1024)
  }, 60_000)
})
