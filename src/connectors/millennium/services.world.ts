import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { openSmallDoors, type Doors } from '../../sandbox/cerner/millennium-routes.world.ts'
import { SOAP_ACCOUNT, SOAP_PATH } from '../../sandbox/cerner/soap-routes.ts'
import { cernerSettings } from '../cerner/definition.ts'
import type { AccessToken, Call, CallOwner, CernerRoad, TokenSource } from '../cerner/port.ts'
import type { Timer } from '../fhir/timer.ts'
import { openMillennium, type Millennium } from './road.ts'

/** A line to the sandbox's services over each transport, with what it logged and how long it would have waited. */

export const TRANSPORTS = ['rest', 'soap11', 'soap12', 'soap12 with a user name'] as const
export type TransportName = (typeof TRANSPORTS)[number]

export interface Line extends AsyncDisposable {
  readonly doors: Doors
  readonly millennium: Millennium
  readonly road: CernerRoad
  readonly calls: Call[]
  readonly waits: number[]
  /** Called for each wait. */
  onWait: () => void
  /** How often a token was asked for anew. */
  readonly discarded: AccessToken[]
  roadOf(exchange: string): CernerRoad
}

export const owner = (exchange: string | null): CallOwner => ({
  connectionId: '0190d9a0-0000-7000-8000-000000000001' as ConnectionId,
  causedBy: exchange as ExchangeId | null,
})

export async function openLine(name: TransportName, limits: object = {}): Promise<Line> {
  const doors = await openSmallDoors()
  const calls: Call[] = []
  const waits: number[] = []
  const discarded: AccessToken[] = []
  const { url } = doors.server
  const withUser = name === 'soap12 with a user name'
  const settings = cernerSettings.parse({
    limits: { requestsPerSecond: 2000, ...limits },
    millennium: {
      base: url,
      person: true,
      scheduling: true,
      clinical: true,
      documents: true,
      transport: withUser ? 'soap12' : name,
      soap: { endpoint: `${url}${SOAP_PATH}`, ...(withUser ? SOAP_ACCOUNT : {}) },
    },
  })
  const millennium = openMillennium({
    settings,
    tokens: tokensOf(doors, discarded),
    ca: null,
    log: { note: (call) => void calls.push(call) },
    timer: impatient(doors, (ms) => {
      waits.push(ms)
      line.onWait()
    }),
    random: () => 0,
  })
  const line: Line = {
    doors,
    millennium,
    calls,
    waits,
    onWait: () => undefined,
    discarded,
    road: millennium.road(owner(null)),
    roadOf: (exchange) => millennium.road(owner(exchange)),
    async [Symbol.asyncDispose]() {
      await millennium[Symbol.asyncDispose]()
      await doors[Symbol.asyncDispose]()
    },
  }
  return line
}

/** A timer that notes what it is asked to wait, beyond the pace of calls, and goes on at once. */
function impatient({ clock }: Doors, onWait: (ms: number) => void): Timer {
  let slept = 0
  return {
    now: () => clock.now() + slept,
    sleep: async (ms) => {
      if (ms >= 100) onWait(ms)
      slept += ms
      await Promise.resolve()
    },
  }
}

function tokensOf(doors: Doors, discarded: AccessToken[]): TokenSource {
  let held: Promise<AccessToken> | null = null
  const fetched = async (): Promise<AccessToken> => ({
    value: await doors.token(),
    expiresAtMs: doors.clock.now() + 570_000,
    scope: '',
    tokenType: 'Bearer',
  })
  return {
    token: async () => (held ??= fetched()),
    async discard(token) {
      discarded.push(token)
      held = null
      await Promise.resolve()
    },
  }
}
