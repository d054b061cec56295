import { expect, test } from 'vitest'
import settings from '../../fixtures/cerner-settings.json' with { type: 'json' }
import { placesOf, SECTIONS, tabOf, unplaced } from './cerner-sections.ts'
import { faultsOf, filled, getAt, isRecord, putAt, schemaAt, type JsonSchema } from './json-schema.ts'
import { placesThatDiffer, rebased } from './use-settings-draft.ts'

const schema = settings as JsonSchema
const defaults = filled(schema, {})

test('every setting of a Cerner connection stands on exactly one tab', () => {
  const placed = Object.values(SECTIONS).flatMap((sections) => sections.flatMap(({ places }) => places))
  expect(unplaced(schema)).toEqual([])
  expect([...placed].sort()).toEqual(placesOf(schema).sort())
})

test('a place inside a group is found on the tab of its group', () => {
  expect(tabOf('millennium.soap.endpoint')).toBe('services')
  expect(tabOf('rules.fields.phone_mobile')).toBe('rules')
  expect(tabOf('something.new')).toBe('advanced')
})

test('the defaults of the Cerner settings have no fault', () => {
  expect(faultsOf(schema, defaults)).toEqual(new Map())
})

test('an address may be empty or whole, and nothing between', () => {
  const faultsWith = (base: string) =>
    faultsOf(schema, putAt(isRecord(defaults) ? defaults : {}, 'fhir.base', base)).get('fhir.base')
  expect(faultsWith('https://fhir-ehr.cerner.com/r4/tenant/')).toBeUndefined()
  expect(faultsWith('')).toBeUndefined()
  expect(faultsWith('fhir-ehr.cerner.com')).toBe('Write a full address such as https://….')
  expect(faultsWith('ftp://fhir-ehr.cerner.com')).toBe('Write a full address such as https://….')
})

test('a value is put at its place and everything around it stays', () => {
  const settings = { fhir: { base: 'a', version: 'R4' }, zone: 'UTC' }
  expect(putAt(settings, 'fhir.base', 'b')).toEqual({ fhir: { base: 'b', version: 'R4' }, zone: 'UTC' })
  expect(getAt(settings, 'fhir.base')).toBe('a')
  expect(getAt(settings, 'fhir.nowhere.deep')).toBeUndefined()
  expect(schemaAt(schema, 'pull.daysAhead').maximum).toBe(730)
})

test('only the fields that I changed stand on top of a newer version', () => {
  const mine = {
    name: 'Mine',
    enabled: true,
    settings: { fhir: { base: 'mine', version: 'R4' }, zone: 'UTC' },
  }
  const stored = { fhir: { base: 'old', version: 'R4' }, zone: 'UTC' }
  const theirs = {
    name: 'Theirs',
    enabled: false,
    settings: { fhir: { base: 'old', version: 'DSTU2' }, zone: 'America/Denver' },
  }
  const shape: JsonSchema = { properties: { fhir: { properties: { base: {}, version: {} } }, zone: {} } }
  const changed = placesThatDiffer(shape, mine.settings, stored, 'settings')
  expect(changed).toEqual(['settings.fhir.base'])
  expect(rebased(mine, changed, theirs)).toEqual({
    name: 'Theirs',
    enabled: false,
    settings: { fhir: { base: 'mine', version: 'DSTU2' }, zone: 'America/Denver' },
  })
})
