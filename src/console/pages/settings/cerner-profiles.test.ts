import { expect, test } from 'vitest'
import { cernerSettingsJson } from '../../../connectors/cerner/definition.ts'
import { FEATURES, PROFILES } from '../../../connectors/cerner/profiles.ts'
import settings from '../../fixtures/cerner-settings.json' with { type: 'json' }
import * as shown from './cerner-profiles.ts'

test('the table of Cerner versions that is shown is the one that the engine goes by', () => {
  expect(shown.PROFILES).toEqual(PROFILES)
})

test('every feature of the table has a name for people', () => {
  expect(Object.keys(shown.FEATURE_WORDS).sort()).toEqual([...FEATURES].sort())
})

test('the Cerner settings of the fixtures are the schema that the API hands out', () => {
  expect(settings).toEqual(JSON.parse(JSON.stringify(cernerSettingsJson)))
})
