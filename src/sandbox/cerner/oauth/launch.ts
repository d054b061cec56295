import { INTERNAL_GRANT, Refusal } from '../contract.ts'
import type { Authority } from './authority.ts'
import { withQuery } from './authorize.ts'
import type { Client } from './clients.ts'
import type { SandboxUser } from './users.ts'

/** How the EHR opens an app: its launch address with `iss` and `launch` (cerner-fhir-r4.md §2.3). */
export interface StartedLaunch {
  readonly iss: string
  readonly launch: string
  readonly client: string
  /** Null when the app has no launch address. */
  readonly url: string | null
}

/**
 * Somebody in PowerChart presses the button of an app, with a patient's chart open.
 *
 * @param asked `user` by id or user name; `client` null takes the first app that has a launch address
 * @throws Refusal 400 naming what is unknown, 404 for the patient
 */
export function startLaunch(
  authority: Authority,
  asked: { user: string; patient: string; encounter: string | null; client: string | null },
): StartedLaunch {
  const { hospital, sessions } = authority
  const user = userOf(authority, asked.user)
  const client = appOf(authority, asked.client)
  hospital.records.read('Patient', asked.patient, INTERNAL_GRANT)
  const { patient, encounter } = asked
  const { code } = sessions.startLaunch({ user, patient, encounter, clientId: client.id })
  const iss = authority.endpoints().fhir
  const url = client.launchUrl === null ? null : withQuery(client.launchUrl, { iss, launch: code })
  return { iss, launch: code, client: client.id, url }
}

/** Apps that PowerChart offers to open. */
export const launchableApps = ({ clients }: Authority): Client[] =>
  clients
    .list()
    .filter(({ launchUrl, persona, enabled }) => launchUrl !== null && persona === 'provider' && enabled)

export const clinicians = ({ users }: Authority): SandboxUser[] =>
  users.filter(({ persona }) => persona === 'provider')

function userOf({ users }: Authority, name: string): SandboxUser {
  const user = users.find(({ id, username }) => id === name || username === name)
  if (user === undefined) throw new Refusal(400, { error: 'user: nobody has this id or user name' })
  return user
}

function appOf(authority: Authority, id: string | null): Client {
  const client = id === null ? launchableApps(authority)[0] : authority.clients.get(id)
  if (client === undefined) throw new Refusal(400, { error: 'client: there is no such app' })
  return client
}
