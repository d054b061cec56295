import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FarSideReady } from '../../src/commands/bench/far-side.ts'
import { fixedClock, systemClock } from '../../src/kernel/clock.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { bulkRoutes } from '../../src/sandbox/cerner/bulk.ts'
import { INTERNAL_GRANT } from '../../src/sandbox/cerner/contract.ts'
import { fhirRoutes } from '../../src/sandbox/cerner/fhir-routes.ts'
import { openHospital } from '../../src/sandbox/cerner/hospital.ts'
import type { OpenHospital } from '../../src/sandbox/cerner/hospital.ts'
import { openCernerServer } from '../../src/sandbox/cerner/server.ts'
import type { CernerServer } from '../../src/sandbox/cerner/server.ts'

/** A call of the token address, as the sandbox answered it. */
export interface TokenCall {
  atMs: number
  /** Null when the socket was closed without an answer. */
  status: number | null
}

/** What the sandbox saw of its caller, counted where the bytes come in and go out. */
export interface Watched {
  calls: number
  /** Calls of records and files that were open at the same time, at most. */
  most: number
  byStatus: Record<string, number>
  tokens: TokenCall[]
}

/** The sandbox Cerner in this process, whose records stand still, so that what it holds can be asked afterwards. */
export interface FarCerner extends FarSideReady, AsyncDisposable {
  readonly seen: Watched
  readonly server: CernerServer
  readonly hospital: OpenHospital
}

const CLIENT = 'practice-studio-system'

export async function openFarCerner(options: {
  population: number
  tokenSeconds: number
  /** By which tokens live. */
  clock?: Clock
}): Promise<FarCerner> {
  const { tokenSeconds, clock = systemClock } = options
  const cast = { seed: 1, population: options.population }
  const hospital = openHospital({ cast, clock: fixedClock(Date.now()) })
  await hospital.warm()
  // Records stand still, but an export takes its time.
  const exports = bulkRoutes({ hospital: { ...hospital, clock: systemClock } })
  const plugins = [fhirRoutes, exports]
  const server = await openCernerServer({ hospital, clock, tokenSeconds, plugins })
  const { seen, stop } = watch(clock)
  const account = server.oauth.clients.get(CLIENT)
  return {
    fhir: server.endpoints.fhir,
    clientId: account?.id ?? '',
    clientSecret: account?.secret ?? '',
    seen,
    server,
    hospital,
    [Symbol.asyncDispose]: async () => {
      stop()
      await server.close()
    },
  }
}

/** Counts the calls of this process's only HTTP server. */
function watch(clock: Clock): { seen: Watched; stop: () => void } {
  const seen: Watched = { calls: 0, most: 0, byStatus: {}, tokens: [] }
  let open = 0
  const onStart = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
    const path = request.url ?? ''
    const isToken = request.method === 'POST' && path.includes('/smart-v1/token')
    const isRecord = path.startsWith('/r4/') || path.startsWith('/_files/')
    const atMs = clock.now()
    seen.calls += 1
    if (isRecord) open += 1
    seen.most = Math.max(seen.most, open)
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : null
      seen.byStatus[String(status)] = (seen.byStatus[String(status)] ?? 0) + 1
      if (isRecord) open -= 1
      if (isToken) seen.tokens.push({ atMs, status })
    })
  }
  subscribe('http.server.request.start', onStart)
  return { seen, stop: () => void unsubscribe('http.server.request.start', onStart) }
}

const DAY_MS = 86_400_000
const YEAR_MS = 365.25 * DAY_MS

/** What a pull was asked for. */
export interface Window {
  patients: number
  startedAt: string
  daysBack: number
  daysAhead: number
  yearsBack: number
  categories: readonly string[]
}

/** Ids of everything that the sandbox holds of the pulled types and times, asked of its records and not of its web. */
export async function truthOf(
  { hospital }: FarCerner,
  window: Window,
): Promise<Readonly<Record<string, ReadonlySet<string>>>> {
  const day = Math.floor(Date.parse(window.startedAt) / DAY_MS) * DAY_MS
  const instant = (ms: number): string => new Date(ms).toISOString()
  const chart = `date=ge${instant(Date.parse(window.startedAt) - window.yearsBack * YEAR_MS)}`
  const from = `date=ge${instant(day - window.daysBack * DAY_MS)}`
  const to = `date=lt${instant(day + (window.daysAhead + 1) * DAY_MS)}`
  const asked = {
    Patient: '',
    Appointment: `${from}&${to}`,
    Encounter: chart,
    Observation: `${chart}&category=${window.categories.join(',')}`,
  }
  const truth: Record<string, Set<string>> = {}
  for (const [type, query] of Object.entries(asked)) {
    const ids = (truth[type] = new Set<string>())
    for (let n = 0; n < window.patients; n++) {
      for (const { resource } of hospital.allOf(type, n, new URLSearchParams(query), INTERNAL_GRANT))
        ids.add(String(resource.id))
      // The sandbox answers its callers in between.
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return truth
}
