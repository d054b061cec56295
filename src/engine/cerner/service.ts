import { baseOf, discover } from '../../connectors/cerner/discover.ts'
import { makeKeyPair } from '../../connectors/cerner/auth-keys.ts'
import { cernerSettings } from '../../connectors/cerner/definition.ts'
import { tenantOf } from '../../connectors/cerner/tenant.ts'
import { WebClient } from '../../connectors/fhir/client.ts'
import { FhirClient } from '../../connectors/fhir/fhir-client.ts'
import type { Discovered, PublicKey } from '../../contract/cerner.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { readCapability } from '../../standards/fhir/capability.ts'
import type { Database } from '../../store/database.ts'
import type { Connections } from '../connections.ts'
import type { Actor, EngineServices } from '../services.ts'
import { publicKeyOf, statusOf } from './status.ts'

export interface CernerServiceParts {
  database: Database
  clock: Clock
  connections: Connections
}

/** Settings > Integrations > Cerner: what its page asks of the engine beyond the settings. */
export function cernerService(parts: CernerServiceParts): EngineServices['cerner'] {
  const { connections } = parts
  return {
    status: (id, publicUrl) => statusOf(parts, connections.cerner(id), publicUrl),
    discover: (base) => lookAround(base),
    makeKeys: (id, algorithm, actor) => makeKeys(parts, id, algorithm, actor),
    publicKeys: async () => {
      const keys = await Promise.all(connections.cerners().map(({ settings }) => publicKeyOf(settings)))
      return keys.flatMap((key) => (key ? [key.jwk] : []))
    },
  }
}

async function makeKeys(
  { connections }: CernerServiceParts,
  id: ConnectionId,
  algorithm: 'RS384' | 'ES384',
  actor: Actor,
): Promise<PublicKey> {
  const pair = await makeKeyPair(algorithm)
  const { version, settings } = connections.get(id)
  const auth = { ...(settings['auth'] as object), method: 'private_key_jwt', algorithm }
  const changed = { ...settings, auth: { ...auth, privateKey: pair.privateKey, keyId: pair.keyId } }
  await connections.update(id, { version, settings: changed }, actor)
  const [jwk] = pair.jwks.keys
  return { key_id: pair.keyId, algorithm, jwk: { ...jwk }, pem: pair.pem }
}

/**
 * What a FHIR address says about itself, before anything is configured. Nothing of it is kept in the log: it is no
 * exchange of a connection yet, and says nothing about a patient.
 *
 * @throws REQUEST_INVALID, FHIR_DISCOVERY_FAILED, FHIR_UNREACHABLE
 */
async function lookAround(address: string): Promise<Discovered> {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address))
    throw new IntegrationError('REQUEST_INVALID', {
      place: 'body.base',
      reason: 'write a full address such as https://…',
    })
  const base = baseOf(address)
  const { limits } = cernerSettings.parse({ limits: { retries: 1, answerTimeoutMs: 15_000 } })
  const shared = { base, limits, ca: null, tokens: null, log: { note: () => undefined } }
  await using web = new WebClient({ ...shared, channel: 'fhir' })
  const { configuration, evidence } = await discover(web)
  const version = /\/dstu2\//i.test(`${base}/`) ? 'DSTU2' : 'R4'
  await using client = new FhirClient({ ...shared, version })
  const capability = readCapability(await client.metadata().catch(() => null))
  return {
    fhir: base,
    tenant: tenantOf(cernerSettings.parse({ fhir: { base } })),
    version,
    token: configuration.tokenUrl,
    authorize: configuration.authorizeUrl ?? '',
    issuer: configuration.issuer ?? '',
    jwks: configuration.jwksUrl ?? '',
    scopes: [...configuration.scopes],
    capabilities: [...configuration.capabilities],
    found_in: evidence.at(-1)?.place === 'metadata' ? 'metadata' : '.well-known/smart-configuration',
    resources: capability
      ? [...capability.types].map(([type, one]) => ({ type, interactions: [...one.interactions] }))
      : [],
  }
}
