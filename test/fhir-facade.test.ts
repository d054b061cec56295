import { afterAll, beforeAll, expect, test } from 'vitest'
import { FACADE_TYPE_NAMES } from '../src/server/fhir/types.ts'
import { createToken } from '../src/store/tokens.ts'
import type { Role } from '../src/contract/session.ts'
import { openLaunchWorld } from './launch-world.ts'
import type { LaunchWorld } from './launch-world.ts'
import { faultsOf } from './r4-rules.ts'

interface Resource {
  resourceType: string
  id: string
  meta: { versionId?: string; lastUpdated: string }
  [member: string]: unknown
}
interface Bundle {
  resourceType: 'Bundle'
  total?: number
  link: { relation: string; url: string }[]
  entry?: {
    fullUrl: string
    resource: Resource
    search: { mode: string; score?: number; extension?: { valueCode: string }[] }
  }[]
}

let world: LaunchWorld
let clinician: Ask

type Ask = (path: string, init?: RequestInit) => Promise<Response>

beforeAll(async () => {
  world = await openLaunchWorld()
  await world.world.change({
    pull: {
      enabled: false,
      locations: ['21250403', '21250411', '21250427'],
      observationCategories: ['laboratory', 'vital-signs', 'social-history'],
    },
    limits: { concurrency: 5, requestsPerSecond: 2000 },
  })
  expect((await world.world.pull('full')).state).toBe('done')
  await settled()
  clinician = await as('clinician')
}, 120_000)
afterAll(() => world[Symbol.asyncDispose]())

async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const done = await world.world.studio.settled().then(
      () => true,
      () => false,
    )
    if (done) return
  }
  throw new Error('the pull is not applied')
}

