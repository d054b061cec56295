import { decodeJwt } from 'jose'
import { Refusal, type Gate, type Grant } from '../contract.ts'
import { gatewayBody, loginNeeded, scopeMissing, type GatewayProblem } from '../server-bodies.ts'
import type { AccessToken, Authority } from './authority.ts'
import { levelsFor, opensService, withoutScopes } from './scopes.ts'

/**
 * Keeps the door of the records. A token is good when this server made it, nobody took it back, its time is not up and
 * it is for this tenant; every token made is remembered, so looking it up is as strict as checking its signature.
 *
 * @see cerner-fhir-r4.md §1.5 (E3, E4, E5)
 */
export function openGate(authority: Authority): Gate {
  const refuse = refuserOf(authority)
  return {
    admit(authorization, need) {
      const token = bearerOf(authorization)
      if (token === null) throw refuse('token-required')
      const known = authority.access(token)
      if (known === undefined)
        throw refuse(isElsewhere(token, authority.tenant) ? 'tenant-mismatch' : 'invalid-token')
      if (known.revoked || known.expiresAt <= authority.clock.now()) throw refuse('invalid-token')
      if (known.tenant !== authority.tenant) throw refuse('tenant-mismatch')
      const grant = grantNow(authority, known)
      if (!isOpen(grant, need)) throw refuse('insufficient-scopes')
      return grant
    },
  }
}

/** @returns null when there is none, or the header has another scheme */
export function bearerOf(authorization: string | undefined): string | null {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  return token ?? null
}

function grantNow({ mischief }: Authority, { grant }: AccessToken): Grant {
  if (!mischief.removedFromIssued) return grant
  return { ...grant, scopes: withoutScopes(grant.scopes, mischief.removedScopes) }
}

function isOpen({ scopes, persona }: Grant, { type, verb }: Parameters<Gate['admit']>[1]): boolean {
  if (type.startsWith('mws/')) return opensService(scopes, type, verb)
  const levels = levelsFor(scopes, type, verb)
  return persona === 'system' ? levels.includes('system') : levels.some((level) => level !== 'system')
}

function refuserOf({ hospital, endpoints }: Authority): (problem: GatewayProblem) => Refusal {
  return (problem) => {
    const realm = new URL(endpoints().fhir).host
    const isScope = problem === 'insufficient-scopes'
    const error = isScope ? 'insufficient_scope' : 'invalid_token'
    const headers = {
      'www-authenticate': `Bearer realm="${realm}", error="${error}"${DESCRIPTIONS[problem]}`,
    }
    const body = hospital.switches.gatewayErrors
      ? gatewayBody(problem)
      : isScope
        ? scopeMissing(realm)
        : loginNeeded(realm)
    return new Refusal(isScope ? 403 : 401, body, headers)
  }
}

const DESCRIPTIONS: Record<GatewayProblem, string> = {
  'token-required': '',
  'invalid-token': ', error_description="Token has expired or signature is invalid"',
  'tenant-mismatch': ', error_description="tenant-mismatch"',
  'insufficient-scopes': '',
}

/** Whether a token that is not ours says it is for another tenant: a hint for the answer, nothing is trusted. */
function isElsewhere(token: string, tenant: string): boolean {
  try {
    const claims = decodeJwt(token)['urn:cerner:authorization:claims:version:1']
    return typeof claims === 'object' && claims !== null && 'tenant' in claims && claims.tenant !== tenant
  } catch {
    return false
  }
}
