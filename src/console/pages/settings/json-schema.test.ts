import { expect, test } from 'vitest'
import settings from '../../fixtures/hl7-settings.json' with { type: 'json' }
import { faultFromServer, faultsOf, filled, labelOf, type JsonSchema } from './json-schema.ts'

const schema = settings as JsonSchema

test('the defaults of the HL7 settings have no fault', () => {
  expect(faultsOf(schema, filled(schema, {}))).toEqual(new Map())
})

test('what is set stays, what is not set shows its default', () => {
  expect(filled(schema, { port: 6661, tls: { enabled: true } })).toMatchObject({
    port: 6661,
    host: '127.0.0.1',
    outbound: null,
    tls: { enabled: true, minVersion: 'TLSv1.2' },
  })
})

test('faults stand at their field, also inside lists, pairs and groups', () => {
  const wrong = {
    port: 70_000,
    allow: ['10.0.0.0/8', 'anywhere'],
    fieldRemap: [{ from: 'IN1-35', to: 'insurance' }],
    nullMeansByField: { pid5: 'clear' },
    tls: { cert: 'not pem', key: '********' },
  }
  expect([...faultsOf(schema, filled(schema, wrong)).keys()].sort()).toEqual([
    'allow.1',
    'fieldRemap.0.to',
    'nullMeansByField.pid5',
    'port',
    'tls.cert',
  ])
})

test('a field that the server refuses is found in its sentence', () => {
  expect(faultFromServer('The request is not valid at settings.tls.cert: not PEM.')).toEqual([
    'tls.cert',
    'not PEM.',
  ])
  expect(faultFromServer('The database did not answer.')).toBeNull()
})

test('a setting without a label is named by its words', () => {
  expect(labelOf('maxPerAddress', {})).toBe('Max per address')
})
