import { expect, test } from 'vitest'
import { cernerSettings, cernerSettingsJson } from '../../connectors/cerner/definition.ts'
import settingsShown from '../../console/fixtures/cerner-settings.json' with { type: 'json' }
import versionsShown from '../../console/fixtures/cerner-profiles.json' with { type: 'json' }
import { profilesShown, scopeStates } from './status.ts'

test('the versions and settings that the console is tested with are those the engine shows', () => {
  expect(versionsShown).toEqual(profilesShown())
  expect(settingsShown).toEqual(JSON.parse(JSON.stringify(cernerSettingsJson)))
})

test('a scope that was asked for and not granted says what does not work without it', () => {
  const settings = cernerSettings.parse({
    fhir: { base: 'https://fhir.example/r4/t' },
    pull: { resources: ['Patient', 'Immunization'] },
  })
  const states = scopeStates(settings, { sealed: Buffer.alloc(1), scope: 'system/Patient.read' })
  expect(states.find((one) => one.scope === 'system/Patient.read')?.granted).toBe(true)
  expect(states.find((one) => one.scope === 'system/Immunization.read')).toMatchObject({
    granted: false,
    asked: true,
    breaks: 'Immunizations do not appear in the chart.',
  })
  expect(scopeStates(settings, undefined).every((one) => one.granted === null)).toBe(true)
})
