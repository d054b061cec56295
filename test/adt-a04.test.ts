import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { originsOf, rowsOf, valueOf } from '../src/model/document.ts'
import { codeOf, openWorld } from './world.ts'

const sample = await readFile(new URL('../fixtures/hl7v2/valid/guide-adt-a04.hl7', import.meta.url), 'latin1')

test('the guide’s sample ADT^A04 becomes patient, identifiers, next of kin, visit and coverage', async () => {
  await using world = await openWorld()
  const [reply = ''] = await world.send(sample)
  expect(codeOf(reply)).toBe('AA')
  expect(reply).toContain('MSA|AA|12345')
  await world.settled()

  const [patient, ...others] = await world.records('patient')
  expect(others).toEqual([])
  const document = patient?.document ?? expect.fail('no patient')
  expect(valueOf(document, 'last_name')).toBe('DOE')
  expect(valueOf(document, 'first_name')).toBe('JOHN')
  expect(valueOf(document, 'date_of_birth')).toBe('1980-05-15')
  expect(valueOf(document, 'gender')).toBe('M')
  expect(valueOf(document, 'phone_home')).toBe('+15555551234')
  expect(valueOf(document, 'address.city')).toBe('SPRINGFIELD')
  expect(rowsOf(document, 'identifiers')).toContainEqual(
    expect.objectContaining({ value: '12345', authority: 'CERNER', type: 'MR' }),
  )
  expect(rowsOf(document, 'next_of_kin')).toEqual([
    expect.objectContaining({ last_name: 'DOE', first_name: 'JANE', role: 'EC' }),
  ])
  expect(rowsOf(document, 'coverage')).toEqual([
    expect.objectContaining({
      group_number: '100',
      member_id: 'BC987654321',
      insurance_provider: 'BLUE CROSS',
    }),
  ])
  expect(originsOf(document)['last_name']?.place).toBe('PID-5.1.1')
  const [visit] = await world.records('encounter')
  expect(visit?.patient_id).toBe(patient?.id)
  expect(valueOf(visit?.document ?? expect.fail('no visit'), 'external_id')).toBe('100000')
})

test('the same message again changes nothing and gets the same acknowledgement byte for byte', async () => {
  await using world = await openWorld()
  const [first] = await world.send(sample)
  await world.settled()
  const before = await world.records('patient')
  const [second] = await world.send(sample)
  expect(second).toBe(first)
  await world.settled()
  expect(await world.records('patient')).toEqual(before)
  expect((await world.exchanges()).map((one) => [one.state, one.error_code])).toEqual([
    ['applied', null],
    ['duplicate', null],
  ])
})

test('an older A08 changes nothing newer', async () => {
  await using world = await openWorld()
  const older = sample
    .replace('ADT^A04|12345|', 'ADT^A08|12346|')
    .replaceAll('20220315142658', '20220314142658')
    .replace('DOE^JOHN', 'ROE^JOHN')
  const replies = await world.send(sample, older)
  expect(replies.map(codeOf)).toEqual(['AA', 'AA'])
  await world.settled()
  const [patient] = await world.records('patient')
  expect(valueOf(patient?.document ?? expect.fail('no patient'), 'last_name')).toBe('DOE')
})
