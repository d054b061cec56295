import { describe, expect, test } from 'vitest'
import { bookProposedPatch, patientPatch, reschedulePatch } from './patch.ts'
import type { PatientChange } from './patch.ts'

const PATIENT = {
  resourceType: 'Patient',
  name: [{ id: 'CI-9001-0', family: 'DOE' }],
  telecom: [{ id: 'CI-PH-1' }, { id: 'CI-PH-2' }, { system: 'email' }],
  address: [{ id: 'CI-A-1' }],
}
const patch = (...changes: PatientChange[]) => patientPatch(PATIENT, changes)

test('a change inside a list first tests the id of the element, once', () => {
  expect(
    patch(
      { change: 'replace', element: 'address', index: 0, member: 'city', value: 'Boston' },
      { change: 'replace', element: 'address', index: 0, member: 'postalCode', value: '02101' },
    ),
  ).toEqual([
    { op: 'test', path: '/address/0/id', value: 'CI-A-1' },
    { op: 'replace', path: '/address/0/city', value: 'Boston' },
    { op: 'replace', path: '/address/0/postalCode', value: '02101' },
  ])
})

test('replacements come first, removals from the end of the list, additions last, so that every index means what was read', () => {
  const phone = { system: 'phone', use: 'mobile', value: '5555550100' }
  const operations = patch(
    { change: 'add', element: 'telecom', value: phone },
    { change: 'remove', element: 'telecom', index: 0 },
    { change: 'remove', element: 'telecom', index: 1 },
    { change: 'replace', element: 'name', index: 0, member: 'family', value: 'ROE' },
    { change: 'set', member: 'gender', value: 'female' },
  )
  expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
    'test /name/0/id',
    'replace /name/0/family',
    'test /telecom/1/id',
    'remove /telecom/1',
    'test /telecom/0/id',
    'remove /telecom/0',
    'add /telecom/-',
    'replace /gender',
  ])
})

describe('what Cerner does not take is refused', () => {
  test.each<[string, PatientChange[], string]>([
    [
      'the use of a phone',
      [{ change: 'replace', element: 'telecom', index: 0, member: 'use', value: 'work' }],
      'telecom.use',
    ],
    [
      'a second name',
      [{ change: 'replace', element: 'name', index: 1, member: 'family', value: 'X' }],
      'only the first name',
    ],
    ['an element without an id', [{ change: 'remove', element: 'telecom', index: 2 }], 'no element id'],
    ['an element that is not there', [{ change: 'remove', element: 'address', index: 5 }], 'no element id'],
    [
      'an element that goes in the same change',
      [
        { change: 'remove', element: 'telecom', index: 0 },
        { change: 'replace', element: 'telecom', index: 0, member: 'value', value: '1' },
      ],
      'removed in the same change',
    ],
    [
      'a list and a part of it',
      [
        { change: 'set', member: 'extension', value: [] },
        { change: 'add', element: 'extension', value: {} },
      ],
      'change together',
    ],
  ])('%s', (_name, changes, says) => {
    expect(() => patch(...changes)).toThrow(
      expect.objectContaining({ code: 'FHIR_PATCH_NOT_POSSIBLE' }) as Error,
    )
    expect(() => patch(...changes)).toThrow(says)
  })
})

test('the patches of an appointment are those of the vendor', () => {
  // cerner/fhir.cerner.com, R4 appointment patches: slot, action-comment with slot, reason.
  expect(reschedulePatch('2582093771-22784981-63303788-60')).toEqual([
    { op: 'replace', path: '/slot', value: [{ reference: 'Slot/2582093771-22784981-63303788-60' }] },
  ])
  expect(reschedulePatch('1-2-3-0', 'Rescheduling Appointment')).toEqual([
    { op: 'replace', path: '/slot', value: [{ reference: 'Slot/1-2-3-0' }] },
    {
      op: 'replace',
      path: '/extension',
      value: [
        {
          url: 'https://fhir-ehr.cerner.com/r4/StructureDefinition/action-comment',
          valueString: 'Rescheduling Appointment',
        },
      ],
    },
  ])
  expect(bookProposedPatch('1-2-3-0', 'I have a headache')).toEqual([
    { op: 'add', path: '/slot', value: [{ reference: 'Slot/1-2-3-0' }] },
    { op: 'replace', path: '/status', value: 'booked' },
    { op: 'add', path: '/reasonCode', value: [{ text: 'I have a headache' }] },
  ])
  expect(() => reschedulePatch('../1')).toThrow(/slot/)
})
