import type { FastifyInstance } from 'fastify'
import { fixedClock } from '../../kernel/clock.ts'
import { openWorld } from '../world.ts'
import {
  Refusal,
  STILL,
  type CernerPluginOptions,
  type Grant,
  type Hospital,
  type Page,
  type R4Verb,
  type Resource,
  type Versioned,
} from './contract.ts'
import type { ClientInput } from './oauth/clients.ts'
import { challengeOf } from './oauth/authority.ts'
import { NOT_FOUND } from './server-bodies.ts'
import { openCernerServer, type CernerServer, type CernerServerOptions } from './server.ts'

/** A hospital of three records and one plain FHIR road, behind the real doors. */

export const TENANT = 'ec2458f2-1e24-41c8-b71b-0e701af7583d'
export const STARTED_AT = Date.parse('2026-03-04T15:00:00Z')

export interface Told {
  readonly grant: Grant
  readonly type: string
  readonly verb: R4Verb
}

export interface TestHospital extends Hospital {
  /** Every call of the records by the road, in order. */
  readonly told: Told[]
  readonly store: Map<string, Versioned>
}

export function smallHospital(clock = fixedClock(STARTED_AT)): TestHospital {
  const store = new Map<string, Versioned>()
  const told: Told[] = []
  const keep = (resource: Resource, version = '0'): Versioned => {
    const versioned = { resource, version, lastUpdated: clock.now() }
    store.set(`${resource.resourceType}/${resource.id ?? ''}`, versioned)
    return versioned
  }
  const read = (type: string, id: string): Versioned => {
    const found = store.get(`${type}/${id}`)
    if (found === undefined) throw new Refusal(404, NOT_FOUND)
    return found
  }
  const world = openWorld({ seed: 1, population: 2 })
  for (const n of [0, 1]) {
    const { personId, family, given, birthDate } = world.person(n)
    keep({
      resourceType: 'Patient',
      id: personId,
      name: [
        { id: `CI-${personId}-0`, use: 'official', text: `${family}, ${given}`, family, given: [given] },
      ],
      telecom: [{ id: 'CI-PH-1-0', system: 'phone', use: 'home', value: '+12175550111' }],
      birthDate,
    })
  }
  return {
    world,
    tenant: TENANT,
    clock,
    switches: { ...STILL, locked: new Set() },
    told,
    store,
    patientId: (n) => world.person(n).personId,
    patientNumber: (id) => [0, 1].find((n) => world.person(n).personId === id),
    onChange: () => () => undefined,
    records: {
      read(type, id, grant) {
        told.push({ grant, type, verb: 'read' })
        return read(type, id)
      },
      search(type, query, _context, grant): Page {
        told.push({ grant, type, verb: 'search' })
        const entries = [...store.values()].flatMap((found) => {
          const { resourceType, id } = found.resource
          const wanted = query.get('_id')
          return resourceType === type && (wanted === null || wanted === id)
            ? [{ found, mode: 'match' as const }]
            : []
        })
        return { entries, next: null, total: null }
      },
      create(type, body, grant) {
        told.push({ grant, type, verb: 'create' })
        return keep({ ...body, id: String(store.size) })
      },
      update: (_type, id, _ifMatch, body) => keep({ ...body, id }),
      patch(type, id, ifMatch, operations, grant) {
        told.push({ grant, type, verb: 'patch' })
        const { resource, version } = read(type, id)
        if (ifMatch !== `W/"${version}"`) throw new Refusal(412, null)
        return keep({ ...resource, patchedWith: operations }, String(Number(version) + 1))
      },
      remove: () => undefined,
    },
  }
}

/** The road: enough FHIR to be met by faults and the gate. */
export async function smallRoad(
  app: FastifyInstance,
  { hospital, gate, baseUrl }: CernerPluginOptions,
): Promise<void> {
  const admit = (authorization: string | undefined, type: string, verb: R4Verb): Grant =>
    gate.admit(authorization, { type, verb })
  app.get('/r4/:tenant/:type/:id', async (request, reply) => {
    const { type, id } = request.params as { type: string; id: string }
    const { resource, version } = hospital.records.read(
      type,
      id,
      admit(request.headers.authorization, type, 'read'),
    )
    return reply
      .type('application/fhir+json')
      .header('etag', `W/"${version}"`)
      .send(Buffer.from(JSON.stringify(resource)))
  })
  app.get('/r4/:tenant/:type', async (request, reply) => {
    const { type } = request.params as { type: string }
    const query = new URL(request.url, 'http://localhost').searchParams
    const grant = admit(request.headers.authorization, type, 'search')
    const { entries } = hospital.records.search(type, query, null, grant)
    const link = [{ relation: 'self', url: `${baseUrl()}/${type}` }]
    const bundle = {
      resourceType: 'Bundle',
      type: 'searchset',
      link,
      entry: entries.map(({ found }) => found),
    }
    return reply.type('application/fhir+json').send(Buffer.from(JSON.stringify(bundle)))
  })
  app.post('/r4/:tenant/:type', async (request, reply) => {
    const { type } = request.params as { type: string }
    const grant = admit(request.headers.authorization, type, 'create')
    const { resource } = hospital.records.create(type, request.body as Resource, grant)
    return reply
      .code(201)
      .header('location', `${baseUrl()}/${type}/${resource.id ?? ''}`)
      .send()
  })
  app.get('/patient/v1/Patient/:id', async (request) => {
    admit(request.headers.authorization, 'mws/Person', 'read')
    return { road: 'mws' }
  })
}

