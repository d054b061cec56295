import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal, type CernerEndpoints } from '../contract.ts'
import { html, HTML_TYPE, page } from '../server-html.ts'
import type { Authority } from './authority.ts'
import { formOf } from './authorize-routes.ts'
import { LAUNCH_SCOPES, resourceScopes, SERVICE_SCOPES } from './clients.ts'
import { authorizeAddress, PATIENT_HOST } from './endpoints.ts'
import { oidcIssuer } from './token-routes.ts'

/** What apps find out by themselves (cerner-fhir-r4.md §2.1), and the page where a user takes access back. */
export async function discoveryRoutes(
  app: FastifyInstance,
  { authority }: { authority: Authority },
): Promise<void> {
  const { tenant } = authority
  const smart = async (request: FastifyRequest): Promise<object> => {
    if ((request.params as { tenant: string }).tenant !== tenant)
      throw new Refusal(403, 'Tenant not valid or accessible')
    const isPatientHost = request.originalUrl.startsWith(`/${PATIENT_HOST}/`)
    return smartConfiguration(authority.endpoints(), isPatientHost ? 'patient' : 'provider')
  }
  for (const version of ['r4', 'dstu2']) app.get(`/${version}/:tenant/.well-known/smart-configuration`, smart)

  app.get(`/tenants/${tenant}/oidc/idsps/${tenant}/.well-known/openid-configuration`, async () =>
    openidConfiguration(authority.endpoints(), tenant),
  )
  app.get('/jwk', async () => ({ keys: authority.keys.published(authority.mischief.newestKeyMissing) }))
  app.get('/styles/smart-v1.json', async () => SMART_STYLE)
  managementRoutes(app, authority)
}

function smartConfiguration(endpoints: CernerEndpoints, persona: 'provider' | 'patient'): object {
  return {
    // The id_token names another issuer (§2.3), and its own configuration stands under that one.
    issuer: endpoints.issuer,
    authorization_endpoint: authorizeAddress(endpoints.issuer, persona),
    token_endpoint: endpoints.token,
    revocation_endpoint: endpoints.revoke,
    introspection_endpoint: endpoints.introspect,
    management_endpoint: endpoints.manage,
    jwks_uri: endpoints.jwks,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: scopesSupported(),
    capabilities: [...CAPABILITIES, ...(persona === 'patient' ? ['context-standalone-patient'] : [])],
  }
}

const CAPABILITIES = [
  'authorize-post',
  'launch-ehr',
  'launch-standalone',
  'client-public',
  'client-confidential-symmetric',
  'client-confidential-asymmetric',
  'sso-openid-connect',
  'context-banner',
  'context-style',
  'context-ehr-patient',
  'context-ehr-encounter',
  'permission-patient',
  'permission-user',
  'permission-offline',
  'permission-online',
  'permission-v1',
  'permission-v2',
  'health-cards',
]

const scopesSupported = (): string[] => [
  ...LAUNCH_SCOPES,
  ...(['v1', 'v2'] as const).flatMap((syntax) =>
    (['user', 'patient', 'system'] as const).flatMap((level) => resourceScopes(level, syntax)),
  ),
  ...SERVICE_SCOPES,
]

function openidConfiguration(endpoints: CernerEndpoints, tenant: string): object {
  return {
    issuer: oidcIssuer(endpoints.issuer, tenant),
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    jwks_uri: endpoints.jwks,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
    scopes_supported: ['openid', 'fhirUser', 'profile'],
  }
}

/** As SMART App Launch describes styling; a launched app may take its colours from here. */
const SMART_STYLE = {
  color_background: '#edeae3',
  color_error: '#9e2d2d',
  color_highlight: '#69b5ce',
  color_modal_backdrop: '',
  color_success: '#498e49',
  color_text: '#303030',
  dim_border_radius: '6px',
  dim_font_size: '13px',
  dim_spacing_size: '20px',
  font_family_body: "'Helvetica Neue', Helvetica, Arial, sans-serif",
  font_family_heading: "'Helvetica Neue', Helvetica, Arial, sans-serif",
}

// --- /personas/{persona}/my-authorizations ---

function managementRoutes(app: FastifyInstance, authority: Authority): void {
  const path = `/tenants/${authority.tenant}/personas/:persona/my-authorizations`
  app.get(path, async (_request, reply) => reply.type(HTML_TYPE).send(managementPage(authority)))
  app.post(path, async (request: FastifyRequest, reply: FastifyReply) => {
    const id = formOf(request.body).get('id')
    const token = authority.refreshTokens().find((one) => one.id === id)
    if (token !== undefined) token.revoked = true
    return reply.redirect(request.url, 303)
  })
}

function managementPage(authority: Authority): string {
  const live = authority.refreshTokens().filter((one) => !one.revoked)
  const rows = live.map(
    ({ id, kind, agreement }) =>
      html`<form class="card" method="post">
        <h2>${agreement.client.name}</h2>
        <p>${agreement.user?.name ?? ''}: ${kind === 'offline' ? 'also when away' : 'while signed in'}</p>
        <p class="quiet">${agreement.scopes.join(' ')}</p>
        <button type="submit" name="id" value="${id}">Take access back</button>
      </form>`,
  )
  return page(
    'Authorizations',
    html`<h1>Apps that stay connected</h1>
      ${rows.length === 0 ? html`<p>No app has lasting access.</p>` : rows}`,
  )
}
