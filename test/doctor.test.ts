import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeKeyPair } from '../src/connectors/cerner/auth-keys.ts'
import type { CernerSettingsInput } from '../src/connectors/cerner/definition.ts'
import { RUNGS } from '../src/connectors/cerner/probe.ts'
import type { CernerProbe, Probed } from '../src/connectors/cerner/probe.ts'
import { SYSTEM_CLIENT } from './cerner-world.ts'
import {
  certificate,
  clockAhead,
  closedPort,
  examine,
  goodSettings,
  openDoctorWorld,
  openRelay,
  pem,
} from './doctor-world.ts'
import type { DoctorWorld, Passed } from './doctor-world.ts'

let world: DoctorWorld
beforeAll(async () => {
  world = await openDoctorWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
afterEach(() => {
  for (const { server } of [world.plain, world.secure]) server.faults.clear()
})

type Step = Probed['steps'][number]
const HTML = '<html><body>Sign in to the network</body></html>'

/** Something that is wrong, and what the test has to say about it. */
interface Case {
  /** Changes of settings with which all is well. */
  settings?: () => CernerSettingsInput | Promise<CernerSettingsInput>
  /** By the sandbox behind TLS. */
  secure?: boolean
  faults?: Record<string, unknown>[]
  /** Somebody in between. */
  alter?: (path: string, answer: Passed) => Partial<Passed> | null
  more?: Partial<CernerProbe>
  fails?: string
  warns?: string
  says: RegExp
  acts: Step['acts']
  /** Rungs that must not be tried, and rungs that must have passed all the same. */
  skips?: string[]
  passes?: string[]
}

const base = (): string => world.plain.server.endpoints.fhir
const auth = (changes: object): CernerSettingsInput => ({
  auth: { clientId: SYSTEM_CLIENT.id, clientSecret: SYSTEM_CLIENT.secret, ...changes },
})
const on = (changes: object): CernerSettingsInput => ({ fhir: { base: base(), ...changes } })
const ABOVE_TLS = [
  'discovery',
  'clock',
  'token',
  'scopes',
  'metadata',
  'profile',
  'patient',
  'search',
  'headroom',
]
const ABOVE_DISCOVERY = ['token', 'scopes', 'metadata', 'profile', 'patient', 'search', 'headroom']
const ABOVE_TOKEN = ['scopes', 'patient', 'search', 'headroom']
const METADATA = { path: '/metadata' }
const isMetadata = (path: string): boolean => path.endsWith('/metadata')
const isWellKnown = (path: string): boolean => path.endsWith('/smart-configuration')

/** The metadata with something changed in it. */
const altered =
  (
    change: (statement: {
      fhirVersion: string
      rest: [{ security?: unknown; resource: Resource[] }]
    }) => void,
  ) =>
  (path: string, { body }: Passed): Partial<Passed> | null => {
    if (!isMetadata(path)) return null
    const statement = JSON.parse(body) as Parameters<typeof change>[0]
    change(statement)
    return { body: JSON.stringify(statement) }
  }
interface Resource {
  type: string
  interaction: { code: string }[]
}

// prettier-ignore
const CASES: Record<string, Case> = {
  'no client secret': {
    settings: () => auth({ clientSecret: '' }),
    fails: 'settings', says: /client secret is empty/, acts: 'practice', skips: ABOVE_TOKEN, passes: ['tcp', 'discovery', 'metadata'],
  },
  'an address without a tenant': {
    settings: () => ({ fhir: { base: 'https://127.0.0.1:1/' } }),
    fails: 'settings', says: /names no tenant/, acts: 'practice', skips: ['dns', 'tcp', 'tls', ...ABOVE_TLS],
  },
  'a wrong host name': {
    settings: () => ({ fhir: { base: 'https://no-such-host.invalid/r4/t' } }),
    fails: 'dns', says: /no-such-host\.invalid/, acts: expect.stringMatching(/^(practice|network)$/) as Step['acts'], skips: ['tcp', 'tls', ...ABOVE_TLS],
  },
  'a closed port': {
    settings: async () => ({ fhir: { base: `http://127.0.0.1:${await closedPort()}/r4/t` } }),
    fails: 'tcp', says: /port \d+ is closed/, acts: 'network', skips: ['tls', ...ABOVE_TLS],
  },
  'an expired certificate': {
    secure: true, faults: [certificate('expired')], settings: () => ({ tls: { ca: pem('doctor-ca.cert') } }),
    fails: 'tls', says: /expired on 2025-01-01/, acts: 'cerner', skips: ABOVE_TLS,
  },
  'a certificate that the server signed itself': {
    secure: true, faults: [certificate('self-signed')],
    fails: 'tls', says: /self-signed/, acts: 'network', skips: ABOVE_TLS,
  },
  'a certificate of an authority that is not trusted': {
    secure: true, settings: () => ({ tls: { ca: pem('other-ca.cert') } }),
    fails: 'tls', says: /Practice Studio test ca, an authority that is not trusted/, acts: 'network', skips: ABOVE_TLS,
  },
  'a certificate for another name': {
    secure: true, faults: [certificate('other-name')], settings: () => ({ tls: { ca: pem('doctor-ca.cert') } }),
    fails: 'tls', says: /for another name than 127\.0\.0\.1/, acts: 'practice', skips: ABOVE_TLS,
  },
  'plain text on the port of TLS': {
    settings: () => on({ base: base().replace('http:', 'https:') }),
    fails: 'tls', says: /speaks no TLS/, acts: 'practice', skips: ABOVE_TLS,
  },
  'plain http on this machine': {
    warns: 'tls', says: /Nothing is encrypted/, acts: 'practice', passes: ['discovery', 'token', 'patient', 'search', 'headroom'],
  },
  'no well-known document, and metadata without an authorization server': {
    alter: (path, answer) => isWellKnown(path) ? { status: 404, body: '' } : altered(({ rest }) => { delete rest[0].security })(path, answer),
    fails: 'discovery', says: /names no authorization server/, acts: 'practice', skips: ABOVE_DISCOVERY,
  },
  'a page of a gateway in place of every answer': {
    faults: [{ kind: 'wrong-type' }],
    fails: 'discovery', says: /web page answers in Cerner’s place/, acts: 'network', skips: ABOVE_DISCOVERY,
  },
  'a redirect to a log-in page': {
    alter: () => ({ status: 302, headers: { location: 'https://login.example.org/' }, body: HTML }),
    fails: 'discovery', says: /web page answers|sent elsewhere/, acts: 'network', skips: ABOVE_DISCOVERY,
  },
  'a typo in the tenant': {
    settings: () => on({ base: base().replace(/.$/, 'x') }),
    fails: 'discovery', says: /does not know the tenant/, acts: 'practice', skips: ABOVE_DISCOVERY,
  },
  'answers slower than the timeout': {
    faults: [{ kind: 'slow', ms: 5_000 }],
    fails: 'discovery', says: /gave no answer within/, acts: 'cerner', skips: ABOVE_DISCOVERY,
  },
  'a socket that is closed after the call': {
    faults: [{ kind: 'drop' }],
    fails: 'discovery', says: /closed before the answer came/, acts: 'network', skips: ABOVE_DISCOVERY,
  },
  'an authorization server on a port that is closed': {
    alter: (path, { body }) => isWellKnown(path) ? { body: body.replace(/("token_endpoint":"http:\/\/127\.0\.0\.1:)\d+/, '$11') } : null,
    fails: 'authorization', says: /port 1 is closed/, acts: 'network', skips: ABOVE_TOKEN, passes: ['metadata'],
  },
  'a clock that is off by ten minutes': {
    more: clockAhead(600_000),
    fails: 'clock', says: /clock of this machine is off/, acts: 'practice', passes: ['token', 'search'],
  },
  'a clock that is off by 45 seconds': {
    more: clockAhead(-45_000),
    warns: 'clock', says: /clock of this machine runs off/, acts: 'practice', passes: ['token', 'search'],
  },
  'a wrong client id': {
    settings: () => auth({ clientId: 'practice-studio-sistem' }),
    fails: 'token', says: /client id or its secret is wrong/, acts: 'practice', skips: ABOVE_TOKEN, passes: ['metadata', 'profile'],
  },
  'a wrong secret': {
    settings: () => auth({ clientSecret: 'not-it' }),
    fails: 'token', says: /client id or its secret is wrong/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'a secret that was pasted with a blank': {
    settings: () => auth({ clientSecret: `${SYSTEM_CLIENT.secret} ` }),
    fails: 'token', says: /secret begins or ends with a blank/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'a key that is not registered': {
    settings: async () => {
      const { privateKey, keyId } = await makeKeyPair('ES384')
      return auth({ method: 'private_key_jwt', algorithm: 'ES384', privateKey, keyId, clientSecret: '' })
    },
    fails: 'token', says: /does not know our public key/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'an app that the site has not enabled': {
    settings: () => auth({ clientId: 'not-enabled' }),
    fails: 'token', says: /not enabled for this tenant/, acts: 'cerner', skips: ABOVE_TOKEN,
  },
  'a typo in the tenant of the token address': {
    settings: () => on({ tokenUrl: world.plain.server.endpoints.token.replace(/tenants\/./, 'tenants/x') }),
    fails: 'token', says: /does not know the tenant/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'a token address where there is none': {
    settings: () => on({ tokenUrl: `${world.plain.server.url}/token` }),
    fails: 'token', says: /no token endpoint/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'an authorization server that is down': {
    faults: [{ kind: 'token-down', status: 503 }],
    fails: 'token', says: /server fails by itself \(503\)/, acts: 'cerner', skips: ABOVE_TOKEN, passes: ['metadata'],
  },
  'an authorization server that is silent': {
    faults: [{ kind: 'token-down', hang: true }],
    fails: 'token', says: /gave no answer within/, acts: 'cerner', skips: ABOVE_TOKEN, passes: ['metadata'],
  },
  'v2 scopes for an app of v1': {
    settings: () => auth({ scopeVersion: 'v2' }),
    fails: 'token', says: /registered for v1 scopes, and the settings ask in v2/, acts: 'practice', skips: ABOVE_TOKEN,
  },
  'an app without scopes': {
    settings: () => auth({ clientId: 'without-scopes' }),
    fails: 'token', says: /None of the \d+ scopes asked for is enabled/, acts: 'cerner', skips: ABOVE_TOKEN,
  },
  'a scope that is not granted': {
    faults: [{ kind: 'narrow', scopes: ['Immunization'] }],
    fails: 'scopes', says: /Immunizations do not appear in the chart/, acts: 'cerner', passes: ['token', 'patient', 'search'],
  },
  'a wildcard among the scopes': {
    settings: () => auth({ scopes: ['system/*.read', 'system/Patient.read'] }),
    fails: 'scopes', says: /drops wildcards.*Results and vital signs do not appear/, acts: 'practice', passes: ['patient', 'search'],
  },
  'metadata that lost a resource': {
    alter: altered(({ rest }) => { rest[0].resource = rest[0].resource.filter(({ type }) => type !== 'Slot') }),
    fails: 'metadata', says: /does not offer what we use: find free slots/, acts: 'cerner', skips: ['profile'], passes: ['token', 'patient'],
  },
  'metadata that fails': {
    faults: [{ kind: 'status', status: 500, match: METADATA }],
    fails: 'metadata', says: /server fails by itself \(500\)/, acts: 'cerner', skips: ['profile'], passes: ['token', 'patient', 'search'],
  },
  'metadata that breaks off': {
    faults: [{ kind: 'half', match: METADATA }],
    fails: 'metadata', says: /breaks off in the middle/, acts: 'network', skips: ['profile'], passes: ['token', 'patient'],
  },
  'metadata that is not whole JSON': {
    faults: [{ kind: 'malformed', match: METADATA }],
    fails: 'metadata', says: /not whole JSON/, acts: 'network', skips: ['profile'], passes: ['token', 'patient'],
  },
  'DSTU 2 behind a setting of R4': {
    settings: () => on({ base: world.plain.server.endpoints.dstu2 }),
    fails: 'profile', says: /settings say R4, and the server speaks DSTU2/, acts: 'practice', skips: ['patient', 'search', 'headroom'], passes: ['token', 'metadata'],
  },
  'R4 behind a version that has none': {
    settings: () => ({ profile: 'millennium-2018' }),
    warns: 'profile', says: /has no FHIR R4, and the server speaks it/, acts: 'practice', passes: ['patient', 'search'],
  },
  'a chart behind a version that shares none': {
    settings: () => ({ profile: 'communityworks' }),
    warns: 'profile', says: /offers more than the Cerner version/, acts: 'practice', passes: ['patient', 'search'],
  },
  'a test patient that Cerner does not know': {
    settings: () => ({ knownPatient: '99999999999' }),
    fails: 'patient', says: /does not know the test patient/, acts: 'practice', passes: ['token', 'search', 'headroom'],
  },
  'a test patient that the account may not see': {
    faults: [{ kind: 'status', status: 403, match: { pattern: '/Patient/' } }],
    fails: 'patient', says: /lacks the scope/, acts: 'cerner', passes: ['token', 'search'],
  },
  'a token for another tenant': {
    faults: [{ kind: 'wrong-audience' }],
    fails: 'patient', says: /made for another tenant/, acts: 'practice', skips: ['search', 'headroom'], passes: ['token', 'scopes'],
  },
  'a token that is not accepted': {
    faults: [{ kind: 'status', status: 401, match: { pattern: '/Patient/' } }],
    fails: 'patient', says: /does not accept the token/, acts: 'cerner', skips: ['search', 'headroom'],
  },
  'a storm of 429': {
    faults: [{ kind: 'status', status: 429, match: { type: 'Patient' } }],
    fails: 'patient', says: /fewer calls \(429, throttled\)/, acts: 'practice', skips: ['headroom'], passes: ['token'],
  },
  '429 as soon as calls come quickly': {
    faults: [{ kind: 'status', status: 429, match: { type: 'Patient' }, after: 5 }],
    warns: 'headroom', says: /throttles this account/, acts: 'practice', passes: ['patient', 'search'],
  },
  'a search that finds what nobody has': {
    alter: (path, { body }) => path.includes('/Patient?') ? { body: body.replace('"type":"searchset"', '"type":"searchset","entry":[{"search":{"mode":"match"},"resource":{"resourceType":"Patient","id":"1"}}]') } : null,
    warns: 'search', says: /does not look at the search parameter/, acts: 'cerner', passes: ['patient', 'headroom'],
  },
  'services at a port that is closed': {
    settings: async () => ({ millennium: { base: `http://127.0.0.1:${await closedPort()}`, person: true } }),
    fails: 'services-host', says: /port \d+ is closed/, acts: 'network', skips: ['services'], passes: ['token', 'search'],
  },
  'services at a path where there are none': {
    settings: () => ({ millennium: { base: `${world.plain.server.url}/wrong`, person: true } }),
    fails: 'services-person', says: /does not know what was asked for|path or version/, acts: 'practice', passes: ['search'],
  },
  'services that fail': {
    settings: () => ({ millennium: { base: world.plain.server.endpoints.mws, person: true, scheduling: true } }),
    faults: [{ kind: 'status', status: 503, match: { pattern: '^/(reference|metadata|patient/v1|scheduling/v1)' } }],
    fails: 'services', says: /server fails by itself \(503\)/, acts: 'cerner', skips: ['services-person', 'services-scheduling'], passes: ['search'],
  },
}

async function run({ settings, secure, faults = [], alter, more }: Case): Promise<Step[]> {
  const sandbox = secure ? world.secure : world.plain
  const good = goodSettings(world, sandbox)
  await using relay = alter ? await openRelay(base(), alter) : null
  for (const fault of faults) expect(await sandbox.server.faults.add(fault)).not.toHaveProperty('refused')
  const input = { ...good, ...(relay ? { fhir: { base: relay.base } } : {}), ...(await settings?.()) }
  return (await examine(input, more)).steps
}

const of = (steps: readonly Step[], rung: string): Step | undefined =>
  steps.find((step) => step.rung === rung)
const outcomes = (steps: readonly Step[], rungs: readonly string[] = []) =>
  Object.fromEntries(rungs.map((rung) => [rung, of(steps, rung)?.outcome]))
const all = (rungs: readonly string[] = [], outcome: Step['outcome']) =>
  Object.fromEntries(rungs.map((rung) => [rung, outcome]))

describe('each of these is found on its rung, named, and given to who can act', () => {
  test.each(Object.entries(CASES))('%s', async (_name, one) => {
    const steps = await run(one)
    const rung = one.fails ?? one.warns ?? ''
    const outcome = one.fails === undefined ? 'warning' : 'failed'
    expect(of(steps, rung)).toMatchObject({ outcome, acts: one.acts })
    expect(`${of(steps, rung)?.meaning} ${of(steps, rung)?.evidence}`).toMatch(one.says)
    expect(of(steps, rung)?.remedy).not.toBe('')
    // The first to fail is the one to blame.
    expect(steps.find((step) => step.outcome === 'failed')?.rung).toBe(one.fails)
    expect(outcomes(steps, one.skips)).toEqual(all(one.skips, 'skipped'))
    expect(outcomes(steps, one.passes)).toEqual(all(one.passes, 'passed'))
    const told = JSON.stringify(steps)
    expect(told).not.toContain(SYSTEM_CLIENT.secret)
    expect(told).not.toContain(world.patient)
    expect(told).not.toMatch(/undefined|NaN|\[object/)
  })
})

test('with nothing wrong every rung holds, over TLS and with all services', async () => {
  const { server } = world.secure
  const all = { person: true, scheduling: true, clinical: true, documents: true }
  const { steps, seen } = await examine({
    ...goodSettings(world, world.secure),
    millennium: { base: server.endpoints.mws, ...all },
  })
  expect(steps.filter(({ outcome }) => !['passed', 'skipped'].includes(outcome))).toEqual([])
  expect(steps.filter(({ outcome }) => outcome === 'skipped').map(({ rung }) => rung)).toEqual([
    'authorization',
    'services-host',
    'flow',
  ])
  expect(seen.endpoints?.token).toBe(server.endpoints.token)
  expect(seen.capability?.types.has('Appointment')).toBe(true)
})

test('without a test patient its rung is left out, and says how to name one', async () => {
  const { steps } = await examine({ ...goodSettings(world, world.plain), knownPatient: '' })
  expect(of(steps, 'patient')).toMatchObject({ outcome: 'skipped', acts: 'practice' })
  expect(of(steps, 'patient')?.remedy).toMatch(/Test patient/)
  expect(of(steps, 'search')?.outcome).toBe('passed')
})

test('what the server lost since last time fails, what is new is told, and the good state is kept to compare with', async () => {
  const good = goodSettings(world, world.plain)
  const { seen } = await examine(good)
  const capability = {
    value: seen.capability as NonNullable<typeof seen.capability>,
    atMs: Date.parse('2026-03-01T00:00:00Z'),
  }
  const before = { endpoints: null, capability }
  const changed = altered(({ rest }) => {
    const [{ resource }] = rest
    resource.push({ type: 'Goal', interaction: [{ code: 'read' }] })
    const appointment = resource.find(({ type }) => type === 'Appointment') as Resource
    appointment.interaction = appointment.interaction.filter(({ code }) => code !== 'patch')
  })
  await using relay = await openRelay(base(), changed)
  const lost = await examine({ ...good, fhir: { base: relay.base } }, { before })
  expect(of(lost.steps, 'metadata')).toMatchObject({ outcome: 'failed', acts: 'cerner' })
  expect(of(lost.steps, 'metadata')?.evidence).toContain(
    'Since 2026-03-01: gone Appointment.interaction.patch. new Goal.',
  )
  expect(of(lost.steps, 'metadata')?.meaning).toMatch(/move an appointment, cancel an appointment/)
  expect(lost.seen.capability).toBeNull()
  const same = await examine(good, { before })
  expect(of(same.steps, 'metadata')?.evidence).toContain('The same as on 2026-03-01.')
})

test('a token address that moved is told of once, and remembered', async () => {
  const before = {
    endpoints: {
      value: { token: 'https://old.example.org/token', authorize: '' },
      atMs: Date.parse('2026-03-01T00:00:00Z'),
    },
    capability: null,
  }
  const { steps, seen } = await examine(goodSettings(world, world.plain), { before })
  expect(of(steps, 'discovery')).toMatchObject({ outcome: 'warning', acts: 'nobody' })
  expect(of(steps, 'discovery')?.evidence).toContain('On 2026-03-01 it was old.example.org')
  expect(seen.endpoints?.token).toBe(world.plain.server.endpoints.token)
})

test('a key pair with a clock that is off gets its token by Cerner’s time, and is warned', async () => {
  const { privateKey, keyId, jwks } = await makeKeyPair('ES384')
  world.plain.server.oauth.clients.put({
    id: 'with-key',
    persona: 'system',
    jwks,
    scopes: ['system/Patient.read'],
  })
  const settings = {
    ...goodSettings(world, world.plain),
    auth: {
      method: 'private_key_jwt' as const,
      algorithm: 'ES384' as const,
      clientId: 'with-key',
      privateKey,
      keyId,
    },
  }
  const { steps } = await examine(settings, clockAhead(600_000))
  expect(of(steps, 'token')).toMatchObject({ outcome: 'warning', acts: 'practice' })
  expect(of(steps, 'token')?.meaning).toMatch(/Cerner’s clock/)
  expect(JSON.stringify(steps)).not.toContain('PRIVATE KEY')
})

test('a ticket names hosts, tenant, client, times and ids, and nothing that is secret', async () => {
  await world.plain.server.faults.add({ kind: 'status', status: 500, match: METADATA })
  const { steps } = await examine(goodSettings(world, world.plain))
  const ticket = of(steps, 'metadata')?.ticket ?? ''
  expect(ticket.split('\n').slice(0, 2)).toEqual([
    'To: Cerner support',
    `Subject: Practice Studio, tenant ${world.plain.server.tenant}: test “The server offers what is used” failed`,
  ])
  expect(ticket).toContain(`FHIR host: ${new URL(base()).host} (R4)`)
  expect(ticket).toContain(`Authorization host: ${new URL(base()).host}`)
  expect(ticket).toContain(`Client id: ${SYSTEM_CLIENT.id}`)
  expect(ticket).toMatch(/Tested at: \d{4}-\d\d-\d\dT[\d:.]+Z \(UTC\)/)
  expect(ticket).toMatch(/GET metadata at \S+: HTTP 500 after \d+ ms; X-Request-Id [\w-]+; opc-request-id \//)
  expect(ticket).not.toContain(SYSTEM_CLIENT.secret)
})

test('the reference lists the rungs as they are climbed', async () => {
  const page = await readFile(new URL('../docs/reference/doctor.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| ([^|]+?) +\|/gm)].map(([, rung, name]) => ({
    rung,
    name,
  }))
  expect(rows).toEqual(RUNGS)
})
