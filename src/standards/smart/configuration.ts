import { z } from 'zod'

/**
 * What a FHIR server says about its authorization server. Servers leave members out and add their own, so everything but
 * the token address is optional and what has another shape counts as absent.
 */
export interface SmartConfiguration {
  issuer: string | null
  tokenUrl: string
  authorizeUrl: string | null
  revokeUrl: string | null
  introspectUrl: string | null
  manageUrl: string | null
  jwksUrl: string | null
  /** Empty when nothing is said. */
  authMethods: readonly string[]
  signingAlgorithms: readonly string[]
  grantTypes: readonly string[]
  scopes: readonly string[]
  challengeMethods: readonly string[]
  capabilities: readonly string[]
}

const url = z.url({ protocol: /^https?$/ })
const maybeUrl = url.nullable().catch(null).default(null)
const words = z.array(z.string()).catch([]).default([])

const wellKnown = z.object({
  issuer: z.string().nullable().catch(null).default(null),
  token_endpoint: url,
  authorization_endpoint: maybeUrl,
  revocation_endpoint: maybeUrl,
  introspection_endpoint: maybeUrl,
  management_endpoint: maybeUrl,
  jwks_uri: maybeUrl,
  token_endpoint_auth_methods_supported: words,
  // Cerner has spelled it without the end, too.
  token_endpoint_auth_methods: words,
  token_endpoint_auth_signing_alg_values_supported: words,
  grant_types_supported: words,
  scopes_supported: words,
  code_challenge_methods_supported: words,
  capabilities: words,
})

/**
 * Reads `.well-known/smart-configuration`.
 *
 * @returns null when it names no token address
 * @see cerner-fhir-r4.md §2.1
 */
export function readWellKnown(value: unknown): SmartConfiguration | null {
  const read = wellKnown.safeParse(value)
  if (!read.success) return null
  const found = read.data
  return {
    issuer: found.issuer,
    tokenUrl: found.token_endpoint,
    authorizeUrl: found.authorization_endpoint,
    revokeUrl: found.revocation_endpoint,
    introspectUrl: found.introspection_endpoint,
    manageUrl: found.management_endpoint,
    jwksUrl: found.jwks_uri,
    authMethods: [...found.token_endpoint_auth_methods_supported, ...found.token_endpoint_auth_methods],
    signingAlgorithms: found.token_endpoint_auth_signing_alg_values_supported,
    grantTypes: found.grant_types_supported,
    scopes: found.scopes_supported,
    challengeMethods: found.code_challenge_methods_supported,
    capabilities: found.capabilities,
  }
}

const OAUTH_URIS = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris'
const CAPABILITIES = 'http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities'

const extension = z.object({
  url: z.string(),
  valueUri: z.string().optional().catch(undefined),
  valueCode: z.string().optional().catch(undefined),
})
const loose = z.object({ url: z.string().catch(''), extension: z.array(z.unknown()).catch([]).default([]) })
const metadata = z.object({
  rest: z
    .array(
      z.object({
        security: z
          .object({ extension: z.array(z.unknown()).catch([]).default([]) })
          .catch({ extension: [] })
          .default({ extension: [] }),
      }),
    )
    .catch([])
    .default([]),
})

/**
 * Reads the oauth-uris extension of a CapabilityStatement or a DSTU 2 Conformance, which have it in the same place.
 *
 * @returns null when it names no token address
 */
export function readMetadata(value: unknown): SmartConfiguration | null {
  const read = metadata.safeParse(value)
  if (!read.success) return null
  const extensions = read.data.rest.flatMap(({ security }) => security.extension)
  const uris = new Map<string, string>()
  for (const child of extensions.flatMap((one) => childrenOf(one, OAUTH_URIS))) {
    const row = extension.safeParse(child)
    if (row.success && url.safeParse(row.data.valueUri).success)
      uris.set(row.data.url, row.data.valueUri ?? '')
  }
  const tokenUrl = uris.get('token')
  if (tokenUrl === undefined) return null
  return {
    issuer: null,
    tokenUrl,
    authorizeUrl: uris.get('authorize') ?? null,
    revokeUrl: uris.get('revoke') ?? null,
    introspectUrl: uris.get('introspect') ?? null,
    manageUrl: uris.get('manage') ?? null,
    jwksUrl: null,
    authMethods: [],
    signingAlgorithms: [],
    grantTypes: [],
    scopes: [],
    challengeMethods: [],
    capabilities: extensions.flatMap(capabilityIn),
  }
}

function childrenOf(value: unknown, name: string): unknown[] {
  const read = loose.safeParse(value)
  return read.success && read.data.url === name ? read.data.extension : []
}

function capabilityIn(value: unknown): string[] {
  const read = extension.safeParse(value)
  return read.success && read.data.url === CAPABILITIES && read.data.valueCode !== undefined
    ? [read.data.valueCode]
    : []
}
