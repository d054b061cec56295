import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDoors, TENANT, type TestDoors } from '../server.world.ts'

let doors: TestDoors
beforeEach(async () => {
  doors = await openDoors()
})
afterEach(() => doors[Symbol.asyncDispose]())

const read = async (path: string): Promise<Record<string, unknown>> =>
  (await (await doors.get(path)).json()) as Record<string, unknown>

test('an app finds every address from the FHIR base, without a token', async () => {
  const { url, endpoints } = doors.server
  const found = await read(`/r4/${TENANT}/.well-known/smart-configuration`)
  expect(found).toMatchObject({
    issuer: `${url}/tenants/${TENANT}`,
    authorization_endpoint: `${url}/tenants/${TENANT}/protocols/oauth2/profiles/smart-v1/personas/provider/authorize`,
    token_endpoint: `${url}/tenants/${TENANT}/hosts/127.0.0.1/protocols/oauth2/profiles/smart-v1/token`,
    revocation_endpoint: `${url}/tenants/${TENANT}/protocols/oauth2/profiles/smart-v1/token/revoke`,
    introspection_endpoint: `${url}/tokeninfo`,
    management_endpoint: `${url}/tenants/${TENANT}/personas/provider/my-authorizations`,
    jwks_uri: `${url}/jwk`,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
  })
  expect(found['capabilities']).toEqual(
    expect.arrayContaining(['launch-ehr', 'permission-v1', 'permission-v2']),
  )
  expect(found['scopes_supported']).not.toContain('patient/Practitioner.read')
  expect(endpoints.smartConfiguration).toBe(`${url}/r4/${TENANT}/.well-known/smart-configuration`)
})

test('the base may end in a slash or carry a host name, and DSTU 2 has the same server', async () => {
  const plain = await read(`/r4/${TENANT}/.well-known/smart-configuration`)
  expect(await read(`/r4/${TENANT}/.well-known/smart-configuration/`)).toEqual(plain)
  expect(await read(`/fhir-ehr.cerner.com/r4/${TENANT}/.well-known/smart-configuration`)).toEqual(plain)
  expect(await read(`/dstu2/${TENANT}/.well-known/smart-configuration`)).toEqual(plain)
})

test('the host for patients sends them to their own log-in', async () => {
  const found = await read(`/fhir-myrecord.cerner.com/r4/${TENANT}/.well-known/smart-configuration`)
  expect(found['authorization_endpoint']).toMatch(/personas\/patient\/authorize$/)
  expect(found['capabilities']).toContain('context-standalone-patient')
})

test('an unknown tenant is told in plain text', async () => {
  const answer = await doors.get('/r4/another/.well-known/smart-configuration')
  expect([answer.status, await answer.text()]).toEqual([403, 'Tenant not valid or accessible'])
})

test('the key set has an RSA and two EC keys, and none of their private halves', async () => {
  const { keys } = (await read('/jwk')) as { keys: Record<string, string>[] }
  expect(keys.map(({ alg }) => alg)).toEqual(['RS256', 'ES256', 'ES384'])
  expect(keys.every((key) => !('d' in key) && key['use'] === 'sig')).toBe(true)
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(3)
})
