import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HL7V2_SECRETS, hl7v2SettingsJson } from '../connectors/hl7v2/definition.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { testVault } from '../store/test-rows.ts'
import {
  joinSecrets,
  MASK,
  maskSecrets,
  openSecrets,
  sealSecrets,
  splitSecrets,
  unmaskSecrets,
} from './secrets.ts'

const key = fc.oneof(
  fc.constant(''),
  fc.string().filter((text) => text !== MASK),
)
const settings = fc.record(
  {
    port: fc.integer(),
    tls: fc.record({ enabled: fc.boolean(), key }),
    outbound: fc.oneof(fc.constant(null), fc.record({ host: fc.string(), tls: fc.record({ key }) })),
  },
  { requiredKeys: ['port'] },
)

test('what was split joins again to the same settings', () => {
  fc.assert(
    fc.property(settings, (whole) => {
      const { open, secrets } = splitSecrets(whole, HL7V2_SECRETS)
      expect(joinSecrets(open, secrets)).toEqual(whole)
    }),
  )
})

test('the open part holds no secret, and settings are not changed by splitting', () => {
  fc.assert(
    fc.property(settings, (whole) => {
      const before = structuredClone(whole)
      const { open } = splitSecrets(whole, HL7V2_SECRETS)
      expect(splitSecrets(open, HL7V2_SECRETS).secrets).toEqual({})
      expect(whole).toEqual(before)
    }),
  )
})

test('what is shown and sent back as it was keeps every secret', () => {
  fc.assert(
    fc.property(settings, (whole) => {
      const { open, secrets } = splitSecrets(whole, HL7V2_SECRETS)
      const shown = maskSecrets(open, secrets)
      for (const secret of Object.values(secrets))
        expect(Object.values(splitSecrets(shown, HL7V2_SECRETS).secrets)).not.toContain(secret)
      expect(unmaskSecrets(shown, secrets, HL7V2_SECRETS)).toEqual(whole)
    }),
  )
})

test('a new secret replaces, an empty one removes, and a mask without a secret behind it is nothing', () => {
  const secrets = { 'tls.key': 'old' }
  expect(unmaskSecrets({ tls: { key: 'new' } }, secrets, HL7V2_SECRETS)).toEqual({ tls: { key: 'new' } })
  expect(unmaskSecrets({ tls: { key: '' } }, secrets, HL7V2_SECRETS)).toEqual({ tls: { key: '' } })
  expect(unmaskSecrets({ tls: { key: MASK } }, {}, HL7V2_SECRETS)).toEqual({ tls: { key: '' } })
  expect(joinSecrets({ outbound: null }, { 'outbound.tls.key': 'kept' })).toEqual({ outbound: null })
})

test('secrets are sealed for their own connection', () => {
  const vault = testVault()
  const id = '01890000-0000-7000-8000-000000000001' as ConnectionId
  const sealed = sealSecrets(vault, id, { 'tls.key': 'a private key' })
  expect(sealed?.toString('latin1')).not.toContain('private')
  expect(openSecrets(vault, id, sealed)).toEqual({ 'tls.key': 'a private key' })
  expect(() => openSecrets(vault, '01890000-0000-7000-8000-000000000002' as ConnectionId, sealed)).toThrow()
  expect(sealSecrets(vault, id, {})).toBeNull()
  expect(openSecrets(vault, id, null)).toEqual({})
})

test('every setting marked secret in the form is one that is sealed', () => {
  const found: string[] = []
  const walk = (node: unknown, path: string[]): void => {
    if (typeof node !== 'object' || node === null) return
    const { properties, secret, anyOf } = node as { properties?: object; secret?: boolean; anyOf?: unknown[] }
    if (secret) found.push(path.join('.'))
    for (const [name, child] of Object.entries(properties ?? {})) walk(child, [...path, name])
    for (const child of anyOf ?? []) walk(child, path)
  }
  walk(hl7v2SettingsJson, [])
  expect(found).toEqual([...HL7V2_SECRETS])
})
