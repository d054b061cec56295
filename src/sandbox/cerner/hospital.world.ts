import { readFileSync } from 'node:fs'
import Fastify, { type FastifyInstance } from 'fastify'
import { fixedClock } from '../../kernel/clock.ts'
import type { CernerPlugin, Gate, Grant, Resource } from './contract.ts'
import { dstu2Routes } from './dstu2-routes.ts'
import { fhirRoutes } from './fhir-routes.ts'
import { openHospital, type OpenHospital } from './hospital.ts'

/** A Wednesday at ten in the morning at Springfield. */
export const NOW = Date.parse('2026-03-04T16:00:00Z')
export const CAST = { seed: 1, population: 400 }

export const SYSTEM: Grant = {
  clientId: 'tests',
  persona: 'system',
  scopes: [],
  patient: null,
  user: null,
}
export const OPEN_GATE: Gate = { admit: () => SYSTEM }

export const openAt = (now = NOW, cast = CAST) => {
  const clock = fixedClock(now)
  return { clock, hospital: openHospital({ cast, clock }) }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The body as JSON. */
  readonly json: Resource & Record<string, unknown>
}

export interface Road {
  readonly app: FastifyInstance
  readonly hospital: OpenHospital
  readonly clock: ReturnType<typeof fixedClock>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  send(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  [Symbol.asyncDispose](): Promise<void>
}

export const ORIGIN = 'http://cerner.example'

/** The hospital with its FHIR roads, without a socket. Paths begin at the FHIR base. */
export async function openRoad(
  options: {
    gate?: Gate
    road?: 'r4' | 'dstu2'
    plugins?: (hospital: OpenHospital) => CernerPlugin[]
    now?: number
  } = {},
): Promise<Road> {
  const { clock, hospital } = openAt(options.now)
  const { gate = OPEN_GATE, road = 'r4' } = options
  const app = Fastify()
  const handed = { hospital, gate, baseUrl: () => `${ORIGIN}/r4/${hospital.tenant}` }
  await app.register(async (child) => fhirRoutes(child, handed))
  await app.register(async (child) => dstu2Routes(child, handed))
  for (const plugin of options.plugins?.(hospital) ?? []) {
    const endpoints = (): never => {
      throw new Error('not listening')
    }
    await app.register(async (child) => plugin(child, { ...handed, clock, endpoints }))
  }
  const base = `/${road}/${hospital.tenant}`
  const ask = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> => {
    const url = path.startsWith(ORIGIN)
      ? path.slice(ORIGIN.length)
      : path.startsWith('/_')
        ? path
        : `${base}${path}`
    const type = method === 'PATCH' ? 'application/json-patch+json' : 'application/fhir+json'
    const reply = await app.inject({
      method,
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.body,
      get json() {
        return JSON.parse(reply.body) as Answer['json']
      },
    }
  }
  return {
    app,
    hospital,
    clock,
    get: (path, headers = {}) => ask('GET', path, undefined, headers),
    send: (method, path, body, headers = {}) => ask(method, path, body, headers),
    [Symbol.asyncDispose]: () => app.close(),
  }
}

/** A body of fixtures/fhir. */
export const fixture = (name: string): Resource & Record<string, unknown> =>
  JSON.parse(
    readFileSync(new URL(`../../../fixtures/fhir/${name}.json`, import.meta.url), 'utf8'),
  ) as Resource & Record<string, unknown>

interface Searchset {
  readonly entry?: readonly {
    readonly resource: Resource & Record<string, never>
    readonly search?: { mode: string }
  }[]
  readonly link: readonly { readonly relation: string; readonly url: string }[]
}

export const entriesOf = (answer: Answer): (Resource & Record<string, never>)[] =>
  ((answer.json as unknown as Searchset).entry ?? []).map(({ resource }) => resource)

export const linkOf = (answer: Answer, relation: string): string | undefined =>
  (answer.json as unknown as Searchset).link.find((one) => one.relation === relation)?.url

/** Every match of a search, page after page. */
export async function all(road: Road, path: string): Promise<(Resource & Record<string, never>)[]> {
  const found: (Resource & Record<string, never>)[] = []
  let next: string | undefined = path
  for (let page = 0; next !== undefined && page < 500; page += 1) {
    const answer: Answer = await road.get(next)
    if (answer.status !== 200) throw new Error(`search failed with ${answer.status}`)
    found.push(...entriesOf(answer))
    next = linkOf(answer, 'next')
  }
  return found
}

/** A free slot of a type, from tomorrow on. */
export async function freeSlot(road: Road, type = '24477854', skip = 0): Promise<string> {
  const answer = await road.get(
    `/Slot?service-type=${type}&start=ge2026-03-05T00:00:00Z&start=lt2026-03-20T00:00:00Z&_count=200`,
  )
  const slot = entriesOf(answer)[skip]
  if (slot?.id === undefined) throw new Error('no free slot')
  return slot.id
}

export const booking = (slot: string, patient = '12345', more: Record<string, unknown> = {}): unknown => ({
  resourceType: 'Appointment',
  status: 'booked',
  slot: [{ reference: `Slot/${slot}` }],
  participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
  ...more,
})

export const idFrom = (answer: Answer): string => String(answer.headers['location']).split('/').at(-1) ?? ''
