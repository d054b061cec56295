import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { clientFor, sendJson } from './far-side.world.ts'
import { readPem } from './pem.ts'

const folder = new URL('../../../fixtures/tls/', import.meta.url)
const material = (name: string): Promise<string> => readFile(new URL(`${name}.pem`, folder), 'utf8')

async function overTls(ca: string | null, options: ServerOptions = {}) {
  let asked = 0
  const server = createServer(
    { cert: await material('server.cert'), key: await material('server.key'), ...options },
    (_, response) => {
      asked++
      sendJson(response, { resourceType: 'Patient', id: '1' })
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { client, log } = clientFor(`https://localhost:${port}/r4/t`, { ca })
  try {
    const result: unknown = await client.read('Patient', '1').catch((error: unknown) => error)
    return { result, asked, tries: log.calls.length }
  } finally {
    await client[Symbol.asyncDispose]()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('an authority of the settings is trusted', async () => {
  const ca = await readPem('tls.ca', `file:${new URL('ca.cert.pem', folder).pathname}`)
  expect((await overTls(ca)).result).toMatchObject({ resource: { id: '1' } })
})

test.each<[string, Promise<string | null>]>([
  ['the public authorities alone', Promise.resolve(null)],
  ['another authority', material('other-ca.cert')],
])(
  'a certificate that %s do not vouch for is refused at once, before the token is sent',
  async (_name, ca) => {
    const { result, asked, tries } = await overTls(await ca)
    expect(result).toMatchObject({ code: 'FHIR_UNREACHABLE', kind: 'transient' })
    expect([asked, tries]).toEqual([0, 1])
  },
)

test('TLS older than 1.2 is refused', async () => {
  const ca = await material('ca.cert')
  const { result, asked } = await overTls(ca, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  expect(result).toMatchObject({ code: 'FHIR_UNREACHABLE' })
  expect(asked).toBe(0)
})

test('a setting that holds no PEM is named', async () => {
  await expect(readPem('tls.ca', 'file:/no/such/file')).rejects.toMatchObject({
    code: 'TLS_MATERIAL_INVALID',
    at: { place: 'tls.ca' },
  })
  await expect(readPem('tls.ca', 'hello')).rejects.toMatchObject({ code: 'TLS_MATERIAL_INVALID' })
  expect(await readPem('tls.ca', '')).toBeNull()
})
