import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildMessage } from './build.ts'
import { decode } from './decode.ts'
import { fixture } from './fixtures.arbitraries.ts'
import { plainText } from './message.arbitraries.ts'
import type { Hl7Message } from './message.ts'

function read(bytes: Uint8Array | string): Hl7Message {
  const decoded = decode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  if (decoded.kind !== 'message') throw new Error(`not a message but ${decoded.kind}`)
  return decoded.message
}

const MSH = 'MSH|^~\\&|A^1.2^ISO|B|C|D|20220315||ADT^A04^WRONG|1|P|2.3'

describe('absent, empty and ""', () => {
  const m = read(fixture('adt-a08-nulls'))
  const pid = m.segment('PID')

  test('a deleted field is null and empty', () => {
    expect(pid?.isNull(13)).toBe(true)
    expect(pid?.get(13)).toBe('')
    expect(pid?.text(13)).toBe('')
    expect(pid?.repetitions(13)).toBe(1)
  })

  test('a field that is empty or was not sent is no null', () => {
    expect(pid?.isNull(10)).toBe(false)
    expect(pid?.isNull(40)).toBe(false)
    expect(pid?.repetitions(40)).toBe(0)
  })

  test('a component may be deleted on its own', () => {
    expect(pid?.isNull(11)).toBe(false)
    expect(pid?.isNull(11, 1, 2)).toBe(true)
    expect(pid?.isNull(11, 1, 3)).toBe(false)
    expect(m.get('PID-11.2')).toBe('')
  })

  test('every part of a deleted field is deleted', () => {
    expect(pid?.isNull(13, 1, 4)).toBe(true)
    expect(pid?.isNull(13, 1, 4, 2)).toBe(true)
  })
})

describe('counting', () => {
  test('MSH-1 is the separator and MSH-2 is never split', () => {
    const msh = read(MSH).segment('MSH')
    expect(msh?.get(1)).toBe('|')
    expect(msh?.get(2)).toBe('^~\\&')
    expect(msh?.repetitions(2)).toBe(1)
    expect(msh?.get(3, 1, 2)).toBe('1.2')
    expect(msh?.fieldCount).toBe(12)
  })

  test('paths count repetitions, components and occurrences from 1', () => {
    const m = read(`${MSH}\rPID|1||1^^^X&2.3&ISO^MR~2^^^Y\rNK1|1|A\rNK1|2|B^C`)
    expect(m.get('PID-3.4.2')).toBe('2.3')
    expect(m.get('PID-3[2].4')).toBe('Y')
    expect(m.get('NK1[2]-2.2')).toBe('C')
    expect(m.get('NK1[3]-2')).toBe('')
    expect(m.get('PID-3[3]')).toBe('')
    expect(m.get('PID-3.0')).toBe('')
    expect(m.get('nonsense')).toBe('')
    expect(m.segment('PID')?.repetitions(3)).toBe(2)
    expect(m.segment('PID')?.components(3)).toBe(5)
    expect(m.segment('PID')?.subcomponents(3, 1, 4)).toBe(3)
    expect(m.all('NK1').map((s) => s.occurrence)).toEqual([1, 2])
  })

  test('a simple value stands for its first leaf', () => {
    const m = read(`${MSH}\rPID|1||12345`)
    expect(m.get('PID-3.1.1')).toBe('12345')
    expect(m.get('PID-3.2')).toBe('')
  })
})

describe('blanks', () => {
  const m = read(`${MSH}\rNTE|1||  keep | trim `)

  test('are trimmed from ids, codes and names', () => {
    expect(m.get('NTE-4')).toBe('trim')
  })

  test('are kept in text', () => {
    expect(m.segment('NTE')?.text(3)).toBe('  keep ')
  })
})

test('text keeps unescaped separators of a careless sender', () => {
  expect(read(`${MSH}\rNTE|1||A & B^C`).segment('NTE')?.text(3)).toBe('A & B^C')
})

describe('header', () => {
  test('applications and facilities are whole fields, the structure is derived', () => {
    const { header } = read(MSH)
    expect(header).toMatchObject({ sendingApplication: 'A^1.2^ISO', structure: 'ADT_A01', event: 'A04' })
  })

  test('EVN-1 stands in for an empty MSH-9.2', () => {
    expect(read('MSH|^~\\&|||||||ADT|1|P|2.1\rEVN|A08').header).toMatchObject({
      event: 'A08',
      structure: 'ADT_A01',
    })
  })

  test('the default version serves when MSH-12 is empty', () => {
    const decoded = decode(Buffer.from('MSH|^~\\&|||||||ADT^A01|1|P|'), { version: '2.4' })
    expect(decoded.kind === 'message' && decoded.message.header.version).toBe('2.4')
  })
})

test('any text put into a leaf is read from the same path', () => {
  fc.assert(
    fc.property(plainText, plainText, fc.integer({ min: 1, max: 40 }), (a, b, n) => {
      const m = read(
        buildMessage([
          { name: 'MSH', fields: { 9: ['ADT', 'A04'], 10: '1', 12: '2.5.1' } },
          { name: 'PID', fields: { [n]: { repeat: ['x', ['y', [a, b]]] } } },
        ]),
      )
      expect(m.get(`PID-${n}[2].2.1`)).toBe(a)
      expect(m.get(`PID-${n}[2].2.2`)).toBe(b)
    }),
  )
})
