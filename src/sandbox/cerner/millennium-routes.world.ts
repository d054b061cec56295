import { fixedClock } from '../../kernel/clock.ts'
import { openWorld } from '../world.ts'
import { CERNER_DEFINITION, codeSet, MRN_SYSTEM, CMRN_SYSTEM, SANDBOX_TENANT } from './codes.ts'
import {
  Refusal,
  STILL,
  type Hospital,
  type HospitalChange,
  type Records,
  type Resource,
  type Versioned,
} from './contract.ts'
import { millenniumRoutes } from './millennium-routes.ts'
import { SERVICE_SCOPES, type ClientInput } from './oauth/clients.ts'
import { openCernerServer, type CernerServer } from './server.ts'
import { soapRoutes } from './soap-routes.ts'

/** A small hospital with the persons, slots and charts that the contract's rules are about, behind the real doors. */

export const GUIDE_SLOT = '21265426-633867-3121665-540'
/** Before the guide's appointment. */
export const BEFORE = Date.parse('2023-06-01T12:00:00Z')
export const DOCTOR = '9876543'
export const SMITH = '1234567'
export const OBRIEN = '1000001'
export const COMBINED = '1000003'
export const CONFIDENTIAL = '1000004'

type Clock = ReturnType<typeof fixedClock>

export interface SmallHospital extends Hospital {
  readonly clock: Clock
  put(resource: Resource): Versioned
  /** Changes a record as a Millennium user does. */
  touch(type: string, id: string, change: object): void
  count(type: string): number
}

const person = (
  id: string,
  family: string,
  given: string,
  birthDate: string,
  more: object = {},
): Resource => ({
  resourceType: 'Patient',
  id,
  active: true,
  identifier: [{ id: `CI-${id}-0`, use: 'usual', system: MRN_SYSTEM, value: id }],
  name: [{ id: `CI-${id}-0`, use: 'official', family, given: [given] }],
  gender: 'male',
  birthDate,
  ...more,
})

const slot = (id: string, start: string, end: string, type = '24477858', doctor = DOCTOR): Resource => ({
  resourceType: 'Slot',
  id,
  extension: [
    { url: `${CERNER_DEFINITION}/scheduling-location`, valueReference: { reference: 'Location/21250403' } },
  ],
  serviceType: [{ coding: [{ system: codeSet(SANDBOX_TENANT, 14249), code: type }] }],
  schedule: { reference: `Schedule/${doctor}` },
  status: 'free',
  start,
  end,
})

const schedule = (doctor: string): Resource => ({
  resourceType: 'Schedule',
  id: doctor,
  actor: [{ reference: `Practitioner/${doctor}` }],
})

const at = (hour: number, minute: number): string =>
  `2023-06-15T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00Z`

