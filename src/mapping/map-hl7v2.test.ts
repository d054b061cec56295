import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IntegrationError } from '../kernel/errors.ts'
import { EVENTS } from './events.ts'
import { mapHl7v2 } from './map-hl7v2.ts'
import {
  mapLines,
  messageOf,
  mshOf,
  PID,
  said,
  settingsWith,
  statementOf,
  valuesOf,
} from './messages.setup.ts'

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    if (error instanceof IntegrationError) return `${error.code} ${Object.values(error.at).join()}`
    throw error
  }
  return undefined
}

describe('which messages are mapped', () => {
  test('an event that changes nothing here is ignored, and says why', () => {
    for (const event of ['ADT^A60', 'ADT^A09', 'SIU^S23', 'ACK^A01', 'QRY^A19'])
      expect(mapLines([mshOf(event), PID])).toEqual({
        kind: 'ignored',
        code: 'HL7_EVENT_NOT_SUPPORTED',
        place: 'MSH-9',
      })
  })

  test('every event of the guide that is about patients, appointments or results is mapped', () => {
    for (const event of ['ADT^A01', 'ADT^A04', 'ADT^A08', 'SIU^S12', 'SIU^S14', 'SIU^S15', 'ORU^R01'])
      expect(Object.keys(EVENTS)).toContain(event)
  })

  test('the event may stand in EVN-1 alone', () => {
    expect(said([mshOf('ADT'), 'EVN|A04|20260310', PID]).kind).toBe('ADT^A04')
  })
})

describe('when a message was true', () => {
  const asOf = (evn: string, msh7: string) =>
    said([mshOf('ADT^A08', '2.3', msh7), `EVN|A08|${evn}`, PID]).asOf

  test('is EVN-2, else MSH-7', () => {
    expect(asOf('20260310115900', '20260310120000-0500')).toBe('2026-03-10T16:59:00.000Z')
    expect(asOf('', '20260310120000-0500')).toBe('2026-03-10T17:00:00.000Z')
  })

  test('takes the connection’s zone where nothing says an offset', () => {
    expect(asOf('', '20260310120000')).toBe('2026-03-10T17:00:00.000Z')
  })

  test('is the time of arrival without both, and else it cannot be applied', () => {
    const message = messageOf([mshOf('ADT^A08', '2.3', ''), PID])
    const mapped = mapHl7v2(message, settingsWith(), '2026-03-10T17:00:00.000Z')
    expect(mapped.kind === 'mapped' && mapped.message.asOf).toBe('2026-03-10T17:00:00.000Z')
    expect(codeOf(() => mapHl7v2(message, settingsWith()))).toBe('HL7_REQUIRED_FIELD_EMPTY MSH-7')
  })
})

describe('what must park', () => {
  test.each([
    ['no PID', [mshOf('ADT^A08')], 'HL7_REQUIRED_SEGMENT_MISSING PID'],
    ['no id at all', [mshOf('ADT^A08'), 'PID|1||||DOE^JOHN'], 'HL7_REQUIRED_FIELD_EMPTY PID-3'],
    ['a null id', [mshOf('ADT^A08'), 'PID|1||""||DOE^JOHN'], 'HL7_REQUIRED_FIELD_EMPTY PID-3'],
    [
      'a social security number alone',
      [mshOf('ADT^A08'), 'PID|1||900123456^^^USSSA^SS||DOE'],
      'HL7_REQUIRED_FIELD_EMPTY PID-3',
    ],
    ['two patients', [mshOf('ADT^A08'), PID, PID], 'HL7_SEVERAL_PATIENTS PID[2]'],
  ])('%s', (_what, lines, code) => {
    expect(codeOf(() => mapLines(lines))).toBe(code)
  })

  test('but not a message whose id stands in PID-2', () => {
    const patient = statementOf(said([mshOf('ADT^A08'), 'PID|1|77^^^EXT^MR|||DOE^JOHN']), 'patient')
    expect(patient.fields['external_id']).toEqual({ value: '77', place: 'PID-2.1' })
  })
})

describe('field remaps', () => {
  test('bring a value to its standard place and remember where it stood', () => {
    const lines = [mshOf('ADT^A08'), PID, 'ZPD|1|fre']
    const { fields } = statementOf(said(lines, { remap: [{ from: 'ZPD-2', to: 'PID-15' }] }), 'patient')
    expect(fields['preferred_language']).toEqual({ value: 'fr', place: 'ZPD-2' })
  })

  test('leave nothing behind at the place a value was moved from', () => {
    const lines = [mshOf('ADT^A08'), `${PID}||White|||||||fre`]
    const { fields } = statementOf(said(lines, { remap: [{ from: 'PID-10', to: 'PID-22' }] }), 'patient')
    expect(fields).not.toHaveProperty('race')
  })

  test('may move a component', () => {
    const lines = [mshOf('ADT^A08'), 'PID|1||12345||DOE^^JOHN']
    const { fields } = statementOf(said(lines, { remap: [{ from: 'PID-5.3', to: 'PID-5.2' }] }), 'patient')
    expect(valuesOf({ fields } as never)).toMatchObject({ first_name: 'JOHN', last_name: 'DOE' })
    expect(fields).not.toHaveProperty('middle_name')
  })

  test('of a profile that is not shipped are refused', () => {
    expect(codeOf(() => mapLines([mshOf('ADT^A08'), PID], { profile: 'none-such' }))).toMatch(
      /^CONFIG_INVALID/,
    )
  })
})

describe('whatever a sender writes', () => {
  const anything = fc.string({ maxLength: 12, unit: fc.constantFrom(...'AZ09 ^~&"-.<>:+|\\') })
  const segment = (name: string) =>
    fc
      .array(anything, { maxLength: 50 })
      .map((fields) => `${name}|${fields.map((f) => f.replaceAll('|', '')).join('|')}`)
  const events = fc.constantFrom(...Object.keys(EVENTS))

  test('mapping ends in statements or in an error of the table, and its values are JSON', () => {
    const lines = fc.tuple(
      events,
      fc.array(
        fc
          .constantFrom(
            'PV1',
            'NK1',
            'IN1',
            'AL1',
            'DG1',
            'OBR',
            'OBX',
            'NTE',
            'SCH',
            'AIS',
            'AIP',
            'AIL',
            'AIG',
            'TQ1',
          )
          .chain(segment),
        { maxLength: 12 },
      ),
    )
    fc.assert(
      fc.property(lines, ([event, segments]) => {
        try {
          const mapped = mapLines([mshOf(event), PID, 'SCH|P1|F1', 'OBR|1|1|2', ...segments])
          if (mapped.kind === 'mapped')
            expect(JSON.parse(JSON.stringify(mapped.message))).toEqual(mapped.message)
        } catch (error) {
          expect(error).toBeInstanceOf(IntegrationError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
