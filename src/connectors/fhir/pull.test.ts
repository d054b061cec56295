import { expect, test } from 'vitest'
import type { SearchParameters } from '../../standards/fhir/search.ts'
import { clientFor, farSide, sendIssue, sendJson } from './far-side.world.ts'
import type { Answering } from './far-side.world.ts'
import { FhirPages, pull } from './pull.ts'
import type { PulledPage } from './pull.ts'

const BY_PATIENT: SearchParameters = { patient: '1' }

const entry = (id: string, version = '1', lastUpdated = '2026-01-01T00:00:00Z', mode = 'match') => ({
  fullUrl: `x/Observation/${id}`,
  resource: { resourceType: 'Observation', id, meta: { versionId: version, lastUpdated } },
  search: { mode },
})

const bundle = (entries: object[], next?: string) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  link: [{ relation: 'self', url: 'x' }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])],
  ...(entries.length > 0 ? { entry: entries } : {}),
})

async function pullFrom(answering: (base: string) => Answering) {
  let base = ''
  await using far = await farSide((one, response, nth) => answering(base)(one, response, nth))
  base = far.base
  const { client } = clientFor(far.base)
  await using _ = client
  const pages: PulledPage[] = []
  let error: unknown = null
  try {
    for await (const page of pull(client, { type: 'Observation', parameters: BY_PATIENT })) pages.push(page)
  } catch (thrown) {
    error = thrown
  }
  const ids = pages.flatMap(({ entries }) => entries.map(({ id, version }) => `${id}v${version}`))
  return { pages, ids, error, urls: far.asked.map(({ url }) => url) }
}

const contextOf = (url: string): string | null => new URLSearchParams(url.split('?')[1]).get('-pageContext')

test('the next page is asked for exactly as the server named it', async () => {
  const { ids, urls } = await pullFrom(
    (base) => (one, response) =>
      sendJson(
        response,
        contextOf(one.url) === null
          ? bundle([entry('1')], `${base}/Observation?patient=1&-pageContext=eJw%2BAb%3D&-pageDirection=NEXT`)
          : bundle([entry('2')]),
      ),
  )
  expect(ids).toEqual(['1v1', '2v1'])
  expect(urls).toEqual([
    '/r4/tenant/Observation?patient=1',
    '/r4/tenant/Observation?patient=1&-pageContext=eJw%2BAb%3D&-pageDirection=NEXT',
  ])
})

test('an empty result is a page without entries', async () => {
  const { pages, error } = await pullFrom(() => (_, response) => sendJson(response, bundle([])))
  expect(error).toBeNull()
  expect(pages).toMatchObject([{ number: 1, entries: [], total: null }])
})

test('a resource on two pages is given once, and again when it is newer there', async () => {
  const { ids } = await pullFrom(
    (base) => (one, response) =>
      sendJson(
        response,
        contextOf(one.url) === null
          ? bundle(
              [entry('1'), entry('2', '5', '2026-02-01T00:00:00Z')],
              `${base}/Observation?-pageContext=2`,
            )
          : bundle([
              entry('1'),
              entry('2', '4', '2026-01-15T00:00:00Z'),
              entry('1', '9', '2026-03-01T00:00:00Z'),
            ]),
      ),
  )
  expect(ids).toEqual(['1v1', '2v5', '1v9'])
})

test('what was included is told from what was found, and outcomes stand apart', async () => {
  const outcome = { resource: { resourceType: 'OperationOutcome' }, search: { mode: 'outcome' } }
  const { pages } = await pullFrom(
    () => (_, response) =>
      sendJson(response, bundle([entry('1'), entry('2', '1', '2026-01-01T00:00:00Z', 'include'), outcome])),
  )
  expect(pages[0]?.entries.map(({ mode }) => mode)).toEqual(['match', 'include'])
  expect(pages[0]?.outcomes).toHaveLength(1)
})

test('pages that lead back to one already read end the pull, and keep what came', async () => {
  const { ids, error, urls } = await pullFrom(
    (base) => (one, response) =>
      sendJson(
        response,
        contextOf(one.url) === null
          ? bundle([entry('1')], `${base}/Observation?-pageContext=2`)
          : bundle([entry('2')], `${base}/Observation?patient=1`),
      ),
  )
  expect(ids).toEqual(['1v1', '2v1'])
  expect(error).toMatchObject({ code: 'FHIR_PAGING_LOOP' })
  expect(urls).toHaveLength(2)
})

test('a server that sends the same page under ever new addresses is noticed', async () => {
  const { error, urls } = await pullFrom(
    (base) => (_, response, nth) =>
      sendJson(response, bundle([entry('1')], `${base}/Observation?-pageContext=${nth}`)),
  )
  expect(error).toMatchObject({ code: 'FHIR_PAGING_LOOP' })
  expect(urls.length).toBeLessThan(30)
})

test.each([400, 404])(
  'a page that has grown stale (%i) starts the search again, once, without repeats',
  async (status) => {
    let stale = true
    const { ids, error, urls } = await pullFrom((base) => (one, response) => {
      if (contextOf(one.url) === null)
        return sendJson(response, bundle([entry('1')], `${base}/Observation?-pageContext=2`))
      if (stale) {
        stale = false
        return sendIssue(response, status, { code: 'invalid' })
      }
      return sendJson(response, bundle([entry('2')]))
    })
    expect(error).toBeNull()
    expect(ids).toEqual(['1v1', '2v1'])
    expect(urls).toHaveLength(4)
  },
)

test('a page that is stale twice ends the pull with its error', async () => {
  const { error } = await pullFrom(
    (base) => (one, response) =>
      contextOf(one.url) === null
        ? sendJson(response, bundle([entry('1')], `${base}/Observation?-pageContext=2`))
        : sendIssue(response, 404, { code: 'not-found' }),
  )
  expect(error).toMatchObject({ code: 'FHIR_NOT_FOUND' })
})

test('a search that is refused at once is not started again', async () => {
  const { error, urls } = await pullFrom(() => (_, response) => sendIssue(response, 400, { code: 'invalid' }))
  expect(error).toMatchObject({ code: 'FHIR_REQUEST_REFUSED' })
  expect(urls).toHaveLength(1)
})

test('the pages of a synchronisation take parameters as pairs', async () => {
  await using far = await farSide((_, response) => sendJson(response, bundle([])))
  const { client } = clientFor(far.base)
  await using _ = client
  const params = [
    ['location', '12'],
    ['date', 'ge2026-01-01T00:00:00Z'],
    ['date', 'lt2026-01-08T00:00:00Z'],
  ] as const
  for await (const page of new FhirPages(client).search({ type: 'Appointment', params }))
    expect(page.entries).toEqual([])
  expect(far.asked[0]?.url).toBe(
    '/r4/tenant/Appointment?location=12&date=ge2026-01-01T00:00:00Z&date=lt2026-01-08T00:00:00Z',
  )
})

test('the next pull starts by the clock that is behind', async () => {
  // The far side's clock is ten minutes behind ours, which stands at 12:00.
  const { pages } = await pullFrom(
    () => (_, response) => sendJson(response, bundle([]), { date: 'Fri, 01 May 2026 11:50:00 GMT' }),
  )
  const asOfMs = pages[0]?.asOfMs ?? 0
  expect(new Date(asOfMs).toISOString()).toMatch(/^2026-05-01T11:50:00/)
})
