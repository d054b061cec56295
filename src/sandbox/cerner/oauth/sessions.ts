import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import type { SandboxUser } from './users.ts'

/** An EHR launch: what stands behind the opaque `launch` parameter (cerner-fhir-r4.md §2.3). */
export interface Launch {
  readonly code: string
  readonly user: SandboxUser
  readonly patient: string | null
  readonly encounter: string | null
  /** The app it was made for; null for any. */
  readonly clientId: string | null
  readonly session: string
  readonly expiresAt: number
}

/** Who is signed in to the EHR, and the launches they started. */
export interface Sessions {
  start(user: SandboxUser): string
  /** @param session null is never live */
  isLive(session: string | null): boolean
  /** Ends the sessions of one user, or of all. @returns how many ended */
  end(userId: string | null): number
  startLaunch(launch: Omit<Launch, 'code' | 'expiresAt' | 'session'>): Launch
  /** A launch is good once and for ten minutes (I). */
  takeLaunch(code: string, clientId: string): Launch | null
}

const MINUTE = 60_000
const SESSION_LIVES_MS = 12 * 60 * MINUTE
const LAUNCH_LIVES_MS = 10 * MINUTE

export function openSessions(clock: Clock): Sessions {
  const sessions = new Map<string, { userId: string; endsAt: number }>()
  const launches = new Map<string, Launch>()
  const start = (user: SandboxUser): string => {
    const id = randomUUID()
    sessions.set(id, { userId: user.id, endsAt: clock.now() + SESSION_LIVES_MS })
    return id
  }
  const find = (code: string, clientId: string): Launch | null => {
    const launch = launches.get(code)
    if (launch === undefined || launch.expiresAt < clock.now()) return null
    return launch.clientId === null || launch.clientId === clientId ? launch : null
  }
  return {
    start,
    isLive: (session) => session !== null && (sessions.get(session)?.endsAt ?? 0) > clock.now(),
    end(userId) {
      const over = [...sessions].filter(([, one]) => userId === null || one.userId === userId)
      for (const [id] of over) sessions.delete(id)
      return over.length
    },
    startLaunch(launch) {
      for (const [code, { expiresAt }] of launches) if (expiresAt < clock.now()) launches.delete(code)
      for (const [id, { endsAt }] of sessions) if (endsAt < clock.now()) sessions.delete(id)
      const made = {
        ...launch,
        code: randomUUID(),
        session: start(launch.user),
        expiresAt: clock.now() + LAUNCH_LIVES_MS,
      }
      launches.set(made.code, made)
      return made
    },
    takeLaunch(code, clientId) {
      const launch = find(code, clientId)
      if (launch !== null) launches.delete(code)
      return launch
    },
  }
}
