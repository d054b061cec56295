import { describe, expect, test } from 'vitest'
import { buildSearch, range } from './search.ts'
import type { SearchParameters } from './search.ts'

const DAY = range('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z')

describe('a search that Cerner takes is built', () => {
  test.each<[string, SearchParameters, string]>([
    [
      'Patient',
      { family: 'Müller', birthdate: '1990-01-31' },
      'Patient?family=M%C3%BCller&birthdate=1990-01-31',
    ],
    [
      'Patient',
      { 'family:exact': "O'Brien", birthdate: ['ge1990-01-01', 'le1990-12-31'] },
      "Patient?family:exact=O'Brien&birthdate=ge1990-01-01&birthdate=le1990-12-31",
    ],
    [
      'Patient',
      { _id: '1,2,3', _revinclude: 'Provenance:target' },
      'Patient?_id=1,2,3&_revinclude=Provenance:target',
    ],
    ['Patient', { identifier: 'urn:oid:1.2.3|501' }, 'Patient?identifier=urn:oid:1.2.3%7C501'],
    [
      'Appointment',
      { location: '1,2', date: DAY },
      'Appointment?location=1,2&date=ge2026-01-01T00:00:00Z&date=lt2026-01-02T00:00:00Z',
    ],
    [
      'Appointment',
      { patient: '9', '-date-or-req-period': 'ge2026-01-01T00:00:00Z' },
      'Appointment?patient=9&-date-or-req-period=ge2026-01-01T00:00:00Z',
    ],
    [
      'Slot',
      { '-location': '1', start: DAY, _include: ['Slot:schedule', 'Schedule:actor:Practitioner'] },
      'Slot?-location=1&start=ge2026-01-01T00:00:00Z&start=lt2026-01-02T00:00:00Z&_include=Slot:schedule&_include=Schedule:actor:Practitioner',
    ],
    [
      'Observation',
      { 'subject:Patient': '9', category: 'laboratory,vital-signs', _count: '200' },
      'Observation?subject:Patient=9&category=laboratory,vital-signs&_count=200',
    ],
    [
      'Immunization',
      { patient: '9', _lastUpdated: 'gt2026-01-01T00:00:00Z' },
      'Immunization?patient=9&_lastUpdated=gt2026-01-01T00:00:00Z',
    ],
    ['Organization', {}, 'Organization'],
  ])('%s %o', (type, parameters, expected) => {
    expect(buildSearch(type, parameters)).toBe(expected)
  })

  test('as DSTU 2, with a bare date and the names of that version', () => {
    expect(buildSearch('Appointment', { patient: '9', date: '2020-02' }, 'DSTU2')).toBe(
      'Appointment?patient=9&date=2020-02',
    )
    expect(
      buildSearch('Slot', { 'slot-type': 'x', start: ['ge2020-02-01', 'lt2020-02-02'] }, 'DSTU2'),
    ).toContain('slot-type=x')
    expect(() => buildSearch('Location', { _id: '1' }, 'DSTU2')).toThrow(/DSTU2/)
  })
})

describe('a search that Cerner would refuse with 400 is refused here', () => {
  test.each<[string, SearchParameters, string]>([
    ['Patient', {}, 'needs one of _id, identifier, name'],
    ['Patient', { gender: 'female' }, 'needs one of _id'],
    ['Patient', { name: 'a', family: 'b' }, 'needs only one of name and family'],
    ['Patient', { _id: '1', family: 'b' }, 'needs _id without other parameters'],
    ['Appointment', { patient: '9' }, 'needs exactly one of patient, practitioner and location, with date'],
    ['Appointment', { date: DAY }, 'needs exactly one of'],
    [
      'Appointment',
      { patient: '9', location: '1', date: DAY },
      'only one of patient and practitioner and location',
    ],
    [
      'Appointment',
      { patient: '9', date: DAY, '-date-or-req-period': DAY },
      'only one of date and -date-or-req-period',
    ],
    ['Slot', { start: DAY }, 'needs start from and to, with service-type'],
    ['Observation', { category: 'laboratory' }, 'needs _id, patient or subject'],
    [
      'Observation',
      { patient: '9', date: DAY, _lastUpdated: 'ge2026-01-01T00:00:00Z' },
      'only one of date and _lastUpdated',
    ],
    ['Encounter', { _count: '10', identifier: 'x' }, 'needs patient beside _count'],
    ['Practitioner', { identifier: 'x', given: 'Jane' }, 'needs family beside given'],
    ['Coverage', { patient: '9', '-encounter': '2' }, 'only one of patient and -encounter'],
    ['Location', { type: 'x', 'address-city': 'Boston' }, 'needs address-state or address-postalcode'],
  ])('as incomplete: %s %o', (type, parameters, says) => {
    expect(() => buildSearch(type, parameters)).toThrow(
      expect.objectContaining({ code: 'FHIR_SEARCH_INCOMPLETE' }) as Error,
    )
    expect(() => buildSearch(type, parameters)).toThrow(says)
  })

  test.each<[string, SearchParameters, string]>([
    ['Claim', { patient: '1' }, 'The type in a search of Claim is not one that Cerner searches in R4.'],
    ['Patient', { family: 'x', shoe: '43' }, 'shoe in a search of Patient is not a parameter Cerner knows.'],
    ['Patient', { 'family:missing': 'true' }, 'a modifier Cerner knows'],
    ['Patient', { family: ['a', 'b'] }, 'given once'],
    ['Patient', { family: '' }, 'a value'],
    ['Patient', { birthdate: 'ge1990-01-31T00:00:00Z' }, 'a date without a time'],
    ['Patient', { birthdate: 'sa1990-01-31' }, 'a date without a time'],
    ['Patient', { birthdate: ['ge1990-01-01', 'gt1990-01-02'] }, 'a range of two bounds'],
    ['Appointment', { patient: '9', date: 'ge2026-01-01' }, 'a time with its zone'],
    ['Appointment', { patient: '9', date: 'ge2026-01-01T00:00:00' }, 'a time with its zone'],
    ['Slot', { 'service-type': 'x', start: 'ge2026-01-01T00:00:00Z' }, 'a range: ge or gt and lt or le'],
    ['Immunization', { patient: '9', _lastUpdated: 'lt2026-01-01T00:00:00Z' }, 'one with ge, gt in front'],
    ['Observation', { patient: '9', _count: '201' }, 'a number from 1 to 200'],
    ['Slot', { 'service-type': 'x', start: DAY, _include: 'Slot:patient' }, 'one of Slot:schedule'],
    ['Observation', { patient: '9 or 1=1' }, 'an id or a list of ids'],
  ])('as not valid: %s %o', (type, parameters, says) => {
    expect(() => buildSearch(type, parameters)).toThrow(
      expect.objectContaining({ code: 'FHIR_SEARCH_INVALID' }) as Error,
    )
    expect(() => buildSearch(type, parameters)).toThrow(says)
  })

  test('without quoting what was searched for', () => {
    expect(() => buildSearch('Patient', { birthdate: 'Nightingale' })).not.toThrow('Nightingale')
  })
})

test('a value cannot add a parameter', () => {
  expect(buildSearch('Patient', { family: 'a&_id=1#x?y' })).toBe('Patient?family=a%26_id%3D1%23x%3Fy')
})