async function as(role: Role, scopes?: string[]): Promise<Ask> {
  const { token } = await createToken(world.world.studio.store.database, {
    name: `Test ${role}`,
    role,
    scopes,
  })
  return (path, init = {}) =>
    fetch(path.startsWith('http') ? path : `${world.studio}/fhir/R4/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    })
}

async function bundle(path: string, ask = clinician): Promise<Bundle> {
  const answer = await ask(path)
  const body = (await answer.json()) as Bundle
  expect(answer.status, JSON.stringify(body)).toBe(200)
  expect(answer.headers.get('content-type')).toContain('application/fhir+json')
  return body
}
const matches = ({ entry = [] }: Bundle): Resource[] =>
  entry.filter(({ search }) => search.mode === 'match').map(({ resource }) => resource)
const found = async (path: string): Promise<Resource[]> => matches(await bundle(path))
const nextOf = ({ link }: Bundle): string | undefined => link.find(({ relation }) => relation === 'next')?.url

/** All pages of a search. */
async function everything(path: string): Promise<Resource[]> {
  const all: Resource[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const page: Bundle = await bundle(next)
    all.push(...matches(page))
    next = nextOf(page)
  }
  return all
}

test.each(FACADE_TYPE_NAMES.filter((type) => type !== 'Binary'))(
  '%s: everything that came from the hospital is written as R4 and US Core ask, and is read by its id',
  async (type) => {
    const all = await everything(`${type}?_count=200`)
    expect(all.length).toBeGreaterThan(0)
    const faults = new Set(all.flatMap((one) => faultsOf(one).map((fault) => fault.replace(/\[\d+\]/g, ''))))
    expect([...faults]).toEqual([])
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    const [first] = all
    const read = await clinician(`${type}/${first?.id}`)
    expect(read.status).toBe(200)
    expect(await read.json()).toEqual(first)
  },
)

test('metadata says what is offered, to everybody', async () => {
  const answer = await fetch(`${world.studio}/fhir/R4/metadata`)
  expect(answer.status).toBe(200)
  const statement = (await answer.json()) as {
    fhirVersion: string
    rest: { resource: { type: string; searchParam?: { name: string }[] }[] }[]
  }
  expect(statement.fhirVersion).toBe('4.0.1')
  expect(statement.rest[0]?.resource.map(({ type }) => type)).toEqual(FACADE_TYPE_NAMES)
  // Whatever it says it searches by, it searches by.
  for (const { type, searchParam = [] } of statement.rest[0]?.resource ?? [])
    for (const { name } of searchParam) {
      const answer = await clinician(`${type}?${name}=2026-01-01&_count=1`, {
        headers: { prefer: 'handling=strict' },
      })
      expect([type, name, answer.status]).toEqual([type, name, 200])
    }
})

test('pages follow each other without a total, show each record once, and name nobody in their addresses', async () => {
  const first = await bundle('Patient?_count=7')
  expect(matches(first)).toHaveLength(7)
  expect(first.total).toBeUndefined()
  const next = nextOf(first) ?? expect.fail('no next page')
  expect(next).toMatch(/\/fhir\/R4\/Patient\?_page=[A-Za-z0-9_-]+$/)
  const all = await everything('Patient?_count=7')
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  expect((await bundle('Patient?_count=500')).total).toBe(all.length)
  const family = world.world.hospital.world.person(0).family
  const named = await bundle(`Observation?_count=1&patient=Patient/${all[0]?.id}&status=final`)
  for (const { url } of [...named.link, ...first.link].filter(({ relation }) => relation === 'next'))
    expect(url).not.toContain(family)
  const forged = await clinician(`Patient?_page=${new URL(next).searchParams.get('_page')?.slice(0, -4)}AAAA`)
  expect(forged.status).toBe(400)
})

test('a row with several resources is cut between them and goes on where it was cut', async () => {
  const all = await everything('Observation?_count=500')
  const small = await everything('Observation?_count=3')
  expect(small.map(({ id }) => id)).toEqual(all.map(({ id }) => id))
})

test('a patient is found by number, name, birth date, sex and phone, each alone and together', async () => {
  const [one] = await found('Patient?_count=1')
  if (!one) throw new Error('no patient')
  const [name] = one['name'] as { family: string; given: string[] }[]
  const identifiers = one['identifier'] as {
    system: string
    value: string
    type?: { coding?: { code: string }[] }
  }[]
  const mrn = identifiers.find(({ type }) => type?.coding?.[0]?.code === 'MR') ?? expect.fail('no MRN')
  const phone = (one['telecom'] as { system: string; value: string }[] | undefined)?.find(
    (each) => each.system === 'phone',
  )
  const born = String(one['birthDate'])
  const keys = [
    `_id=${one.id}`,
    `identifier=${encodeURIComponent(`${mrn.system}|${mrn.value}`)}`,
    `identifier=${mrn.value}`,
    `identifier=${encodeURIComponent(`urn:ietf:rfc:3986|urn:uuid:${one.id}`)}`,
    `family=${name?.family}`,
    `family:exact=${name?.family}`,
    `family=${name?.family.slice(0, 3).toLowerCase()}&birthdate=${born}`,
    `name=${name?.family}&given=${name?.given[0]}`,
    `birthdate=${born}&gender=${String(one['gender'])}`,
    `birthdate=ge${born}&birthdate=le${born}&family=${name?.family}`,
    `family=${name?.family},Nobodyhasthis&birthdate=${born}`,
    ...(phone ? [`phone=${encodeURIComponent(phone.value)}`] : []),
  ]
  for (const key of keys)
    expect([key, (await found(`Patient?${key}`)).map(({ id }) => id)]).toEqual([
      key,
      expect.arrayContaining([one.id]),
    ])
  const wrong = [
    `_id=${one.id}&gender=other`,
    `identifier=${encodeURIComponent(`urn:other|${mrn.value}`)}`,
    `family=${name?.family}&birthdate=lt${born}`,
    `family:exact=${name?.family.toLowerCase()}x`,
    `_id=${one.id}&active=false`,
  ]
  for (const key of wrong)
    expect([key, (await found(`Patient?${key}`)).map(({ id }) => id)]).toEqual([
      key,
      expect.not.arrayContaining([one.id]),
    ])
})

test('records of a patient are searched by date, status, category and code', async () => {
  const all = await everything('Observation?_count=500')
  const one = all.find((each) => each['effectiveDateTime'] !== undefined) ?? expect.fail('no dated result')
  const patient = (one['subject'] as { reference: string }).reference
  const { coding } = one['code'] as { coding: { system?: string; code: string }[] }
  const [category] = one['category'] as { coding: { code: string }[] }[]
  const at = String(one['effectiveDateTime'])
  const [code] = coding
  const base = `Observation?_count=500&patient=${patient}`
  const ids = async (query: string): Promise<string[]> =>
    (await everything(`${base}&${query}`)).map(({ id }) => id)
  for (const query of [
    `date=ge${at}&date=le${at}`,
    `date=ge${at.slice(0, 4)}`,
    `code=${encodeURIComponent(`${code?.system ?? ''}|${code?.code}`)}`,
    `category=${category?.coding[0]?.code}&status=${String(one['status'])}`,
    `code=${code?.code}&date=gt1990`,
    `_lastUpdated=ge2020-01-01`,
  ])
    expect([query, await ids(query)]).toEqual([query, expect.arrayContaining([one.id])])
  for (const query of [
    `date=lt${at}`,
    'status=entered-in-error',
    'category=survey',
    'date=gt2099',
    'status:not=final,amended,corrected,preliminary',
  ])
    expect([query, await ids(query)]).toEqual([query, expect.not.arrayContaining([one.id])])
  const others = (await everything(base)).filter(
    (each) => (each['subject'] as { reference: string }).reference !== patient,
  )
  expect(others).toEqual([])
})

test('the schedule of a day is found by its date in the zone of the practice', async () => {
  const all = await everything('Appointment?_count=500')
  const one = all.find((each) => each['start'] !== undefined) ?? expect.fail('no appointment')
  const start = String(one['start'])
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(new Date(start))
  const ofDay = await everything(`Appointment?_count=500&date=${day}`)
  expect(ofDay.map(({ id }) => id)).toContain(one.id)
  expect(
    ofDay.every(
      (each) =>
        new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' }).format(
          new Date(String(each['start'])),
        ) === day,
    ),
  ).toBe(true)
})

test('an unknown parameter is left aside with a warning, or refused when the caller is strict', async () => {
  const lenient = await bundle('Patient?_count=1&shoe-size=44')
  const outcome = lenient.entry?.find(({ search }) => search.mode === 'outcome')?.resource
  expect(JSON.stringify(outcome)).toContain('The parameter shoe-size is not supported')
  const strict = await clinician('Patient?shoe-size=44', { headers: { prefer: 'handling=strict' } })
  expect(strict.status).toBe(400)
  expect(await strict.json()).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'invalid' }],
  })
  // A modifier changes the meaning, so it is never left aside.
  for (const query of [
    'Patient?family:phonetic=x',
    'Observation?date=yesterday',
    'Patient?_count=many',
    'Condition?patient=a b',
  ])
    expect([query, (await clinician(query)).status]).toEqual([query, 400])
})

test('a version that the caller has is not sent again', async () => {
  const [one] = await found('Patient?_count=1')
  const first = await clinician(`Patient/${one?.id}`)
  const etag = first.headers.get('etag') ?? expect.fail('no ETag')
  expect(etag).toBe(`W/"${one?.meta.versionId}"`)
  expect(Date.parse(first.headers.get('last-modified') ?? '')).toBe(
    Math.floor(Date.parse(one?.meta.lastUpdated ?? '') / 1000) * 1000,
  )
  expect((await clinician(`Patient/${one?.id}`, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect((await clinician(`Patient/${one?.id}`, { headers: { 'if-none-match': 'W/"999"' } })).status).toBe(
    200,
  )
})

test('failures are operation outcomes that quote nothing', async () => {
  const cases: [string, number, string][] = [
    ['Patient/00000000-0000-7000-8000-000000000000', 404, 'not-found'],
    ['Patient/not-an-id', 404, 'not-found'],
    ['Shoe', 404, 'not-found'],
    ['Patient/a/b/c', 404, 'not-found'],
    ['Patient?_format=xml', 406, 'invalid'],
  ]
  for (const [path, status, code] of cases) {
    const answer = await clinician(path)
    expect([path, answer.status]).toEqual([path, status])
    const body = await answer.text()
    expect(JSON.parse(body)).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code }] })
    expect(body).not.toContain('not-an-id')
  }
  const nobody = await fetch(`${world.studio}/fhir/R4/Patient`)
  expect(nobody.status).toBe(401)
  expect(nobody.headers.get('www-authenticate')).toBe('Bearer')
  expect(await nobody.json()).toMatchObject({ issue: [{ code: 'login' }] })
})

test('a role opens what it opens elsewhere', async () => {
  const biller = await as('biller')
  expect((await biller('Patient?_count=1')).status).toBe(200)
  const refused = await biller('Observation?_count=1')
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({ issue: [{ code: 'forbidden' }] })
})

test('a token with scopes opens the façade within them, and nothing else', async () => {
  const limited = await as('clinician', ['system/Patient.rs', 'system/Condition.r', 'system/Coverage.read'])
  const [one] = await found('Patient?_count=1')
  const status = async (path: string): Promise<number> => (await limited(path)).status
  expect(await status(`Patient/${one?.id}`)).toBe(200)
  expect(await status('Patient?_count=1')).toBe(200)
  expect(await status(`Coverage?patient=${one?.id}`)).toBe(200)
  // `.r` reads by id and does not search.
  expect(await status(`Condition?patient=${one?.id}`)).toBe(403)
  expect(await status('Observation?_count=1')).toBe(403)
  const elsewhere = await limited(`${world.studio}/api/patients`)
  expect(elsewhere.status).toBe(403)
  expect(await elsewhere.json()).toMatchObject({ code: 'SCOPE_MISSING' })
  const all = await as('clinician', ['system/*.rs'])
  expect((await all('Observation?_count=1')).status).toBe(200)
})

test('$match grades who it may be, and is certain only with number, name and birth date', async () => {
  const [one] = await found('Patient?_count=1')
  if (!one) throw new Error('no patient')
  const match = async (resource: object, more: object[] = []): Promise<Bundle> => {
    const answer = await clinician('Patient/$match', {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Parameters',
        parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...resource } }, ...more],
      }),
    })
    const body = (await answer.json()) as Bundle
    expect(answer.status, JSON.stringify(body)).toBe(200)
    return body
  }
  const gradeOf = ({ entry = [] }: Bundle): unknown =>
    entry.find(({ resource }) => resource.id === one.id)?.search.extension?.[0]?.valueCode
  const { name, birthDate, gender, identifier } = one as unknown as {
    name: { family: string; given: string[] }[]
    birthDate: string
    gender: string
    identifier: { system: string; value: string; type?: { coding?: { code: string }[] } }[]
  }
  const mrn = identifier.find(({ type }) => type?.coding?.[0]?.code === 'MR')
  const certain = await match({ name, birthDate, gender, identifier: [mrn] })
  expect(gradeOf(certain)).toBe('certain')
  expect(certain.entry?.[0]?.resource.id).toBe(one.id)
  expect(gradeOf(await match({ name, birthDate, gender }))).toBe('probable')
  // A number alone, or beside another birth date, proves nobody.
  expect(gradeOf(await match({ identifier: [mrn] }))).not.toBe('certain')
  expect(gradeOf(await match({ identifier: [mrn], name, birthDate: '1901-02-03' }))).not.toBe('certain')
  expect(
    (await match({ name, birthDate, gender }, [{ name: 'onlyCertainMatches', valueBoolean: true }])).entry,
  ).toBeUndefined()
  expect(
    (await match({ name: [{ family: 'Nobodyhasthis', given: ['Zz'] }], birthDate: '1800-01-01' })).entry,
  ).toBeUndefined()
  const empty = await clinician('Patient/$match', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: '{"resourceType":"Parameters"}',
  })
  expect(empty.status).toBe(400)
})

test('a search by form gives the same, and its values stay out of the addresses', async () => {
  const [one] = await found('Patient?_count=1')
  const [name] = one?.['name'] as { family: string }[]
  const answer = await clinician('Patient/_search', {
    method: 'POST',
    body: new URLSearchParams({ family: name?.family ?? '', _count: '1' }),
  })
  const body = (await answer.json()) as Bundle
  expect(answer.status, JSON.stringify(body)).toBe(200)
  expect(matches(body).length).toBe(1)
  const next = nextOf(body)
  if (next !== undefined) expect(next).not.toContain(name?.family)
})

test('every read, search and match is in the audit trail, with the patient it was about', async () => {
  const [one] = await found('Patient?_count=1')
  await clinician(`Patient/${one?.id}`)
  await clinician(`Condition?patient=${one?.id}`)
  const { rows } = await world.world.studio.store.database.query<{ line: string }>({
    text: `select distinct action || ' ' || object as line from audit where action like 'fhir.%'`,
  })
  const lines = rows.map(({ line }) => line)
  expect(lines).toEqual(
    expect.arrayContaining([
      `fhir.read patient/${one?.id}`,
      `fhir.search patient/${one?.id}`,
      'fhir.match patient',
    ]),
  )
})
