import { describe, expect, test } from 'vitest'
import { mshOf, PID, said, statementOf, valuesOf } from './messages.setup.ts'

const PV1 = (parts: Record<number, string>): string => {
  const fields = Array.from({ length: 50 }, (_, i) => parts[i + 1] ?? '')
  return `PV1|${fields.join('|')}`
}
const VISIT = { 1: '1', 2: 'I', 3: 'ICU^12^A^HOSP', 19: 'V1^^^CERNER^FIN NBR' }
const adt = (event: string, visit: Record<number, string> = VISIT, pid = PID): string[] => [
  mshOf(`ADT^${event}`),
  `EVN|${event}|20260310115900-0500`,
  pid,
  PV1(visit),
]
const encounterOf = (event: string, visit?: Record<number, string>) =>
  statementOf(said(adt(event, visit)), 'encounter')

describe('what each event does to the visit', () => {
  test.each([
    ['A01', 'in-progress'],
    ['A04', 'in-progress'],
    ['A05', 'planned'],
    ['A03', 'finished'],
    ['A13', 'in-progress'],
  ])('%s makes it %s', (event, status) => {
    const encounter = encounterOf(event)
    expect(encounter.effect).toBe('upsert')
    expect(encounter.fields['status']).toEqual({ value: status, place: 'MSH-9.2' })
  })

  test.each(['A02', 'A06', 'A07', 'A08'])(
    '%s updates location and class and leaves the status open',
    (event) => {
      const { fields } = encounterOf(event)
      expect(fields['location']?.value).toEqual({ unit: 'ICU', room: '12', bed: 'A', facility: 'HOSP' })
      expect(fields['class']?.value).toBe('IMP')
      expect(fields['status']).toBeUndefined()
    },
  )

  test('A03 ends it at PV1-45', () => {
    const { fields } = encounterOf('A03', { ...VISIT, 45: '20260310100000-0500' })
    expect(fields['end_time']).toEqual({ value: '2026-03-10T15:00:00.000Z', place: 'PV1-45' })
  })

  test('a discharge time in PV1-45 means finished in an update too', () => {
    const { fields } = encounterOf('A08', { ...VISIT, 45: '20260310100000-0500' })
    expect(fields['status']).toEqual({ value: 'finished', place: 'PV1-45' })
  })

  test('class P means planned in a registration and in an update', () => {
    for (const event of ['A04', 'A08'])
      expect(encounterOf(event, { ...VISIT, 2: 'P' }).fields['status']).toEqual({
        value: 'planned',
        place: 'PV1-2',
      })
  })

  test('A11 cancels the visit named, says nothing else of it and only mentions the patient', () => {
    const message = said(adt('A11'))
    const encounter = statementOf(message, 'encounter')
    expect(encounter.effect).toBe('cancel')
    expect(valuesOf(encounter)).toEqual({ external_id: 'V1', status: 'cancelled' })
    expect(statementOf(message, 'patient').effect).toBe('mention')
  })

  test('A13 opens the visit again and deletes its end', () => {
    const { fields } = encounterOf('A13')
    expect(fields['end_time']?.value).toBeNull()
    expect(statementOf(said(adt('A13')), 'patient').effect).toBe('mention')
  })

  test.each(['A28', 'A31'])('%s is about the person and writes no visit', (event) => {
    expect(said(adt(event)).statements.map(({ record }) => record)).toEqual(['patient'])
  })
})

describe('which visit is meant', () => {
  test('PV1-19 with its authority', () => {
    expect(encounterOf('A08').keys).toEqual([
      { value: 'V1', authority: 'CERNER', type: 'VN', raw_type: 'FIN NBR' },
    ])
  })

  test('PID-18 where PV1-19 is empty', () => {
    const pid = `${PID}||||||||||A77^^^CERNER^FIN NBR`
    const encounter = statementOf(said(adt('A04', { 1: '1', 2: 'O' }, pid)), 'encounter')
    expect(encounter.keys).toEqual([{ value: 'A77', authority: 'CERNER', type: 'AN', raw_type: 'FIN NBR' }])
    expect(encounter.fields['external_id']).toEqual({ value: 'A77', place: 'PID-18' })
  })

  test('none without either, with a warning', () => {
    const message = said(adt('A04', { 1: '1', 2: 'O' }))
    expect(message.statements.map(({ record }) => record)).toEqual(['patient'])
    expect(message.warnings.map(({ code, place }) => [code, place])).toEqual([
      ['HL7_VISIT_WITHOUT_NUMBER', 'PV1-19'],
    ])
  })

  test('none, and no warning, for the class N that 2.3 requires where there is no visit', () => {
    const message = said(adt('A08', { 1: '1', 2: 'N' }))
    expect(message.statements).toHaveLength(1)
    expect(message.warnings).toEqual([])
  })
})

