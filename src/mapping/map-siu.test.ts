import { describe, expect, test } from 'vitest'
import { mapLines, mshOf, PID, said, statementOf, valuesOf } from './messages.setup.ts'

interface Sch {
  placer?: string
  filler?: string
  occurrence?: string
  duration?: string
  unit?: string
  timing?: string
  status?: string
  reason?: string
  eventReason?: string
  type?: string
}
const SCH = (s: Sch = {}): string => {
  const fields: Record<number, string> = {
    1: s.placer ?? 'P1^STUDIO',
    2: s.filler ?? 'F1^CERNER',
    3: s.occurrence ?? '',
    6: s.eventReason ?? '',
    7: s.reason ?? '',
    8: s.type ?? '',
    9: s.duration ?? '',
    10: s.unit ?? '',
    11: s.timing ?? '^^^20260615090000-0500',
    25: s.status ?? '',
  }
  return `SCH|${Array.from({ length: 25 }, (_, i) => fields[i + 1] ?? '').join('|')}`
}
const siu = (event: string, sch: string, ...rest: string[]): string[] => [
  mshOf(`SIU^${event}`),
  sch,
  PID,
  'RGS|1',
  ...rest,
]
const appointmentOf = (lines: string[]) => statementOf(said(lines), 'appointment')
const START = '2026-06-15T14:00:00.000Z'

describe('which appointment is meant', () => {
  test('SCH-2 is the key; SCH-1 is kept as the placer’s number', () => {
    const appointment = appointmentOf(siu('S12', SCH()))
    expect(appointment.keys).toEqual([{ value: 'F1', authority: 'CERNER', type: 'FILL' }])
    expect(valuesOf(appointment)).toMatchObject({ external_id: 'F1', placer_id: 'P1' })
  })

  test('SCH-1 with the occurrence of the series, where SCH-2 is empty', () => {
    const sch = SCH({ occurrence: '3' }).replace('F1^CERNER', '')
    expect(appointmentOf(siu('S12', sch)).keys).toEqual([
      { value: 'P1#3', authority: 'STUDIO', type: 'PLAC' },
    ])
  })

  test('without either number the message parks', () => {
    const sch = SCH().replace('F1^CERNER', '').replace('P1^STUDIO', '')
    expect(() => mapLines(siu('S12', sch))).toThrow('Required field SCH-2 is empty.')
  })

  test('without SCH the message parks', () => {
    expect(() => mapLines([mshOf('SIU^S12'), PID])).toThrow('Required segment SCH is missing.')
  })

  test('the patient stands first, and a message without PID carries the appointment alone', () => {
    expect(said(siu('S12', SCH())).statements.map(({ record }) => record)).toEqual(['patient', 'appointment'])
    expect(said([mshOf('SIU^S14'), SCH()]).statements.map(({ record }) => record)).toEqual(['appointment'])
  })
})

describe('status', () => {
  test.each(['S12', 'S13', 'S14', 'S18', 'S19'])('%s is booked when SCH-25 is empty', (event) => {
    expect(appointmentOf(siu(event, SCH())).fields['status']).toEqual({ value: 'booked', place: 'MSH-9.2' })
  })

  test.each([
    ['Pending', 'pending'],
    ['Waitlist', 'waitlist'],
    ['Booked', 'booked'],
    ['Cancelled', 'cancelled'],
    ['NOSHOW', 'noshow'],
    ['Started', 'checked-in'],
    ['Complete', 'fulfilled'],
    ['Deleted', 'entered-in-error'],
    ['Discontinued', 'cancelled'],
    ['Dc', 'cancelled'],
    ['Overbook', 'booked'],
  ])('SCH-25 %s is %s in an S14', (sent, status) => {
    expect(appointmentOf(siu('S14', SCH({ status: sent }))).fields['status']).toEqual({
      value: status,
      place: 'SCH-25',
    })
  })

  test.each([
    ['S15', 'cancelled'],
    ['S16', 'cancelled'],
    ['S17', 'entered-in-error'],
    ['S26', 'noshow'],
  ])('%s is %s whatever SCH-25 says, and is kept for an unknown number too', (event, status) => {
    const appointment = appointmentOf(siu(event, SCH({ status: 'Booked' })))
    expect(appointment.fields['status']).toEqual({ value: status, place: 'MSH-9.2' })
    expect(appointment.effect).toBe('cancel')
  })

  test('a status that is not in the set is left out', () => {
    const message = said(siu('S14', SCH({ status: 'Vanished' })))
    expect(statementOf(message, 'appointment').fields).not.toHaveProperty('status')
    expect(message.warnings.map(({ code, place }) => [code, place])).toEqual([['CODE_NOT_IN_SET', 'SCH-25']])
  })

  test('a blocked time is no appointment', () => {
    expect(mapLines(siu('S12', SCH({ status: 'Blocked' })))).toMatchObject({ kind: 'ignored' })
  })
})

