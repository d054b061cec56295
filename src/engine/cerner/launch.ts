import { ENDPOINTS_FACT, readFact } from '../../store/facts.ts'
import { appendAudit } from '../../store/audit.ts'
import type { EngineServices } from '../services.ts'
import type { Endpoints } from './endpoints.ts'
import { beginLaunch, reasonOff } from './launch-begin.ts'
import { completeLaunch } from './launch-complete.ts'
import type { LaunchParts } from './launch-parts.ts'
import { contextOf, endSession, ENDED_HERE, keepSession } from './launch-session.ts'

/** SMART launches: a clinician opens Practice Studio from the chart, or on its own, and signs in at Cerner. */
export function launchService(options: Omit<LaunchParts, 'keys'>): EngineServices['launch'] {
  const parts: LaunchParts = { ...options, keys: new Map() }
  return {
    begin: (query, publicUrl) => beginLaunch(parts, query, publicUrl),
    complete: (query, browser) => completeLaunch(parts, query, browser),
    keep: (sessionId) => keepSession(parts, sessionId),
    context: (sessionId) => contextOf(parts, sessionId),
    end: async (sessionId, { name, role }) => {
      if (!(await endSession(parts, sessionId, ENDED_HERE))) return
      const entry = {
        actor: name,
        role,
        action: 'launch.end',
        object: 'session',
        detail: { session: sessionId },
      }
      await appendAudit(parts.database, [entry], parts.clock)
    },
    frameOrigins: () => frameOriginsOf(parts),
  }
}

/** Whose pages may hold ours in a frame: the hosts of each connection that opens launches, and no others. */
async function frameOriginsOf({ database, connections }: LaunchParts): Promise<string[]> {
  const origins = new Set<string>()
  for (const connection of connections.cerners().filter((one) => reasonOff(one) === null)) {
    const { fhir } = connection.settings
    const known = await readFact<Endpoints>(database, connection.id, ENDPOINTS_FACT)
    const addresses = [fhir.base, fhir.authorizeUrl, known?.value.authorize, known?.value.issuer]
    for (const address of addresses)
      if (address !== undefined && URL.canParse(address)) origins.add(new URL(address).origin)
  }
  return [...origins].sort()
}
