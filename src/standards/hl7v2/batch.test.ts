import { describe, expect, test } from 'vitest'
import type { Hl7Batch } from './batch.ts'
import { decode } from './decode.ts'
import { fixture } from './fixtures.arbitraries.ts'

function read(bytes: Uint8Array | string): Hl7Batch {
  const decoded = decode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
  if (decoded.kind !== 'batch') throw new Error(`not a batch but ${decoded.kind}`)
  return decoded.batch
}

const ids = (batch: Hl7Batch): string[] => batch.messages.map((m) => m.header.controlId)
const MSH = (id: string): string => `MSH|^~\\&|A|B|C|D|20220315||ADT^A08|${id}|P|2.3\rPID|1||${id}\r`

test('file header, batch header and each message have delimiters of their own', () => {
  const batch = read(fixture('batch-fhs'))
  expect(ids(batch)).toEqual(['B1M1', 'B1M2'])
  expect(batch.messages.map((m) => m.get('PID-5.1'))).toEqual(['ROE', 'ROE'])
  expect(batch.fileHeader?.get(11)).toBe('F1')
  expect(batch.groups[0]?.header?.get(11)).toBe('B1')
  expect(batch.groups[0]?.trailer?.get(1)).toBe('2')
  expect(batch.controlId).toBe('B1')
  expect(batch.warnings).toEqual([])
})

test('several MSH in one frame are a batch without a header', () => {
  const batch = read(fixture('batch-headless'))
  expect(ids(batch)).toEqual(['B1M1', 'B1M2'])
  expect(batch.groups).toHaveLength(1)
  expect(batch.groups[0]?.header).toBeNull()
})

test('each message is cut out byte for byte', () => {
  const batch = read(MSH('1') + MSH('2'))
  expect(batch.messages.map((m) => Buffer.from(m.bytes).toString())).toEqual([MSH('1'), MSH('2')])
})

describe('counts', () => {
  test('a wrong one in BTS-1 is told and the messages are taken', () => {
    const batch = read(fixture('batch-wrong-count'))
    expect(ids(batch)).toEqual(['B1M1'])
    expect(batch.warnings.map((w) => [w.code, w.place])).toEqual([
      ['HL7_BATCH_COUNT', { segment: 'BTS', field: 1 }],
    ])
  })

  test('a wrong one in FTS-1 is told', () => {
    const batch = read(`FHS|^~\\&|A\rBHS|^~\\&|A\r${MSH('1')}BTS|1\rFTS|3\r`)
    expect(batch.warnings.map((w) => w.place)).toEqual([{ segment: 'FTS', field: 1 }])
  })

  test('a missing one is no fault', () => {
    expect(read(`BHS|^~\\&|A\r${MSH('1')}BTS\r`).warnings).toEqual([])
  })
})

test('several batches in a file stay apart', () => {
  const batch = read(
    `FHS|^~\\&|A\rBHS|^~\\&|A\r${MSH('1')}${MSH('2')}BTS|2\rBHS|^~\\&|A\r${MSH('3')}BTS|1\rFTS|2\r`,
  )
  expect(batch.groups.map((group) => group.messages.length)).toEqual([2, 1])
  expect(batch.warnings).toEqual([])
})

test('one message that cannot be read does not spoil the others', () => {
  const batch = read(`BHS|^~\\&|A\r${MSH('1')}MSH|^^\\&|A|B\r${MSH('2')}BTS|3\r`)
  expect(ids(batch)).toEqual(['1', '2'])
  expect(batch.unreadable.map((one) => one.problem.code)).toEqual(['HL7_DELIMITERS_INVALID'])
  expect(batch.warnings).toEqual([])
})

test('each message is decoded by its own MSH-18', () => {
  const latin = Buffer.from(
    MSH('1').replace('|2.3', '|2.3||||||8859/1').replace('||1\r', '||1||M\xdcLLER\r'),
    'latin1',
  )
  const utf8 = Buffer.from(
    MSH('2').replace('|2.3', '|2.3||||||UNICODE UTF-8').replace('||2\r', '||2||MÜLLER\r'),
    'utf8',
  )
  const batch = read(Buffer.concat([latin, utf8]))
  expect(batch.messages.map((m) => m.get('PID-5'))).toEqual(['MÜLLER', 'MÜLLER'])
})

test('a batch may be in UTF-16 and end lines with CR LF', () => {
  const wide = Buffer.from(`\ufeff${MSH('1')}${MSH('2')}`.replaceAll('\r', '\r\n'), 'utf16le')
  const batch = read(wide)
  expect(ids(batch)).toEqual(['1', '2'])
  expect(batch.messages.map((m) => m.charset)).toEqual(['UTF-16LE', 'UTF-16LE'])
})