export const CALLBACK = 'http://127.0.0.1:9/smart/callback'

/** Apps as the tests register them. */
export const APPS = {
  system: {
    id: 'sys',
    persona: 'system',
    secret: 'sys: secret+%',
    scopes: ['system/Patient.read', 'system/Patient.write', 'system/Appointment.read', 'mws/Person.read'],
  },
  systemV2: { id: 'sys2', persona: 'system', secret: 's2', syntax: 'v2', scopes: ['system/Patient.rs'] },
  launched: {
    id: 'app',
    name: 'Practice Studio',
    persona: 'provider',
    secret: 'app-secret',
    offline: true,
    launchUrl: 'http://127.0.0.1:9/smart/launch',
    redirectUris: [CALLBACK],
    scopes: [
      'user/Patient.read',
      'patient/Patient.read',
      'user/Appointment.read',
      ...['launch', 'launch/patient', 'openid', 'fhirUser', 'profile', 'online_access', 'offline_access'],
    ],
  },
  open: {
    id: 'public-app',
    persona: 'provider',
    redirectUris: [CALLBACK, 'http://127.0.0.1:9/other/'],
    scopes: ['user/Patient.read', 'openid', 'launch', 'online_access', 'offline_access'],
  },
  portal: {
    id: 'portal',
    persona: 'patient',
    syntax: 'v2',
    redirectUris: [CALLBACK],
    scopes: ['patient/Patient.rs', 'launch/patient', 'openid', 'fhirUser'],
  },
} as const satisfies Record<string, ClientInput>

export interface TestDoors extends AsyncDisposable {
  readonly server: CernerServer
  readonly hospital: TestHospital
  readonly clock: ReturnType<typeof fixedClock>
  /** One call; redirects are not followed. */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  post(address: string, body: object | URLSearchParams, headers?: Record<string, string>): Promise<Response>
  token(form: Record<string, string>, basic?: { id: string; secret: string } | null): Promise<Response>
  /** A system token of the first app. */
  systemToken(scope?: string): Promise<string>
  authorizeUrl(changes?: Record<string, string | null>): string
  fault(body: object): Promise<Response>
}

export const VERIFIER = 'a'.repeat(50)

export async function openDoors(options: Partial<CernerServerOptions> = {}): Promise<TestDoors> {
  const clock = fixedClock(STARTED_AT)
  const hospital = smallHospital(clock)
  const server = await openCernerServer({
    hospital,
    clock,
    clients: Object.values(APPS),
    plugins: [smallRoad],
    ...options,
  })
  const { endpoints } = server
  const post: TestDoors['post'] = (address, body, headers = {}) =>
    fetch(new URL(address, server.url), {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...(body instanceof URLSearchParams ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body instanceof URLSearchParams ? body : JSON.stringify(body),
    })
  const token: TestDoors['token'] = (form, basic = APPS.system) =>
    post(endpoints.token, new URLSearchParams(form), basic === null ? {} : { authorization: basicOf(basic) })
  return {
    server,
    hospital,
    clock,
    post,
    token,
    get: (path, headers = {}) => fetch(new URL(path, server.url), { redirect: 'manual', headers }),
    async systemToken(scope = 'system/Patient.read') {
      const answer = await token({ grant_type: 'client_credentials', scope })
      return ((await answer.json()) as { access_token: string }).access_token
    },
    authorizeUrl(changes = {}) {
      const url = new URL(endpoints.authorize)
      const parameters = {
        response_type: 'code',
        client_id: APPS.launched.id,
        redirect_uri: CALLBACK,
        scope: 'openid fhirUser user/Patient.read online_access',
        state: 'opaque state',
        aud: endpoints.fhir,
        code_challenge: challengeOf(VERIFIER),
        code_challenge_method: 'S256',
        ...changes,
      }
      for (const [name, value] of Object.entries(parameters))
        if (value !== null) url.searchParams.set(name, value)
      return url.href
    },
    fault: (body) => post('/_sandbox/faults', body),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** HTTP Basic with both halves form-encoded (RFC 6749 §2.3.1). */
export function basicOf({ id, secret }: { id: string; secret: string }): string {
  const half = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+')
  return `Basic ${Buffer.from(`${half(id)}:${half(secret)}`).toString('base64')}`
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })

/** Fills in the page as a person would: every box ticked unless `scopes` says which. */
export async function allow(
  doors: TestDoors,
  page: string,
  changes: { user?: string; patient?: string; scopes?: readonly string[]; decision?: string } = {},
): Promise<Response> {
  const value = (name: string): string =>
    new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(page)?.[1] ?? ''
  const boxes = [...page.matchAll(/name="scope" value="([^"]*)"/g)].map(([, scope]) => scope ?? '')
  const user = /<option value="([^"]*)"/.exec(page)?.[1] ?? ''
  const form = new URLSearchParams({
    interaction: value('interaction'),
    user: changes.user ?? user,
    patient: changes.patient ?? value('patient'),
    decision: changes.decision ?? 'allow',
  })
  for (const scope of changes.scopes ?? boxes) form.append('scope', scope)
  const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1] ?? ''
  return doors.post(action, form)
}

/** The parameters of the address a redirect leads to. */
export const redirectOf = (answer: Response): URL =>
  new URL(answer.headers.get('location') ?? 'http://nowhere/')