describe('start', () => {
  test.each([
    ['TQ1-7', ['TQ1|1||||||20260615100000-0500']],
    ['SCH-11.4', []],
  ])('is %s when that is the first place with a time', (place, rest) => {
    expect(appointmentOf(siu('S12', SCH(), ...rest)).fields['start_time']?.place).toBe(place)
  })

  test.each([
    ['AIS-4', 'AIS|1||V^Visit|20260615090000-0500'],
    ['AIP-6', 'AIP|1||77^HOLM|D|||20260615090000-0500'.replace('|||', '||')],
    ['AIL-6', 'AIL|1||ROOM|||20260615090000-0500'],
    ['AIG-8', 'AIG|1||R1|ROOM||||20260615090000-0500'],
  ])('is %s when neither TQ1 nor SCH has one', (place, resource) => {
    expect(appointmentOf(siu('S12', SCH({ timing: '' }), resource)).fields['start_time']).toEqual({
      value: START,
      place,
    })
  })

  test('is the start of a resource less its offset', () => {
    const { fields } = appointmentOf(
      siu('S12', SCH({ timing: '' }), 'AIS|1||V^Visit|20260615093000-0500|30|MIN'),
    )
    expect(fields['start_time']?.value).toBe(START)
  })

  test('that differs between segments is the first one, with a warning', () => {
    const message = said(siu('S12', SCH(), 'AIS|1||V^Visit|20260615100000-0500'))
    expect(statementOf(message, 'appointment').fields['start_time']?.value).toBe(START)
    expect(message.warnings.map(({ code, place }) => [code, place])).toEqual([['HL7_TIMES_DIFFER', 'AIS-4']])
  })
})

describe('end', () => {
  const endOf = (sch: Sch, ...rest: string[]) =>
    appointmentOf(siu('S12', SCH(sch), ...rest)).fields['end_time']

  test.each([
    ['TQ1-8', {}, ['TQ1|1||||||20260615090000-0500|20260615093000-0500']],
    ['SCH-11.5', { timing: '^^^20260615090000-0500^20260615093000-0500' }, []],
    ['SCH-9', { duration: '30', unit: 'min' }, []],
    ['SCH-9', { duration: '30', unit: 'M' }, []],
    ['SCH-9', { duration: '30', unit: 'MIN^minutes' }, []],
    ['SCH-9', { duration: '1800', unit: 's' }, []],
    ['SCH-9', { duration: '0.5', unit: 'h' }, []],
    ['SCH-11.3', { timing: '^^M30^20260615090000-0500' }, []],
    ['AIS-7', {}, ['AIS|1||V^Visit|20260615090000-0500|||30|min']],
  ] as [string, Sch, string[]][])('comes from %s', (place, sch, rest) => {
    expect(endOf(sch, ...rest)).toEqual({ value: '2026-06-15T14:30:00.000Z', place })
  })

  test('without a unit counts minutes, with a warning', () => {
    const message = said(siu('S12', SCH({ duration: '30' })))
    expect(statementOf(message, 'appointment').fields['end_time']?.value).toBe('2026-06-15T14:30:00.000Z')
    expect(message.warnings.map(({ code, place }) => [code, place])).toEqual([['HL7_UNIT_MISSING', 'SCH-9']])
  })

  test('in an unknown unit is left out', () => {
    const message = said(siu('S12', SCH({ duration: '2', unit: 'slots' })))
    expect(statementOf(message, 'appointment').fields).not.toHaveProperty('end_time')
    expect(message.warnings.map(({ place }) => place)).toEqual(['SCH-10'])
  })

  test('before the start is left out', () => {
    expect(endOf({ timing: '^^^20260615090000-0500^20260615083000-0500' })).toBeUndefined()
  })

  test('stays right over a change of clocks: 90 minutes from 1:30 end at 4:00 local time', () => {
    const lines = siu('S12', SCH({ timing: '^^^20260308013000', duration: '90', unit: 'min' }))
    lines[0] = mshOf('SIU^S12', '2.3', '20260301120000')
    const { fields } = appointmentOf(lines)
    expect(fields['start_time']?.value).toBe('2026-03-08T07:30:00.000Z')
    expect(fields['end_time']?.value).toBe('2026-03-08T09:00:00.000Z')
  })

  test('an appointment in the hour that does not exist is moved forward, with a warning', () => {
    const lines = siu('S12', SCH({ timing: '^^^20260308023000' }))
    lines[0] = mshOf('SIU^S12', '2.3', '20260301120000')
    const message = said(lines)
    expect(statementOf(message, 'appointment').fields['start_time']?.value).toBe('2026-03-08T08:30:00.000Z')
    expect(message.warnings.map(({ code }) => code)).toEqual(['HL7_TIME_IN_DST_CHANGE'])
  })
})

