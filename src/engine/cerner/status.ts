import { publicHalf } from '../../connectors/cerner/auth-keys.ts'
import { ACTIONS } from '../../connectors/cerner/definition.ts'
import type { CernerSettings } from '../../connectors/cerner/definition.ts'
import { FEATURES, PROFILE_NAMES, PROFILES } from '../../connectors/cerner/profiles.ts'
import type { Feature, ProfileName } from '../../connectors/cerner/profiles.ts'
import { ACTION_TABLE, chooseRoad } from '../../connectors/cerner/roads.ts'
import { askedScopes, scopesNeeded } from '../../connectors/cerner/scopes-needed.ts'
import { readPem } from '../../connectors/fhir/pem.ts'
import type { CernerStatus, PublicKey } from '../../contract/cerner.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { covers, parseScope, parseScopes, useOf } from '../../standards/smart/scopes.ts'
import type { Access } from '../../standards/smart/scopes.ts'
import { readToken } from '../../store/access-tokens.ts'
import type { TokenRow } from '../../store/access-tokens.ts'
import type { Database } from '../../store/database.ts'
import { exchangeErrorOf } from '../../store/exchange-error.ts'
import { ENDPOINTS_FACT, readFact } from '../../store/facts.ts'
import { countKnown } from '../../store/far-patients.ts'
import { readCursors } from '../../store/sync.ts'
import type { RunningCerner } from '../connection.ts'
import type { Endpoints } from './endpoints.ts'
import { SYSTEM_PURPOSE } from './runtime.ts'

const FEATURE_LABELS: Readonly<Record<Feature, string>> = {
  demographics: 'Patient demographics',
  scheduling_read: 'Reading the schedule',
  scheduling_write: 'Booking and changing',
  chart_read: 'Reading the chart',
  chart_write: 'Filing vital signs',
  documents: 'Documents',
  fhir_r4: 'FHIR R4',
  fhir_dstu2: 'FHIR DSTU 2',
  smart_launch: 'SMART launch',
  bulk_export: 'Bulk export',
  millennium_services: 'Millennium web services',
  hl7: 'HL7 v2',
  ccl: 'CCL',
}

/** How a Cerner connection stands: what its page shows beside the settings. */
export async function statusOf(
  { database, clock }: { database: Database; clock: Clock },
  connection: RunningCerner,
  publicUrl: string,
): Promise<CernerStatus> {
  const { id, settings } = connection
  const [token, endpoints, cursors, known, outbox] = await Promise.all([
    readToken(database, id, SYSTEM_PURPOSE),
    readFact<Endpoints>(database, id, ENDPOINTS_FACT),
    readCursors(database, id),
    countKnown(database, id),
    countOutbox(database, id),
  ])
  const base = publicUrl.replace(/\/+$/, '')
  return {
    connection_id: id,
    profile: profileOf(settings.profile),
    profiles: profilesShown(),
    endpoints: endpoints ? { ...endpoints.value, at: isoOf(endpoints.at) } : null,
    token: tokenStateOf(token, clock),
    scopes: scopeStates(settings, token),
    roads: ACTIONS.map((action) => ({
      action,
      label: ACTION_TABLE[action].label,
      ...chooseRoad(settings, action),
    })),
    register: {
      redirect_urls: [`${base}/smart/callback`],
      launch_url: `${base}/smart/launch`,
      jwks_url: `${base}/.well-known/jwks.json`,
      public_key: await publicKeyOf(settings),
    },
    cursors: cursors
      .filter((one) => !one.resource.startsWith('due:'))
      .map((one) => ({
        resource: one.resource,
        pulled_to: isoOrNull(one.pulled_to),
        next_at: isoOrNull(one.next_at),
      })),
    known,
    outbox,
  }
}

/** All versions with what each can do, so that one can be weighed before it is chosen. */
export const profilesShown = (): CernerStatus['profiles'] =>
  PROFILE_NAMES.map((name) => {
    const { guide } = PROFILES[name]
    return { ...profileOf(name), guide_features: guide.features, guide_limitations: guide.limitations }
  })

function profileOf(name: ProfileName): CernerStatus['profile'] {
  const { label, features } = PROFILES[name]
  return {
    name,
    label,
    features: FEATURES.map((feature) => ({ feature, label: FEATURE_LABELS[feature], ...features[feature] })),
  }
}

function tokenStateOf(row: TokenRow | undefined, clock: Clock): CernerStatus['token'] {
  const refused = row?.error_code ? row.error_code : null
  const lives = row !== undefined && row.expires_at_ms > clock.now()
  const said = refused === null ? null : exchangeErrorOf(refused, null)
  return {
    state: lives ? 'valid' : refused !== null ? 'refused' : row?.sealed ? 'expired' : 'none',
    obtained_at: row?.obtained_at_ms ? new Date(row.obtained_at_ms).toISOString() : null,
    expires_at: row && row.expires_at_ms > 0 ? new Date(row.expires_at_ms).toISOString() : null,
    error: said && !lives ? { code: said.code, says: said.says, todo: said.todo } : null,
  }
}

/** Every scope that is needed or asked for, with what was granted of it. */
export function scopeStates(
  settings: CernerSettings,
  token: Pick<TokenRow, 'scope' | 'sealed'> | undefined,
): CernerStatus['scopes'] {
  const asked = askedScopes(settings)
  const granted = token?.sealed ? parseScopes(token.scope) : null
  return [...new Set([...asked, ...scopesNeeded(settings)])].sort().map((scope) => {
    const { purpose, without } = wordsOf(scope)
    return {
      scope,
      asked: asked.includes(scope),
      granted: granted === null ? null : covers(granted, parseScope(scope)),
      for: purpose,
      breaks: without,
    }
  })
}

export function wordsOf(text: string): { purpose: string; without: string } {
  const scope = parseScope(text)
  if (scope.kind === 'resource') {
    const access: Access = /[cud]/.test(scope.rights) ? 'write' : 'read'
    const known = useOf(scope.type, access)
    if (known) return { purpose: known.for, without: known.without }
  }
  if (text.startsWith('mws/')) {
    return {
      purpose: 'use a Millennium web service',
      without: 'The actions that take this service do not work.',
    }
  }
  return { purpose: 'asked for by hand', without: 'Nothing that the product knows of.' }
}

/** The public half of the key that the settings hold; null without one. */
export async function publicKeyOf({ auth }: CernerSettings): Promise<PublicKey | null> {
  const pem = await readPem('auth.privateKey', auth.privateKey).catch(() => null)
  if (pem === null) return null
  try {
    const half = await publicHalf(pem, auth.algorithm, auth.keyId)
    const [jwk] = half.jwks.keys
    return { key_id: half.keyId, algorithm: auth.algorithm, jwk: { ...jwk }, pem: half.pem }
  } catch (error) {
    if (error instanceof IntegrationError) return null
    throw error
  }
}

const COUNT_OUTBOX = `
select count(*) filter (where state <> 'parked')::int as queued, count(*) filter (where state = 'parked')::int as parked
from outbox where practice_id = current_practice() and connection_id = $1`

async function countOutbox(database: Database, id: string): Promise<{ queued: number; parked: number }> {
  const { rows } = await database.query<{ queued: number; parked: number }>({
    text: COUNT_OUTBOX,
    values: [id],
  })
  return rows[0] ?? { queued: 0, parked: 0 }
}

const isoOf = (value: string): string => new Date(value).toISOString()
const isoOrNull = (value: string | null): string | null => (value === null ? null : isoOf(value))
