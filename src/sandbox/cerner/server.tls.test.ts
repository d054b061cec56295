import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDoors, TENANT, type TestDoors } from './server.world.ts'

const pem = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../fixtures/tls', `${name}.pem`), 'utf8')
const tls = { cert: pem('server.cert'), key: pem('server.key') }
const ca = pem('ca.cert')

/** A call over TLS on a connection of its own. */
const read = (address: string, options: object = {}): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    get(address, { ca, agent: false, ...options }, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')))
      answer.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>))
    }).on('error', reject)
  })

const open = (): Promise<TestDoors> => openDoors({ tls })

test('with a certificate every address is https, and TLS 1.1 does not get in', async () => {
  await using doors = await open()
  const { smartConfiguration, issuer } = doors.server.endpoints
  expect(smartConfiguration).toMatch(/^https:/)
  expect(await read(smartConfiguration)).toMatchObject({ issuer, jwks_uri: `${doors.server.url}/jwk` })
  expect(issuer).toMatch(new RegExp(`^https://127\\.0\\.0\\.1:\\d+/tenants/${TENANT}$`))
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
  await expect(read(smartConfiguration, old)).rejects.toThrow(/protocol version/)
})

test('new connections can be made to meet another certificate, until the fault ends', async () => {
  await using doors = await open()
  const { jwks } = doors.server.endpoints
  const fault = { kind: 'certificate', cert: pem('stranger.cert'), key: pem('stranger.key') }
  expect(await doors.server.faults.add(fault)).toMatchObject({ id: 1 })
  await expect(read(jwks)).rejects.toThrow(/certificate/)
  doors.server.faults.clear()
  expect(await read(jwks)).toHaveProperty('keys')
})

test('a certificate that cannot be used is refused and changes nothing', async () => {
  await using doors = await open()
  expect(await doors.server.faults.add({ kind: 'certificate', cert: 'x', key: 'y' })).toEqual({
    refused: 'cert: not a certificate with its own key, in PEM',
  })
  expect(await read(doors.server.endpoints.jwks)).toHaveProperty('keys')
})
