import { expect, test } from 'vitest'
import { clientFor, farSide, sendJson } from '../fhir/far-side.world.ts'
import type { Answering } from '../fhir/far-side.world.ts'
import type { WebClient } from '../fhir/client.ts'
import { baseOf, discover } from './discover.ts'

const WELL_KNOWN = {
  issuer: 'https://authorization.cerner.com/tenants/t',
  token_endpoint: 'https://authorization.cerner.com/tenants/t/token',
  authorization_endpoint: 'https://authorization.cerner.com/tenants/t/authorize',
  capabilities: ['launch-ehr'],
}
const METADATA = {
  resourceType: 'CapabilityStatement',
  rest: [
    {
      security: {
        extension: [
          {
            url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
            extension: [
              { url: 'token', valueUri: 'https://authorization.cerner.com/old/token' },
              { url: 'authorize', valueUri: 'https://authorization.cerner.com/old/authorize' },
            ],
          },
        ],
      },
    },
  ],
}

async function discoverAt(answering: Answering, slash = '') {
  await using far = await farSide(answering)
  const { client } = clientFor(baseOf(`${far.base}${slash}`), { limits: { retries: 0 } })
  await using _ = client
  const result: unknown = await discover(client.web).catch((error: unknown) => error)
  return { result, urls: far.asked.map(({ url }) => url), asked: far.asked }
}

test.each(['', '/', '//', '/metadata', '/.well-known/smart-configuration', '/metadata?_format=json'])(
  'a base pasted with "%s" at its end is found by its smart-configuration, without a token',
  async (slash) => {
    const { result, urls, asked } = await discoverAt((_, response) => sendJson(response, WELL_KNOWN), slash)
    expect(result).toMatchObject({
      configuration: { tokenUrl: WELL_KNOWN.token_endpoint, issuer: WELL_KNOWN.issuer },
      evidence: [{ place: 'smart-configuration', status: 200, found: true }],
    })
    expect(urls).toEqual(['/r4/tenant/.well-known/smart-configuration'])
    expect(asked[0]?.headers.authorization).toBeUndefined()
  },
)

test('a server without one is found by its metadata, and both looks are told', async () => {
  const { result } = await discoverAt((one, response) =>
    one.url.endsWith('/metadata') ? sendJson(response, METADATA) : response.writeHead(404).end(),
  )
  expect(result).toMatchObject({
    configuration: { tokenUrl: 'https://authorization.cerner.com/old/token' },
    evidence: [
      { place: 'smart-configuration', status: 404, found: false, reason: 'it is not there' },
      { place: 'metadata', status: 200, found: true },
    ],
  })
})

test('a server that is open names no authorization server', async () => {
  const { result } = await discoverAt((_, response) =>
    sendJson(response, { resourceType: 'CapabilityStatement', rest: [] }),
  )
  expect(result).toMatchObject({ code: 'FHIR_DISCOVERY_FAILED', kind: 'permanent' })
})

test('a server that does not answer is no wrong address', async () => {
  const { result } = await discoverAt((_, response) => response.writeHead(503).end())
  expect(result).toMatchObject({ code: 'FHIR_UNAVAILABLE', kind: 'transient' })
})

test('a server under TLS that names a token address without it is not given our secret', async () => {
  const answer = { status: 200, headers: {}, bytes: Buffer.from('') }
  const document = { ...WELL_KNOWN, token_endpoint: 'http://authorization.example/token' }
  const web = {
    base: 'https://fhir.example/r4/tenant',
    answer: () => Promise.resolve({ ...answer, bytes: Buffer.from(JSON.stringify(document)) }),
  } as unknown as WebClient
  await expect(discover(web)).rejects.toMatchObject({ code: 'FHIR_DISCOVERY_FAILED' })
})