describe('patient fields', () => {
  const patientOf = (pid: string, settings = {}) =>
    statementOf(said([mshOf('ADT^A08'), pid], settings), 'patient')

  test('take the legal name, the home address and the medical record number among repetitions', () => {
    const pid =
      'PID|1||9^^^COMM^PI~12345^^^CERNER^MRN||ROE^J^^^^^N~DOE^JOHN^Q^JR^^^L||19800515|M|||' +
      'PO BOX 1^^SALEM^MA^01970^USA^BA~1 OAK AVE^^ERIE^PA^16501^USA^H'
    const { fields } = patientOf(pid)
    expect(fields['external_id']).toEqual({ value: '12345', place: 'PID-3[2].1' })
    expect(fields['last_name']).toEqual({ value: 'DOE', place: 'PID-5[2].1.1' })
    expect(fields['name_suffix']?.value).toBe('JR')
    expect(fields['address.city']).toEqual({ value: 'ERIE', place: 'PID-11[2].3' })
  })

  test('leave out an address that is known to be bad', () => {
    expect(patientOf(`${PID}|||1 OAK AVE^^ERIE^PA^16501^USA^BA`).fields['address.city']).toBeUndefined()
  })

  test('sort telephone numbers by what they say they are', () => {
    const pid = `${PID}|||||(555)555-1000^PRN^PH~(555)555-2000^PRS^CP~^NET^Internet^john@example.com|(555)555-3000^WPN^PH~(555)555-4000^PRN^CP`
    expect(valuesOf(patientOf(pid))).toMatchObject({
      phone_home: '+15555551000',
      phone_mobile: '+15555552000',
      phone_work: '+15555553000',
      email: 'john@example.com',
    })
    expect(patientOf(pid).fields['phone_mobile']?.place).toBe('PID-13[2]')
  })

  test('find a mobile number in the work field and an email in the place of a number', () => {
    const pid = `${PID}|||||john@example.com^NET|(555)555-4000^WPN^CP`
    const { fields } = patientOf(pid)
    expect(fields['phone_mobile']).toEqual({ value: '+15555554000', place: 'PID-14' })
    expect(fields['email']?.value).toBe('john@example.com')
    expect(fields['phone_home']).toBeUndefined()
    expect(fields['phone_work']).toBeUndefined()
  })

  test('PID-30 N does not clear a time of death', () => {
    const { fields } = patientOf(`${PID}||||||||||||||||||||||N`)
    expect(fields['deceased']?.value).toBe(false)
    expect(fields).not.toHaveProperty('deceased_at')
  })

  test('names keep the sender’s letters', () => {
    expect(patientOf('PID|1||7^^^C^MR||van der Berg^Zoë').fields['last_name']?.value).toBe('van der Berg')
  })

  test('a social security number in PID-3 is a field and an identifier, and never a key', () => {
    const patient = patientOf('PID|1||12345^^^CERNER^MR~900-12-3456^^^USSSA^SS||DOE^JOHN')
    expect(patient.keys.map(({ type }) => type)).toEqual(['MR'])
    expect(patient.sets['identifiers']?.rows).toHaveLength(2)
    expect(patient.fields['ssn']).toEqual({ value: '900-12-3456', place: 'PID-3[2].1' })
  })

  test('PID-2 and PID-4 are further identifiers', () => {
    const patient = patientOf('PID|1|77^^^EXT|12345^^^CERNER^MRN|88^^^ALT~12345^^^CERNER|DOE^JOHN')
    expect(patient.keys.map(({ value, type }) => [value, type])).toEqual([
      ['12345', 'MR'],
      ['77', 'PT'],
      ['88', 'PT'],
    ])
  })

  test('a code that is not in its set is left out, and the rest applies', () => {
    const message = said([mshOf('ADT^A08'), 'PID|1||12345||DOE^JOHN||19800515|X||Martian'])
    const { fields } = statementOf(message, 'patient')
    expect(fields).not.toHaveProperty('gender')
    expect(fields).not.toHaveProperty('race')
    expect(fields['last_name']?.value).toBe('DOE')
    expect(message.warnings.map(({ says }) => says)).toEqual([
      'The code in PID-8 is not in the code set HL70001.',
      'The code in PID-10 is not in the code set HL70005.',
    ])
  })
})

