import { IntegrationError } from '../../kernel/errors.ts'
import { tidyBase } from '../../standards/fhir/id.ts'
import { readMetadata, readWellKnown } from '../../standards/smart/configuration.ts'
import type { SmartConfiguration } from '../../standards/smart/configuration.ts'
import { textOf } from '../fhir/client.ts'
import type { WebClient } from '../fhir/client.ts'

/** One place that was looked at, for people: `…/metadata` answered 200 and names a token address. */
export interface Evidence {
  place: 'smart-configuration' | 'metadata'
  url: string
  /** Null when no answer came. */
  status: number | null
  found: boolean
  /** Why nothing was found; empty when it was. */
  reason: string
}

export interface Discovery {
  /** Without a slash at its end. */
  base: string
  configuration: SmartConfiguration
  evidence: readonly Evidence[]
}

const WELL_KNOWN = '.well-known/smart-configuration'
const METADATA = 'metadata'

/** The base in what a person pastes: with a slash, or the whole address of one of the two documents. */
export const baseOf = (address: string): string =>
  tidyBase(
    tidyBase(address.split(/[?#]/)[0] ?? '').replace(
      /\/(?:\.well-known\/smart-configuration|metadata)$/i,
      '',
    ),
  )

/**
 * Finds the authorization server of a FHIR base: `.well-known/smart-configuration` first, then the oauth-uris of the
 * metadata, which old domains and the open tier have alone.
 *
 * @param web whose base is the address, as {@link baseOf} makes it
 * @throws FHIR_DISCOVERY_FAILED when both answer and neither names a token address; the error of the second when it did
 *   not answer
 * @see cerner-fhir-r4.md §2.1
 */
export async function discover(web: WebClient, signal?: AbortSignal): Promise<Discovery> {
  const first = await look(web, 'smart-configuration', WELL_KNOWN, signal)
  if (first.configuration)
    return { base: web.base, configuration: first.configuration, evidence: [first.evidence] }
  const second = await look(web, 'metadata', METADATA, signal)
  const evidence = [first.evidence, second.evidence]
  if (second.configuration) return { base: web.base, configuration: second.configuration, evidence }
  if (second.error) throw second.error
  throw new IntegrationError('FHIR_DISCOVERY_FAILED', { place: new URL(web.base).host })
}

interface Look {
  configuration: SmartConfiguration | null
  evidence: Evidence
  error: IntegrationError | null
}

async function look(
  web: WebClient,
  place: 'smart-configuration' | 'metadata',
  path: string,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const url = `${web.base}/${path}`
  const says = (status: number | null, reason: string): Evidence => ({
    place,
    url,
    status,
    found: reason === '',
    reason,
  })
  try {
    const answer = await web.answer({
      method: 'GET',
      url,
      kind: `GET ${place}`,
      headers: {
        Accept: place === 'metadata' ? 'application/fhir+json, application/json' : 'application/json',
      },
      authorization: 'none',
      // A server that has no such document says 404, or 401 and 403 where a gateway guards everything.
      accepts: (status) => status < 500 && status !== 429 && status !== 408,
      signal,
    })
    if (answer.status !== 200)
      return { configuration: null, evidence: says(answer.status, 'it is not there'), error: null }
    const read = place === 'metadata' ? readMetadata : readWellKnown
    const configuration = read(parsed(textOf(answer)))
    if (configuration && !isGuarded(web.base, configuration.tokenUrl))
      return {
        configuration: null,
        evidence: says(answer.status, 'its token address is without TLS'),
        error: null,
      }
    const reason = configuration ? '' : 'it names no token address'
    return { configuration, evidence: says(answer.status, reason), error: null }
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    return { configuration: null, evidence: says(null, error.message), error }
  }
}

/** A server that is asked over TLS must not have our secret sent without. */
const isGuarded = (base: string, tokenUrl: string): boolean =>
  !base.startsWith('https:') || tokenUrl.startsWith('https:')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
