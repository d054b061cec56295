import type { CernerSettings } from '../../connectors/cerner/definition.ts'
import { discover } from '../../connectors/cerner/discover.ts'
import type { WebClient } from '../../connectors/fhir/client.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { ENDPOINTS_FACT, putFact, readFact } from '../../store/facts.ts'
import type { Database } from '../../store/database.ts'
import type { Clock } from '../../kernel/clock.ts'

/** Where the authorization server of a connection is: discovered, never guessed (cerner-fhir-r4.md §2.1). */
export interface Endpoints {
  fhir: string
  token: string
  authorize: string
  issuer: string
  jwks: string
  /** `.well-known/smart-configuration`, `metadata` or `settings`. */
  found_in: string
}

/** Servers move rarely and keys of addresses never; a day old is new enough. */
const KEPT_MS = 24 * 3_600_000

/**
 * The endpoints as set, as known from before, or as discovered now.
 *
 * @throws FHIR_DISCOVERY_FAILED, FHIR_UNREACHABLE
 */
export async function findEndpoints(
  parts: {
    database: Database
    clock: Clock
    web: WebClient
    connectionId: ConnectionId
    settings: CernerSettings
  },
  signal?: AbortSignal,
): Promise<Endpoints> {
  const { database, clock, web, connectionId, settings } = parts
  const { base, tokenUrl, authorizeUrl } = settings.fhir
  if (tokenUrl !== '' && authorizeUrl !== '')
    return {
      fhir: base,
      token: tokenUrl,
      authorize: authorizeUrl,
      issuer: '',
      jwks: '',
      found_in: 'settings',
    }
  const known = await readFact<Endpoints>(database, connectionId, ENDPOINTS_FACT)
  if (known?.value.fhir === web.base && clock.now() - Date.parse(new Date(known.at).toISOString()) < KEPT_MS)
    return { ...known.value, ...setOf(settings) }
  const { configuration, evidence } = await discover(web, signal)
  const found: Endpoints = {
    fhir: web.base,
    token: configuration.tokenUrl,
    authorize: configuration.authorizeUrl ?? '',
    issuer: configuration.issuer ?? '',
    jwks: configuration.jwksUrl ?? '',
    found_in: evidence.at(-1)?.place === 'metadata' ? 'metadata' : '.well-known/smart-configuration',
  }
  await putFact(database, connectionId, ENDPOINTS_FACT, found)
  return { ...found, ...setOf(settings) }
}

const setOf = ({ fhir }: CernerSettings): Partial<Endpoints> => ({
  ...(fhir.tokenUrl === '' ? {} : { token: fhir.tokenUrl }),
  ...(fhir.authorizeUrl === '' ? {} : { authorize: fhir.authorizeUrl }),
})