describe('absent, cleared and kept', () => {
  const NULLS = Array.from({ length: 30 }, (_, i) => (i + 1 === 3 ? '12345' : '""'))
  const everythingNull = `PID|${NULLS.join('|')}`

  test('a message with everything null clears all but what identifies the patient', () => {
    const patient = statementOf(said([mshOf('ADT^A08'), everythingNull]), 'patient')
    const cleared = Object.entries(patient.fields).filter(([, { value }]) => value === null)
    expect(cleared.map(([field]) => field).sort()).toEqual([
      'address.city',
      'address.country',
      'address.county',
      'address.line1',
      'address.line2',
      'address.postal_code',
      'address.state',
      'deceased',
      'deceased_at',
      'ethnicity',
      'marital_status',
      'phone_home',
      'phone_work',
      'preferred_language',
      'race',
      'religion',
      'ssn',
    ])
    expect(Object.keys(patient.fields)).not.toContain('last_name')
    expect(Object.keys(patient.fields)).not.toContain('date_of_birth')
    expect(Object.keys(patient.fields)).not.toContain('gender')
    expect(patient.keys.map(({ value }) => value)).toEqual(['12345'])
  })

  test('nothing is cleared on a connection that ignores nulls', () => {
    const patient = statementOf(said([mshOf('ADT^A08'), everythingNull], { nullMeans: 'ignore' }), 'patient')
    expect(valuesOf(patient)).toEqual({ external_id: '12345' })
  })

  test('an exception may be made for one field, by our name or by HL7’s', () => {
    const nullMeansFor = { religion: 'ignore', 'PID-13': 'ignore' } as const
    const { fields } = statementOf(said([mshOf('ADT^A08'), everythingNull], { nullMeansFor }), 'patient')
    expect(fields).not.toHaveProperty('religion')
    expect(fields).not.toHaveProperty('phone_home')
    expect(fields['race']?.value).toBeNull()
  })

  test('a null component clears that part and no other', () => {
    const pid = 'PID|1||12345||DOE^JOHN^""||||||1 OAK AVE^""^ERIE'
    const { fields } = statementOf(said([mshOf('ADT^A08'), pid]), 'patient')
    expect(fields['middle_name']).toEqual({ value: null, place: 'PID-5.3' })
    expect(fields['address.line2']).toEqual({ value: null, place: 'PID-11.2' })
    expect(fields['address.line1']?.value).toBe('1 OAK AVE')
    expect(fields).not.toHaveProperty('address.state')
  })

  test('an absent field is no statement', () => {
    expect(Object.keys(statementOf(said([mshOf('ADT^A08'), PID]), 'patient').fields).sort()).toEqual([
      'date_of_birth',
      'external_id',
      'first_name',
      'gender',
      'last_name',
    ])
  })

  test('a set is stated by its segments, deleted by one null segment, and else not stated', () => {
    const setOf = (...lines: string[]) =>
      statementOf(said([mshOf('ADT^A08'), PID, ...lines]), 'patient').sets['next_of_kin']
    expect(setOf('NK1|1|DOE^JANE|SPO', 'NK1|2|DOE^JIM|CHD')?.rows).toHaveLength(2)
    expect(setOf('NK1|1|""')).toEqual({ rows: [], place: 'NK1' })
    expect(setOf()).toBeUndefined()
  })
})

describe('sets', () => {
  const message = said([
    ...adt('A08'),
    'AL1|1|DA|70618^Penicillin^RXNORM|SV|Hives|20200101',
    'DG1|1||I10^Essential hypertension^I10C||20260301|A',
    'DG1|2|||Chest pain||W',
    'DG1|3||J18.9^Pneumonia^I10C||||||||||||||||||D',
    'IN1|1|PPO1^Preferred plan|1000|BLUE SHIELD EXAMPLE||||GRP1|||||||PPO|DOE^JOHN^Q|18|19800515',
    'IN2|||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||MEM9',
    'IN1|2|HMO2^Other plan',
  ])

  test('allergies keep their codes', () => {
    expect(statementOf(message, 'patient').sets['allergies']?.rows).toEqual([
      {
        type: 'DA',
        substance: { code: '70618', text: 'Penicillin', system: 'RXNORM' },
        severity: 'SV',
        reaction: 'Hives',
        onset: '2020-01-01',
      },
    ])
  })

  test('diagnoses belong to the visit; text serves where no code is sent, a deleted row is gone', () => {
    expect(statementOf(message, 'encounter').sets['diagnoses']?.rows).toEqual([
      {
        diagnosis: { code: 'I10', text: 'Essential hypertension', system: 'I10C' },
        onset: '2026-03-01',
        type: 'A',
      },
      { diagnosis: { text: 'Chest pain' }, type: 'W' },
    ])
  })

  test('each insurance has its own IN2, and its order', () => {
    const rows = statementOf(message, 'patient').sets['coverage']?.rows as Record<string, unknown>[]
    expect(rows.map(({ order, member_id, subscriber_name }) => [order, member_id, subscriber_name])).toEqual([
      [1, 'MEM9', 'JOHN Q DOE'],
      [2, undefined, undefined],
    ])
    expect(rows[0]).toMatchObject({ group_number: 'GRP1', plan_type: 'PPO', subscriber_relationship: 'self' })
    expect(message.warnings).toEqual([])
  })
})
