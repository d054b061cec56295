import { expect, test } from 'vitest'
import { driftOf, offers, readCapability } from './capability.ts'

const statement = (resource: object[], more: object = {}) => ({
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  date: '2026-08-14',
  format: ['json', 'application/fhir+json'],
  patchFormat: ['application/json-patch+json'],
  rest: [{ mode: 'server', resource }],
  ...more,
})
const slot = (...interactions: string[]) => ({
  type: 'Slot',
  interaction: interactions.map((code) => ({ code })),
  searchParam: [{ name: 'start', type: 'date' }],
  searchInclude: ['Slot:schedule'],
})

test('a statement tells what each type offers', () => {
  const read = readCapability(statement([slot('read', 'search-type')]))
  if (!read) throw new Error('not read')
  expect(read).toMatchObject({ fhirVersion: '4.0.1', patchFormats: ['application/json-patch+json'] })
  expect([
    offers(read, 'Slot', 'search'),
    offers(read, 'Slot', 'patch'),
    offers(read, 'Claim', 'read'),
  ]).toEqual([true, false, false])
  expect(read.types.get('Slot')).toMatchObject({ parameters: ['start'], includes: ['Slot:schedule'] })
})

test('a DSTU 2 Conformance is read alike', () => {
  const read = readCapability({
    resourceType: 'Conformance',
    fhirVersion: '1.0.2',
    rest: [{ resource: [slot('read')] }],
  })
  expect(read?.fhirVersion).toBe('1.0.2')
})

test('what has another shape counts as absent', () => {
  expect(readCapability({ resourceType: 'Patient' })).toBeNull()
  expect(readCapability(null)).toBeNull()
  const read = readCapability(
    statement([{ type: 'Slot', interaction: 'read', searchParam: [7, { name: 'start' }] }], {
      format: 'json',
    }),
  )
  expect(read?.types.get('Slot')).toMatchObject({ interactions: [] })
  expect(read?.formats).toEqual([])
})

test('drift names what went and what came', () => {
  const before = readCapability(statement([slot('read', 'search-type'), { type: 'Basic' }]))
  const after = readCapability(
    statement([slot('read', 'patch'), { type: 'Consent' }], { fhirVersion: '4.3.0' }),
  )
  if (!before || !after) throw new Error('not read')
  expect(driftOf(before, before)).toEqual([])
  expect(driftOf(before, after)).toEqual([
    { place: 'fhirVersion', change: 'changed' },
    { place: 'Basic', change: 'went' },
    { place: 'Consent', change: 'came' },
    { place: 'Slot.interaction.search-type', change: 'went' },
    { place: 'Slot.interaction.patch', change: 'came' },
  ])
})
