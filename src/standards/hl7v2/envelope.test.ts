import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from './decode.ts'
import { envelopeOf, isAcknowledgement, readEnvelope } from './envelope.ts'
import { allFixtures, fixture, fixtureNames } from './fixtures.arbitraries.ts'
import { mutate } from './mutate.arbitraries.ts'

test('the envelope of the guide sample', () => {
  expect(readEnvelope(fixture('guide-adt-a04'))).toEqual({
    readable: true,
    batch: false,
    kind: 'ADT^A04',
    version: '2.3',
    controlId: '12345',
    processingId: 'P',
    sendingApplication: 'CERNER',
    sendingFacility: 'CERNERHOST',
    acceptAck: '',
    applicationAck: '',
    timestamp: '20220315142658',
    patient: { id: '12345', authority: 'CERNER', type: 'MRN' },
    appointment: null,
    problem: null,
  })
})

test('a schedule message has its appointment and its patient', () => {
  expect(readEnvelope(fixture('siu-s12-251'))).toMatchObject({
    kind: 'SIU^S12',
    appointment: { id: '2196178', authority: 'CERNER' },
    patient: { id: '60001', authority: 'CERNER&2.16.840.1.113883.3.13.6&ISO', type: 'MR' },
  })
})

describe('the patient key', () => {
  const of = (pid: string): unknown =>
    readEnvelope(Buffer.from(`MSH|^~\\&|||||||ADT^A08|1|P|2.3\r${pid}\rPV1|1`)).patient

  test('is the first repetition of PID-3 with an id', () => {
    expect(of('PID|||^^^X~7^^^Y^MR')).toEqual({ id: '7', authority: 'Y', type: 'MR' })
  })

  test('is PID-2 when PID-3 has none', () => {
    expect(of('PID||9^^^Z')).toEqual({ id: '9', authority: 'Z', type: '' })
  })

  test('is missing when neither has one, or says ""', () => {
    expect(of('PID|1||""')).toBeNull()
    expect(of('PV2|1')).toBeNull()
  })
})

test('a batch says so and carries its own id', () => {
  expect(readEnvelope(fixture('batch-fhs'))).toMatchObject({
    readable: true,
    batch: true,
    kind: 'BATCH',
    controlId: 'B1',
    patient: null,
  })
  expect(readEnvelope(fixture('batch-headless'))).toMatchObject({ batch: true, controlId: '' })
})

test.each([
  ['prose', false, 'HL7_UNREADABLE', 100, ''],
  ['delimiters-doubled', true, 'HL7_DELIMITERS_INVALID', 102, 'D1'],
  ['truncated-header', true, 'HL7_REQUIRED_FIELD_EMPTY', 101, ''],
  ['control-id-missing', true, 'HL7_REQUIRED_FIELD_EMPTY', 101, ''],
  ['version-unknown', true, 'HL7_VERSION_UNSUPPORTED', 203, 'V1'],
])('%s is refused', (name, readable, code, condition, controlId) => {
  expect(readEnvelope(fixture(name, 'invalid'))).toMatchObject({
    readable,
    controlId,
    problem: { code, condition },
  })
})

test('an acknowledgement is known as one', () => {
  expect(isAcknowledgement(readEnvelope(fixture('ack-aa-23')))).toBe(true)
  expect(isAcknowledgement(readEnvelope(fixture('guide-adt-a04')))).toBe(false)
})

test('a long control id is never cut', () => {
  const bytes = fixture('guide-adt-a04')
    .toString()
    .replace('|12345|P', '|Q2827650752T3305190973XXXXXXXXXXXXXXXXXXXX|P')
  expect(readEnvelope(Buffer.from(bytes)).controlId).toBe('Q2827650752T3305190973XXXXXXXXXXXXXXXXXXXX')
})

describe('the quick reading and the full one agree', () => {
  test.each(fixtureNames('valid').filter((name) => !name.startsWith('batch')))('on %s', (name) => {
    const decoded = decode(fixture(name))
    expect(decoded.kind === 'message' && envelopeOf(decoded.message)).toEqual(readEnvelope(fixture(name)))
  })

  test('on damaged messages', () => {
    const fixtures = allFixtures()
    fc.assert(
      fc.property(fc.nat({ max: fixtures.length - 1 }), fc.integer(), (which, seed) => {
        const bytes = mutate(fixtures[which] ?? Buffer.alloc(0), seed)
        const envelope = readEnvelope(bytes)
        const decoded = decode(bytes)
        if (decoded.kind === 'message') expect(envelope).toEqual(envelopeOf(decoded.message))
        else expect(envelope.batch).toBe(decoded.kind === 'batch')
      }),
      { numRuns: 3000 },
    )
  })
})
