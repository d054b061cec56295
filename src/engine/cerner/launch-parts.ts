import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'
import type { RunningCerner } from '../connection.ts'
import type { Connections } from '../connections.ts'
import type { LaunchKeys } from './launch-keys.ts'
import type { ResourceInbox } from './resource-inbox.ts'
import type { CernerLink } from './runtime.ts'

/** What the steps of a launch work with. */
export interface LaunchParts {
  database: Database
  vault: Vault
  clock: Clock
  connections: Connections
  inbox: ResourceInbox
  linkOf(connection: RunningCerner): Promise<CernerLink>
  keys: LaunchKeys
}

/** What a launch under way remembers, sealed, until its answer comes. */
export interface PendingLaunch {
  kind: 'ehr' | 'standalone'
  iss: string
  redirectUri: string
  scopes: readonly string[]
  verifier: string
  /** Null where no id token was asked for. */
  nonce: string | null
  /** Of the browser that began it: SHA-256 of the value its cookie holds. */
  browser: string
}

/** What is known of a launch, sealed beside its session. */
export interface LaunchFacts {
  kind: 'ehr' | 'standalone'
  user: string
  fhirUser: string | null
  /** As asked, for the comparison with what each token was granted. */
  asked: readonly string[]
  /** Logical ids at Cerner. */
  patient: string | null
  encounter: string | null
  needPatientBanner: boolean
  /** The first one; Cerner gives no other (cerner-fhir-r4.md §2.4). */
  refreshToken: string | null
  /** Why it ended; empty while it lives. */
  ended: string
}

const launchPlace = (id: string): string => `smart_launch/${id}`
const sessionPlace = (id: string): string => `smart_session/${id}`

export const sealLaunch = (vault: Vault, id: string, launch: PendingLaunch): Buffer =>
  vault.seal(launchPlace(id), JSON.stringify(launch))

/** @throws SEAL_BROKEN */
export const openLaunch = (vault: Vault, row: { id: string; sealed: Buffer }): PendingLaunch =>
  JSON.parse(vault.openText(launchPlace(row.id), row.sealed)) as PendingLaunch

export const sealFacts = (vault: Vault, sessionId: string, facts: LaunchFacts): Buffer =>
  vault.seal(sessionPlace(sessionId), JSON.stringify(facts))

/** @throws SEAL_BROKEN */
export const openFacts = (vault: Vault, row: { session_id: string; sealed: Buffer }): LaunchFacts =>
  JSON.parse(vault.openText(sessionPlace(row.session_id), row.sealed)) as LaunchFacts