const SEEDS: readonly Resource[] = [
  person(SMITH, 'Smith', 'John', '1971-03-09'),
  person(OBRIEN, "O'Brien", 'Mary', '1980-02-03', {
    gender: 'female',
    identifier: [
      { system: MRN_SYSTEM, value: '777' },
      { system: CMRN_SYSTEM, value: '777' },
    ],
  }),
  person('1000002', 'OBRIEN', 'MARK', '1982-05-06', { identifier: [{ system: CMRN_SYSTEM, value: '778' }] }),
  person(COMBINED, 'Obrien', 'Maria', '1980-02-03', {
    active: false,
    link: [{ other: { reference: `Patient/${OBRIEN}` }, type: 'replaced-by' }],
  }),
  person(CONFIDENTIAL, 'Quill', 'Ann', '1990-01-01', {
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
    telecom: [{ system: 'phone', value: '+12175550100' }],
    address: [{ line: ['1 Hidden Way'], postalCode: '62701' }],
  }),
  schedule(DOCTOR),
  schedule('9000002'),
  slot(GUIDE_SLOT, at(9, 0), at(9, 30)),
  slot('slot-0930', at(9, 30), at(10, 0)),
  slot('slot-overlap', at(9, 10), at(9, 20), '24477854', '9000002'),
  slot('slot-past', '2023-05-31T09:00:00Z', '2023-05-31T09:10:00Z'),
  ...Array.from({ length: 12 }, (_, n) =>
    slot(
      `grid-${n}`,
      at(13 + Math.floor(n / 6), (n % 6) * 10),
      at(13 + Math.floor((n + 1) / 6), ((n + 1) % 6) * 10),
      '24477854',
    ),
  ),
  {
    resourceType: 'Practitioner',
    id: DOCTOR,
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '2450000019' }],
    name: [{ family: 'Johnson', given: ['Jane'] }],
  },
  { resourceType: 'Location', id: '21250403', name: 'Prairie Family Practice Springfield' },
  ...['2023-05-20', '2023-05-21', '2023-05-22'].map((date, n): Resource => ({
    resourceType: 'Observation',
    id: `VS-${n}`,
    status: n === 1 ? 'entered-in-error' : 'final',
    category: [{ coding: [{ code: 'vital-signs' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
    subject: { reference: `Patient/${SMITH}` },
    effectiveDateTime: `${date}T09:30:00Z`,
    valueQuantity: { value: 180.5, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
  })),
  {
    resourceType: 'DocumentReference',
    id: '5001',
    status: 'current',
    subject: { reference: `Patient/${SMITH}` },
    date: '2023-05-20T09:30:00Z',
    content: [{ attachment: { contentType: 'text/plain', title: 'Note', url: 'Binary/TR-5001' } }],
  },
  {
    resourceType: 'Binary',
    id: 'TR-5001',
    contentType: 'text/plain',
    data: Buffer.from('Feels well.\n').toString('base64'),
  },
]

export function smallHospital(clock: Clock): SmallHospital {
  const store = new Map<string, Versioned>()
  const listeners = new Set<(change: HospitalChange) => void>()
  const switches = { ...STILL, locked: new Set<string>() }
  let numbers = 90_000_000
  const keep = (resource: Resource): Versioned => {
    const key = `${resource.resourceType}/${resource.id ?? ''}`
    const before = store.get(key) ?? null
    const version = before === null ? '0' : String(Number(before.version) + 1)
    const meta = {
      ...(resource['meta'] as object | undefined),
      versionId: version,
      lastUpdated: new Date(clock.now()).toISOString(),
    }
    const now = { resource: { ...resource, meta }, version, lastUpdated: clock.now() }
    store.set(key, now)
    for (const listener of listeners)
      listener({
        type: resource.resourceType,
        id: resource.id ?? '',
        verb: before === null ? 'create' : 'update',
        now,
        before,
      })
    return now
  }
  const read = (type: string, id: string): Versioned => {
    const found = store.get(`${type}/${id}`)
    if (found === undefined) throw new Refusal(404, null)
    return found
  }
  for (const seed of SEEDS) keep(seed)
  const free = (slotId: string): void => void keep({ ...read('Slot', slotId).resource, status: 'free' })
  const take = (slotId: string): Resource => {
    const { resource } = read('Slot', slotId)
    if (resource['status'] !== 'free' || switches.slotRace) throw new Refusal(422, null)
    return keep({ ...resource, status: 'busy' }).resource
  }
  const slotOf = new Map<string, string>()
  const placed = (id: string, slotId: string): Partial<Resource> => {
    const taken = take(slotId)
    slotOf.set(id, slotId)
    return { start: taken['start'], end: taken['end'] }
  }
  const records: Records = {
    read,
    search(type, query) {
      const found = [...store.values()].filter(
        ({ resource }) => resource.resourceType === type && fits(resource, query),
      )
      return {
        entries: found.map((one) => ({ found: one, mode: 'match' as const })),
        next: null,
        total: null,
      }
    },
    create(type, body) {
      const id = String((numbers += 1))
      if (type !== 'Appointment') return keep({ ...body, resourceType: type, id })
      const slotId = idOf((body['slot'] as { reference: string }[])[0]?.reference)
      const doctor = idOf((read('Slot', slotId).resource['schedule'] as { reference: string }).reference)
      const participant = [
        ...(body['participant'] as object[]),
        { actor: { reference: `Practitioner/${doctor}` }, status: 'accepted' },
      ]
      const { slot: _slot, ...rest } = body
      return keep({ ...rest, resourceType: type, id, participant, ...placed(id, slotId) })
    },
    update: (type, id, _ifMatch, body) => keep({ ...body, resourceType: type, id }),
    patch(type, id, ifMatch, operations) {
      const now = read(type, id)
      if (switches.locked.has(`${type}/${id}`)) throw new Refusal(423, null)
      if (ifMatch !== `W/"${now.version}"`) throw new Refusal(409, null)
      const change: Record<string, unknown> = {}
      for (const { op, path, value } of operations as { op: string; path: string; value?: unknown }[])
        if (op !== 'test') change[path.slice(1).split('/')[0] ?? ''] = value
      const { slot: target, ...rest } = change
      const slotId = slotOf.get(id)
      if ((rest['status'] === 'cancelled' || target !== undefined) && slotId !== undefined) free(slotId)
      const moved =
        target === undefined ? {} : placed(id, idOf((target as { reference: string }[])[0]?.reference))
      return keep({ ...now.resource, ...rest, ...moved })
    },
    remove: () => undefined,
  }
  return {
    world: openWorld({ seed: 1, population: 1 }),
    tenant: SANDBOX_TENANT,
    clock,
    records,
    switches,
    patientId: () => SMITH,
    patientNumber: () => undefined,
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    put: keep,
    touch: (type, id, change) => void keep({ ...read(type, id).resource, ...change }),
    count: (type) => [...store.values()].filter(({ resource }) => resource.resourceType === type).length,
  }
}

const idOf = (reference: string | undefined): string => reference?.split('/').at(-1) ?? ''

/** The rules of a search that the tests lean on: beginnings of names as written, references, dates. */
function fits(resource: Resource, query: URLSearchParams): boolean {
  const text = JSON.stringify(resource)
  const [name] = (resource['name'] ?? []) as { family?: string; given?: string[] }[]
  const starts = (have: string | undefined, want: string): boolean =>
    have?.toUpperCase().startsWith(want.toUpperCase()) === true
  const time = String(resource['effectiveDateTime'] ?? resource['date'] ?? resource['start'] ?? '')
  const within = (value: string): boolean => {
    const bound = Date.parse(value.slice(2))
    return value.startsWith('ge') ? Date.parse(time) >= bound : Date.parse(time) < bound
  }
  return [...query].every(([key, value]) => {
    switch (key) {
      case '_id':
        return value.split(',').includes(resource.id ?? '')
      case '_count':
        return true
      case 'family':
        return starts(name?.family, value)
      case 'given':
        return starts(name?.given?.[0], value)
      case 'birthdate':
        return resource['birthDate'] === value
      case 'identifier': {
        const [system, number] = value.includes('|') ? value.split('|') : [null, value]
        return (resource['identifier'] as { system: string; value: string }[]).some(
          (one) => one.value === number && (system === null || one.system === system),
        )
      }
      case 'patient':
        return text.includes(`"Patient/${idOf(value)}"`)
      case 'practitioner':
        return text.includes(`"Practitioner/${idOf(value)}"`)
      case 'schedule.actor':
        return text.includes(`"Schedule/${idOf(value)}"`)
      case 'service-type':
      case 'code':
      case 'category':
      case 'status':
        return value.split(',').some((one) => text.includes(`"${one.split('|').at(-1) ?? ''}"`))
      case '-location':
        return text.includes(`"Location/${idOf(value)}"`)
      case 'date':
      case 'period':
      case 'start':
        return within(value)
      default:
        return true
    }
  })
}

export const APP: ClientInput = {
  id: 'practice-studio',
  persona: 'system',
  secret: 'secret',
  scopes: [...SERVICE_SCOPES],
}
/** The app of another practice; and one that may read only. */
export const OTHER_APP: ClientInput = { ...APP, id: 'other-practice' }
export const READER: ClientInput = {
  ...APP,
  id: 'reader',
  scopes: ['mws/Person.read', 'mws/Scheduling.read'],
}

export interface Doors extends AsyncDisposable {
  readonly server: CernerServer
  readonly hospital: SmallHospital
  readonly clock: Clock
  token(app?: ClientInput): Promise<string>
  /** A call with a token; a body goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
  /** Our detail code, of an answer that says no. */
  readonly code: string | undefined
  readonly ids: string[]
  readonly next: string | undefined
}

export async function openSmallDoors(startMs = BEFORE): Promise<Doors> {
  const clock = fixedClock(startMs)
  const hospital = smallHospital(clock)
  const server = await openCernerServer({
    hospital,
    clock,
    users: [],
    clients: [APP, OTHER_APP, READER],
    plugins: [millenniumRoutes, soapRoutes],
  })
  const token = async (app: ClientInput = APP): Promise<string> => {
    const basic = Buffer.from(`${app.id}:${app.secret ?? ''}`).toString('base64')
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope: app.scopes.join(' ') })
    const answer = await fetch(server.endpoints.token, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body,
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const own = await token()
  return {
    server,
    hospital,
    clock,
    token,
    async call(method, path, body, headers = {}) {
      const answer = await fetch(new URL(path, server.url), {
        method,
        headers: {
          authorization: `Bearer ${own}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      return read(answer)
    },
    [Symbol.asyncDispose]: async () => server.close(),
  }
}

interface Entry {
  resource: { id: string }
}

async function read(answer: Response): Promise<Answered> {
  const text = await answer.text()
  const body = (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown>
  const issue = (body['issue'] as { details?: { coding?: { code: string }[] } }[] | undefined)?.[0]
  const links = (body['link'] ?? []) as { relation: string; url: string }[]
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    code: issue?.details?.coding?.[0]?.code,
    ids: ((body['entry'] ?? []) as Entry[]).map(({ resource }) => resource.id),
    next: Array.isArray(links) ? links.find(({ relation }) => relation === 'next')?.url : undefined,
  }
}

export { GUIDE_BOOKING, GUIDE_SEARCH } from '../../standards/mws/guide.setup.ts'
