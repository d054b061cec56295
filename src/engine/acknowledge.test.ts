import { describe, expect, test } from 'vitest'
import { hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Hl7v2SettingsInput } from '../connectors/hl7v2/definition.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import { readEnvelope } from '../standards/hl7v2/envelope.ts'
import { codeIn, judge, judgeStrictly, planReplies, wanted } from './acknowledge.ts'

const header = (fields: Record<number, string>): string => {
  const msh = ['MSH', '^~\\&', 'ADT', 'HOSP', 'PS', 'PS', '20260105080000', '', 'ADT^A08', 'C1', 'P', '2.5.1']
  for (const [n, text] of Object.entries(fields)) msh[Number(n) - 1] = text
  return Array.from(msh, (one) => one ?? '').join('|')
}
const envelope = (fields: Record<number, string> = {}) =>
  readEnvelope(Buffer.from(`${header(fields)}\rPID|1||M1^^^HOSP^MR\r`))
const settings = (input: Hl7v2SettingsInput = {}) => hl7v2Settings.parse(input)

describe('what the door decides from the envelope (hl7-v2.md §7.1)', () => {
  test.each<[string, Record<number, string>, Hl7v2SettingsInput, unknown[]]>([
    ['a wanted message is received', {}, {}, ['received', 'AA', undefined]],
    ['MSH-10 missing is in error', { 10: '' }, {}, ['parked', 'AE', 101]],
    ['MSH-9 missing is in error', { 9: '' }, {}, ['parked', 'AE', 101]],
    ['a version nobody knows is refused', { 12: '9.9' }, {}, ['parked', 'AR', 203]],
    [
      'an empty version is the connection’s',
      { 12: '' },
      { defaultVersion: '2.3' },
      ['received', 'AA', undefined],
    ],
    ['another processing id is refused', { 11: 'T' }, { processingId: 'P' }, ['parked', 'AR', 202]],
    ['any processing id is taken by default', { 11: 'D' }, {}, ['received', 'AA', undefined]],
    ['an event outside the filter is ignored', {}, { filter: { events: ['SIU^*'] } }, ['ignored', 'AA', 201]],
    [
      'a star takes every event of its type',
      {},
      { filter: { events: ['ADT^*'] } },
      ['received', 'AA', undefined],
    ],
    [
      'a filter outside which strict types refuse',
      {},
      { filter: { events: ['ADT^A04'] }, strictTypes: true },
      ['ignored', 'AR', 201],
    ],
    ['an unknown event is taken and set aside later', { 9: 'ADT^A99' }, {}, ['received', 'AA', undefined]],
    [
      'an unknown event is refused by strict types',
      { 9: 'ADT^A99' },
      { strictTypes: true },
      ['ignored', 'AR', 201],
    ],
    [
      'an unknown type is refused by strict types',
      { 9: 'XYZ^X01' },
      { strictTypes: true },
      ['ignored', 'AR', 200],
    ],
  ])('%s', (_name, fields, input, [state, code, condition]) => {
    const verdict = judge(envelope(fields), settings(input))
    expect([verdict.state, verdict.code, verdict.problem?.condition]).toEqual([state, code, condition])
  })

  test('what has no MSH is refused without a place to refer to', () => {
    const verdict = judge(readEnvelope(Buffer.from('hello world')), settings())
    expect(verdict).toMatchObject({ state: 'parked', code: 'AR', problem: { condition: 100 } })
  })

  test('a strict connection looks at segments, and warnings do not refuse', () => {
    const strictly = (text: string) => {
      const decoded = decode(Buffer.from(text))
      return decoded.kind === 'message' ? judgeStrictly(decoded.message) : expect.fail('not a message')
    }
    const whole = `${header({})}\rEVN||20260105\rPID|1||M1^^^HOSP^MR||ROE^JANE\rPV1|1|N\r`
    expect(strictly(whole).state).toBe('received')
    expect(strictly(whole.replace('\rPV1|1|N', ''))).toMatchObject({
      state: 'parked',
      code: 'AE',
      problem: { condition: 100 },
    })
    expect(strictly(`${whole}ZZZ|1\r`).state).toBe('received')
  })
})

describe('which replies a message asks for (hl7-v2.md §7.3)', () => {
  const plan = (accept: string, application: string, positive: boolean, input: Hl7v2SettingsInput = {}) => {
    const { enhanced, atCommit, afterApply } = planReplies(
      envelope({ 15: accept, 16: application }),
      settings(input),
      positive,
    )
    return [enhanced ? 'enhanced' : 'original', atCommit && 'commit', afterApply && 'apply']
      .filter(Boolean)
      .join(' ')
  }

  test.each([
    // MSH-15, MSH-16, when taken, when turned away at the door
    ['', '', 'original commit', 'original commit'],
    ['AL', '', 'enhanced commit', 'enhanced commit'],
    ['AL', 'NE', 'enhanced commit', 'enhanced commit'],
    ['AL', 'AL', 'enhanced commit apply', 'enhanced commit'],
    ['AL', 'ER', 'enhanced commit apply', 'enhanced commit'],
    ['NE', 'NE', 'enhanced', 'enhanced'],
    ['NE', 'AL', 'enhanced apply', 'original commit'],
    ['', 'AL', 'enhanced apply', 'original commit'],
    ['NE', 'ER', 'enhanced apply', 'original commit'],
    ['NE', 'SU', 'enhanced apply', 'enhanced'],
    ['ER', 'NE', 'enhanced', 'enhanced commit'],
    ['SU', 'NE', 'enhanced commit', 'enhanced'],
    ['SU', 'ER', 'enhanced commit apply', 'original commit'],
  ])('%j with %j', (accept, application, taken, refused) => {
    expect(plan(accept, application, true)).toBe(taken)
    expect(plan(accept, application, false)).toBe(refused)
  })

  test('original mode answers after applying where the connection says so, and at once where it refuses', () => {
    expect(plan('', '', true, { ackMode: 'on_apply' })).toBe('original apply')
    expect(plan('', '', false, { ackMode: 'on_apply' })).toBe('original commit')
  })

  test('the codes of a connection override what the message asks for', () => {
    expect(plan('AL', 'NE', true, { ackCodes: 'application' })).toBe('original commit')
    expect(plan('', '', true, { ackCodes: 'commit' })).toBe('enhanced commit')
    expect(plan('', '', true, { ackCodes: 'commit', ackMode: 'on_apply' })).toBe('enhanced commit')
  })

  test('an acknowledgement is never acknowledged, whatever it asks for', () => {
    const ack = envelope({ 9: 'ACK^A08', 15: 'AL', 16: 'AL' })
    for (const positive of [true, false]) {
      expect(planReplies(ack, settings(), positive)).toEqual({
        enhanced: false,
        atCommit: false,
        afterApply: false,
      })
    }
  })

  test.each([
    ['AL', true, true],
    ['NE', false, false],
    ['', false, false],
    ['ER', false, true],
    ['SU', true, false],
  ])('table 0155: %j on success %s, on failure %s', (condition, onSuccess, onFailure) => {
    expect([wanted(condition, true), wanted(condition, false)]).toEqual([onSuccess, onFailure])
  })

  test('application codes have a commit code each', () => {
    expect((['AA', 'AE', 'AR'] as const).map((code) => codeIn(code, true))).toEqual(['CA', 'CE', 'CR'])
    expect(codeIn('AE', false)).toBe('AE')
  })
})
