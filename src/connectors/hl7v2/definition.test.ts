import { expect, test } from 'vitest'
import { hl7v2Settings, hl7v2SettingsJson } from './definition.ts'

const accepts = (settings: object): boolean => hl7v2Settings.safeParse(settings).success

test('a connection without any setting is a plain listener on the registered port of this machine', () => {
  expect(hl7v2Settings.parse({})).toMatchObject({
    host: '127.0.0.1',
    port: 2575,
    frameBytes: 67_108_864,
    idleInFrameMs: 60_000,
    tls: { enabled: false, minVersion: 'TLSv1.2' },
    ackMode: 'on_commit',
    filter: { events: [] },
    outbound: null,
  })
})

test('settings come back from what was parsed unchanged', () => {
  const settings = hl7v2Settings.parse({
    outbound: {},
    fieldRemap: [{ from: 'IN1-35', to: 'IN1-36' }],
    zone: 'America/Chicago',
  })
  expect(hl7v2Settings.parse(settings)).toEqual(settings)
})

test('addresses, places, events, zones and key material are checked where they are written', () => {
  expect(accepts({ allow: ['10.1.2.0/24', '192.168.1.9', 'fd00::/8', '::1'] })).toBe(true)
  expect(accepts({ allow: ['10.1.2.0/33'] })).toBe(false)
  expect(accepts({ fieldRemap: [{ from: 'IN1', to: 'IN1-36' }] })).toBe(false)
  expect(accepts({ filter: { events: ['ADT^A04', 'SIU^*'] } })).toBe(true)
  expect(accepts({ filter: { events: ['A04'] } })).toBe(false)
  expect(accepts({ zone: 'Middle/Earth' })).toBe(false)
  expect(accepts({ tls: { key: 'file:/etc/keys/listener.pem' } })).toBe(true)
  expect(accepts({ tls: { key: 'listener.pem' } })).toBe(false)
})

test('the form knows a label for every setting, and which ones are secret', () => {
  const properties = hl7v2SettingsJson.properties as Record<
    string,
    { label?: string; properties?: Record<string, object> }
  >
  expect(Object.entries(properties).filter(([, setting]) => !setting.label)).toEqual([])
  expect(properties['tls']?.properties?.['key']).toMatchObject({ secret: true, label: 'Private key' })
  expect(properties['tls']?.properties?.['cert']).not.toHaveProperty('secret')
})
