import { describe, expect, test } from 'vitest'
import { GUIDE_SAMPLE, said, statementOf, valuesOf } from './messages.setup.ts'

const address = {
  city: 'SPRINGFIELD',
  state: 'IL',
  postal_code: '62701',
  country: 'USA',
  county: 'SANGAMON',
}

describe('the sample ADT^A04 of the guide', () => {
  const message = said(GUIDE_SAMPLE, { profile: 'guide-sample' })
  const patient = statementOf(message, 'patient')
  const encounter = statementOf(message, 'encounter')

  test('gives every patient field the guide lists a value for', () => {
    expect(valuesOf(patient)).toEqual({
      external_id: '12345',
      first_name: 'JOHN',
      last_name: 'DOE',
      date_of_birth: '1980-05-15',
      gender: 'M',
      'address.line1': '123 MAIN ST',
      'address.city': 'SPRINGFIELD',
      'address.state': 'IL',
      'address.postal_code': '62701',
      'address.country': 'USA',
      'address.county': 'SANGAMON',
      phone_home: '+15555551234',
      phone_work: '+15555555678',
      preferred_language: 'en',
      race: '2106-3',
      marital_status: 'M',
      religion: 'CHR',
      ssn: '123-45-6789',
    })
  })

  test('names the patient by the MRN of Cerner', () => {
    const mrn = { value: '12345', authority: 'CERNER', type: 'MR', raw_type: 'MRN' }
    expect(patient.keys).toEqual([mrn])
    expect(patient.sets['identifiers']).toEqual({ rows: [mrn], place: 'PID-3' })
  })

  test('takes one county from PID-11.9 and PID-12', () => {
    expect(patient.fields['address.county']?.place).toBe('PID-11.9')
  })

  test('makes JANE an emergency contact and the spouse', () => {
    expect(patient.sets['next_of_kin']?.rows).toEqual([
      { last_name: 'DOE', first_name: 'JANE', relationship: 'SPS', phone: '+15555554321', role: 'EC' },
    ])
  })

  test('opens an outpatient visit with a referring provider, although the authority stands one place early', () => {
    expect(valuesOf(encounter)).toEqual({
      external_id: '100000',
      account_number: '100000',
      status: 'in-progress',
      class: 'AMB',
      location: { unit: 'CLINIC', facility: 'FACILITY' },
      referring: { id: '12345', authority: 'CERNER', last_name: 'JOHNSON', first_name: 'JANE' },
      start_time: '2022-03-15T19:26:58.000Z',
    })
    expect(encounter.keys).toEqual([
      { value: '100000', authority: 'CERNER', type: 'VN', raw_type: 'FIN NBR' },
    ])
  })

  test('reads the insurance by the remap of the profile, without a warning', () => {
    expect(patient.sets['coverage']?.rows).toEqual([
      {
        order: 1,
        plan: { code: 'BC123', text: 'BLUE CROSS' },
        payer_id: 'BLUEINS',
        insurance_provider: 'BLUE CROSS',
        payer_address: { line1: '123 INSURANCE WAY', ...address },
        payer_phone: '+15555559876',
        group_number: '100',
        group_name: 'FAMILY PLAN',
        member_id: 'BC987654321',
        subscriber_name: 'JOHN DOE',
        subscriber_relationship: 'self',
        subscriber_date_of_birth: '1980-05-15',
        subscriber_address: { line1: '123 MAIN ST', ...address },
      },
    ])
    expect(message.warnings).toEqual([])
  })
})

describe('the sample without the profile', () => {
  const message = said(GUIDE_SAMPLE)
  const patient = statementOf(message, 'patient')
  const shifts = message.warnings.filter(({ code }) => code === 'HL7_FIELDS_SHIFTED')

  test('writes nothing of the shifted insurance fields', () => {
    expect(patient.sets['coverage']?.rows).toEqual([
      {
        order: 1,
        plan: { code: 'BC123', text: 'BLUE CROSS' },
        payer_id: 'BLUEINS',
        insurance_provider: 'BLUE CROSS',
        payer_address: { line1: '123 INSURANCE WAY', ...address },
      },
    ])
  })

  test('warns of both shifts and proposes the remaps that mend them', () => {
    expect(shifts.map(({ place }) => place)).toEqual(['IN1-8', 'IN1-15'])
    const remap = shifts.flatMap((warning) => warning.remap ?? [])
    const mended = said(GUIDE_SAMPLE, { remap })
    expect(statementOf(mended, 'patient').sets['coverage']).toEqual(
      statementOf(said(GUIDE_SAMPLE, { profile: 'guide-sample' }), 'patient').sets['coverage'],
    )
    expect(mended.warnings).toEqual([])
  })

  test('keeps everything before the insurance as with the profile', () => {
    expect(valuesOf(patient)).toEqual(
      valuesOf(statementOf(said(GUIDE_SAMPLE, { profile: 'guide-sample' }), 'patient')),
    )
  })

  test('warnings name places and never values', () => {
    for (const { says } of message.warnings) expect(says).not.toMatch(/555|SELF|MAIN|1980|JOHN/)
  })
})

test('with the automatic profile the guide’s sample is read by its own layout, with a note', () => {
  const found = said(GUIDE_SAMPLE, { profile: 'auto' })
  const guided = said(GUIDE_SAMPLE, { profile: 'guide-sample' })
  expect(found.statements).toEqual(guided.statements)
  expect(found.warnings.map((one) => one.code)).toEqual(['HL7_LAYOUT_OF_GUIDE'])
})

test('with the automatic profile a message by the standard is read as without a profile', () => {
  const standard = GUIDE_SAMPLE.map((line) =>
    line.startsWith('IN1') ? 'IN1|1|BC123|BLUEINS|BLUE CROSS||||100|FAMILY PLAN' : line,
  )
  expect(said(standard, { profile: 'auto' })).toEqual(said(standard, { profile: null }))
})
