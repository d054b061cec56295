import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutBundle, newestOf, readHead } from './bundle.ts'
import type { BundleEntry } from './bundle.ts'

const text = (value: unknown, indent?: number): string => JSON.stringify(value, null, indent)
const entry = (resource: object, mode = 'match') => ({ fullUrl: 'https://x/1', resource, search: { mode } })

// JSON with everything that could mislead a skim: quotes, brackets, backslashes and blanks inside strings and keys.
const awkward = fc.stringMatching(/^[a"\\{}[\]:, \n\u00e9\ud83d]{0,12}$/)
const anyJson = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' })
const resource = fc
  .record({
    resourceType: fc.constantFrom('Patient', 'Observation'),
    id: fc.stringMatching(/^[A-Za-z0-9.-]{1,20}$/),
    meta: fc.record({ versionId: fc.string(), lastUpdated: fc.constant('2026-01-01T00:00:00Z') }),
    value: anyJson,
  })
  .chain((base) => fc.dictionary(awkward, fc.oneof(awkward, anyJson)).map((more) => ({ ...more, ...base })))

describe('cutting a searchset', () => {
  test('gives each resource as JSON.parse would find it, in any layout', () => {
    fc.assert(
      fc.property(
        fc.array(resource, { maxLength: 6 }),
        fc.constantFrom(undefined, 1, 4),
        (resources, indent) => {
          const whole = text(
            { resourceType: 'Bundle', type: 'searchset', entry: resources.map((one) => entry(one)) },
            indent,
          )
          const parsed = JSON.parse(whole) as {
            entry: { resource: { id: string; meta: { versionId: string } } }[]
          }
          const { entries, shell } = cutBundle(whole)
          expect(entries.map((one) => JSON.parse(one.text) as unknown)).toEqual(
            parsed.entry.map((one) => one.resource),
          )
          expect(entries.map(({ id, version }) => [id, version])).toEqual(
            parsed.entry.map((one) => [one.resource.id, one.resource.meta.versionId]),
          )
          expect(JSON.parse(shell)).toEqual({
            ...parsed,
            entry: parsed.entry.map((one) => ({ ...one, resource: {} })),
          })
        },
      ),
    )
  })

  test('never reads a bundle that was cut off as a whole one', () => {
    const whole = text({
      resourceType: 'Bundle',
      entry: [entry({ resourceType: 'Patient', id: '1', name: [{ family: 'O"Brien' }] })],
    })
    for (let length = 0; length < whole.length; length++) {
      expect(() => cutBundle(whole.slice(0, length))).toThrow(/cannot be read/)
    }
    expect(cutBundle(whole).entries).toHaveLength(1)
  })

  test('throws nothing but its own error, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'a', '1', ' ', 'entry', '"entry":'),
        }),
        (bytes) => {
          try {
            cutBundle(bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'FHIR_ANSWER_UNREADABLE' })
          }
        },
      ),
    )
  })

  test('leaves every digit where it is', () => {
    const one =
      '{"resourceType":"Observation","id":"1","valueQuantity":{"value":180.0},"n":12345678901234567890}'
    expect(cutBundle(`{"resourceType":"Bundle","entry":[{"resource":${one}}]}`).entries[0]?.text).toBe(one)
  })

  test('reads links, total, mode and address; what is missing is null', () => {
    const bundle = cutBundle(
      text({
        resourceType: 'Bundle',
        type: 'searchset',
        total: 0,
        link: [{ relation: 'next', url: 'https://x/?-pageContext=a&b' }, { relation: 'broken' }],
        entry: [
          entry({ resourceType: 'Provenance' }, 'include'),
          { resource: { resourceType: 'Patient', id: '2' } },
        ],
      }),
    )
    expect(bundle).toMatchObject({ type: 'searchset', total: 0 })
    expect(bundle.links).toEqual(new Map([['next', 'https://x/?-pageContext=a&b']]))
    expect(bundle.entries).toMatchObject([
      { mode: 'include', type: 'Provenance', id: null, version: null, fullUrl: 'https://x/1' },
      { mode: 'match', type: 'Patient', id: '2', lastUpdated: null, fullUrl: null },
    ])
    expect(cutBundle('{"resourceType":"Bundle"}')).toMatchObject({ type: null, total: null, entries: [] })
  })

  test('takes members in any order, and a byte order mark', () => {
    const { entries } = cutBundle(
      '\ufeff {"entry" : [ {"search":{"mode":"match"},"resource" : {"id":"1","resourceType":"Slot"} } ] , "resourceType":"Bundle"}\n',
    )
    expect(entries).toMatchObject([{ type: 'Slot', id: '1' }])
  })

  test.each<[string, string]>([
    ['another resource', '{"resourceType":"OperationOutcome"}'],
    ['HTML', '<html></html>'],
    ['two documents', '{"resourceType":"Bundle"}{}'],
    ['nothing', ''],
  ])('refuses %s', (_name, body) => {
    expect(() => cutBundle(body)).toThrow(
      expect.objectContaining({ code: 'FHIR_ANSWER_UNREADABLE' }) as Error,
    )
  })
})

describe('of a resource that comes twice', () => {
  const row = (id: string | null, version: string | null, lastUpdated: string | null): BundleEntry => ({
    fullUrl: null,
    mode: 'match',
    type: 'Patient',
    id,
    version,
    lastUpdated,
    text: `${version}`,
  })

  test('the newest by its time stays, since versions say nothing about order', () => {
    const rows = [
      row('1', '0$0', '2026-01-02T00:00:00Z'),
      row('1', '135-0', '2026-01-01T00:00:00.000Z'),
      row('2', 'a', null),
      row('2', 'b', null),
    ]
    expect(newestOf(rows).map(({ version }) => version)).toEqual(['0$0', 'b'])
  })

  test('both stay when they have no id', () => {
    expect(newestOf([row(null, null, null), row(null, null, null)])).toHaveLength(2)
  })
})

test('the head of one resource is read without the rest of it', () => {
  expect(
    readHead(' {"meta":{"versionId":"3"},"resourceType":"Patient","id":"9","contained":[{"id":"x"}]}'),
  ).toEqual({
    type: 'Patient',
    id: '9',
    version: '3',
    lastUpdated: null,
  })
})
