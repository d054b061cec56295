import type { CernerSettingsInput } from '../connectors/cerner/definition.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { openCerner } from '../sandbox/cerner/cerner.ts'
import type { SandboxCerner } from '../sandbox/cerner/cerner.ts'
import { APPOINTMENT_TYPES, CMRN_SYSTEM, MRN_SYSTEM } from '../sandbox/cerner/codes.ts'
import { EVERYBODY } from '../sandbox/cerner/bulk.ts'
import { ORGANIZATIONS } from '../sandbox/cerner/organizations.ts'
import { CLINICS } from '../sandbox/places.ts'
import type { Cast } from '../sandbox/schedule.ts'
import type { Running } from './start.ts'

const NAME = 'Sandbox Cerner'
const ACTOR = { name: 'demo', role: 'administrator' }

/** Opens the sandbox Cerner's web doors and joins the practice to it, as an analyst would in the settings. */
export async function joinSandboxCerner(running: Running, cast: Cast): Promise<SandboxCerner> {
  const cerner = await openCerner({ cast })
  const { connections } = running.engine.services
  const known = (await connections.list()).find((one) => one.channel === 'cerner' && one.name === NAME)
  const connection = known ?? (await connections.create({ channel: 'cerner', name: NAME }, ACTOR))
  // The sandbox listens on another port each time, so its addresses are set again.
  const settings = { ...connection.settings, ...settingsOf(cerner) }
  const change = { version: connection.version, enabled: true, settings }
  await connections.update(connection.id as ConnectionId, change, ACTOR)
  registerApp(cerner, running.http)
  return cerner
}

function settingsOf({ server, hospital }: SandboxCerner): CernerSettingsInput {
  const system = server.oauth.clients.get('practice-studio-system')
  const launched = server.oauth.clients.get('practice-studio-launch')
  return {
    profile: 'millennium-2020',
    enrolAt: ORGANIZATIONS[0]?.id ?? '',
    fhir: { base: server.endpoints.fhir },
    auth: { clientId: system?.id ?? '', clientSecret: system?.secret ?? '' },
    launch: { clientId: launched?.id ?? '', clientSecret: launched?.secret ?? '' },
    millennium: {
      base: server.endpoints.mws,
      person: true,
      scheduling: true,
      clinical: true,
      documents: true,
      soap: { endpoint: server.endpoints.soap },
    },
    pull: {
      locations: CLINICS.map((clinic) => clinic.locationCd),
      appointmentsEverySeconds: 20,
      chartEverySeconds: 900,
      daysAhead: 42,
      group: EVERYBODY,
    },
    // The names by which the sandbox's HL7 messages call the same places and kinds of visits.
    codeTranslations: [
      ...CLINICS.map((clinic) => ({ set: 'location', code: clinic.locationCd, means: clinic.pointOfCare })),
      ...Object.entries(APPOINTMENT_TYPES).map(([name, { code }]) => ({
        set: 'appointment-type',
        code,
        means: name,
      })),
    ],
    timeZones: Object.fromEntries(
      CLINICS.flatMap((clinic) => [
        [clinic.locationCd, clinic.zone],
        [clinic.pointOfCare, clinic.zone],
      ]),
    ),
    authorityAliases: { [MRN_SYSTEM]: 'CERNER', [CMRN_SYSTEM]: 'CERNER' },
    knownPatient: hospital.patientId(0),
  }
}

/** The launched app is registered for the address this console really has. */
function registerApp({ server }: SandboxCerner, http: string | null): void {
  const launched = server.oauth.clients.get('practice-studio-launch')
  if (!launched || http === null) return
  server.oauth.clients.put({
    ...launched,
    launchUrl: `${http}/smart/launch`,
    redirectUris: [`${http}/smart/callback`],
  })
}