describe('who, where, what and why', () => {
  const RESOURCES = [
    'AIS|1|A|99213^Office visit^C4',
    'NTE|1||Fasting',
    'AIG|1|A|R9^Room nine|ROOM',
    'AIL|1|A|CLINIC^12^^NORTH',
    'RGS|2',
    'AIP|1|A|44^LARSEN^BO|NURSE',
    'AIP|2|A|77^HOLM^KARIN|ATTENDING PHYSICIAN||20260615090000-0500|||20|MIN||Booked',
  ]
  const appointment = appointmentOf(
    siu(
      'S12',
      SCH({ type: 'OFFICE^Office visit', reason: 'CHECKUP^Annual check', eventReason: 'ROUTINE' }),
      ...RESOURCES,
    ),
  )

  test('the provider is the AIP in a provider’s role', () => {
    expect(valuesOf(appointment)).toMatchObject({
      provider_id: '77',
      provider: { id: '77', last_name: 'HOLM', first_name: 'KARIN' },
    })
    expect(appointment.fields['provider_id']?.place).toBe('AIP[2]-3')
  })

  test('else the AIG that says it is a provider, else PV1-7', () => {
    expect(appointmentOf(siu('S12', SCH(), 'AIG|1||55^CHEN|PROVIDER')).fields['provider_id']).toEqual({
      value: '55',
      place: 'AIG-3',
    })
    const lines = siu('S12', SCH(), 'AIG|1||55^Laser|DEVICE')
    lines.splice(3, 0, 'PV1|1|O|||||66^ABEBE^SARA')
    expect(appointmentOf(lines).fields['provider_id']).toEqual({ value: '66', place: 'PV1-7' })
  })

  test('location, service, type, reason and notes', () => {
    expect(valuesOf(appointment)).toMatchObject({
      location_id: 'CLINIC',
      location: { unit: 'CLINIC', room: '12', facility: 'NORTH' },
      service: { code: '99213', text: 'Office visit', system: 'C4' },
      appointment_type: 'OFFICE',
      reason: 'Annual check',
      notes: 'Fasting',
    })
  })

  test('a room in AIG serves where AIL is missing', () => {
    expect(appointmentOf(siu('S12', SCH(), 'AIG|1||R9^Room nine|ROOM')).fields['location_id']).toEqual({
      value: 'R9',
      place: 'AIG-3.1',
    })
  })

  test('several RGS groups are one appointment with all resources', () => {
    const rows = appointment.sets['resources']?.rows as Record<string, unknown>[]
    expect(rows.map(({ kind, id }) => [kind, id])).toEqual([
      ['service', '99213'],
      ['provider', '44'],
      ['provider', '77'],
      ['location', 'CLINIC'],
      ['location', 'R9'],
    ])
    expect(rows[2]).toEqual({
      kind: 'provider',
      id: '77',
      name: 'KARIN HOLM',
      role: 'ATTENDING PHYSICIAN',
      status: 'accepted',
      start_time: START,
      minutes: 20,
    })
  })

  test('a resource with action D is gone', () => {
    const lines = siu('S13', SCH(), 'AIP|1|D|44^LARSEN|ATTENDING', 'AIP|2|A|77^HOLM|ATTENDING')
    expect(appointmentOf(lines).fields['provider_id']?.value).toBe('77')
    expect(appointmentOf(lines).sets['resources']?.rows).toHaveLength(1)
  })

  test('a change of one resource (S19) does not replace the list', () => {
    const changed = appointmentOf(siu('S19', SCH(), 'AIP|1|U|77^HOLM|ATTENDING'))
    expect(changed.fields['provider_id']?.value).toBe('77')
    expect(changed.sets).toEqual({})
  })

  test('the event reason serves as the reason, but not in a cancellation', () => {
    expect(appointmentOf(siu('S12', SCH({ eventReason: '^Check-up' }))).fields['reason']?.value).toBe(
      'Check-up',
    )
    expect(appointmentOf(siu('S15', SCH({ eventReason: '^Patient is ill' }))).fields).not.toHaveProperty(
      'reason',
    )
  })
})
