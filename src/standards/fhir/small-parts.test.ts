import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ifMatch, readEtag } from './etag.ts'
import { isId, joinUrl, pathOf, tidyBase } from './id.ts'
import { readLines } from './ndjson.ts'
import { idOf, readReference } from './reference.ts'

const BASE = 'https://fhir-ehr.cerner.com/r4/tenant'

describe('a version', () => {
  test.each(['0', '1773', '0$0', '135-0', '24-24', '410v795030969834', '3423957v2380283'])(
    '%s is opaque and comes back whole',
    (version) => {
      expect(readEtag(`W/"${version}"`)).toBe(version)
      expect(readEtag(`"${version}"`)).toBe(version)
      expect(ifMatch(version)).toBe(`W/"${version}"`)
    },
  )

  test('that is none is null', () => {
    expect([readEtag(undefined), readEtag('7'), readEtag('W/""'), readEtag('*')]).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect([ifMatch(''), ifMatch('a"b'), ifMatch('a\r\nX: y')]).toEqual([null, null, null])
  })

  test('survives the way there and back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!#-~]{1,40}$/), (version) => {
        expect(readEtag(ifMatch(version))).toBe(version)
      }),
    )
  })
})

describe('a reference', () => {
  test.each<[string, object | null]>([
    ['Patient/123', { kind: 'local', type: 'Patient', id: '123', version: null }],
    ['Slot/11-22-33-0', { kind: 'local', type: 'Slot', id: '11-22-33-0' }],
    [`${BASE}/Patient/123`, { kind: 'local', type: 'Patient', id: '123' }],
    [`${BASE.toUpperCase().replace('/R4/TENANT', '/r4/tenant')}/Patient/123`, { kind: 'local' }],
    [`http://fhir-ehr.cerner.com/r4/tenant/Patient/123/_history/7`, { kind: 'local', version: '7' }],
    ['https://fhir-ehr.cerner.com/r4/other/Patient/123', { kind: 'foreign', type: 'Patient', id: '123' }],
    ['#location', { kind: 'contained', id: 'location' }],
    ['urn:uuid:0f9d', { kind: 'urn' }],
    ['Patient?identifier=1', null],
    ['x/y/Patient/1', null],
    ['', null],
    ['#', null],
  ])('%s', (text, expected) => {
    const read = readReference(text, `${BASE}/`)
    if (expected === null) expect(read).toBeNull()
    else expect(read).toMatchObject(expected)
  })

  test('gives an id of the type that was asked for only', () => {
    expect([idOf('Patient/1', 'Patient'), idOf('Group/1', 'Patient'), idOf(undefined, 'Patient')]).toEqual([
      '1',
      null,
      null,
    ])
  })
})

test('an id is letters, digits, dots and dashes; nothing that leads elsewhere makes a path', () => {
  expect(['L-12', 'BP-3-4', '11-22-33-0', 'a.b'].every(isId)).toBe(true)
  expect(['', '../x', 'a b', 'a/b', 'x'.repeat(65), '$export'].some(isId)).toBe(false)
  expect(pathOf('Patient', '1')).toBe('Patient/1')
  expect([pathOf('Patient', '..%2f'), pathOf('patient/x', '1')]).toEqual([null, null])
})

test('a base is joined with one slash, whatever it ends with', () => {
  expect([tidyBase(' https://x/r4/t// '), joinUrl('https://x/r4/t/', '/Patient/1')]).toEqual([
    'https://x/r4/t',
    'https://x/r4/t/Patient/1',
  ])
})

describe('lines of NDJSON', () => {
  async function linesOf(chunks: Uint8Array[], limit?: number): Promise<string[]> {
    const read: string[] = []
    const stream = (async function* () {
      await Promise.resolve()
      yield* chunks
    })()
    for await (const line of readLines(stream, 'Patient.ndjson', limit)) read.push(line)
    return read
  }

  test('are the same however the stream is cut, even inside a character', async () => {
    const line = fc.stringMatching(/^[^\s]{1,30}$/, { size: 'max' })
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.nat(80), { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        async (lines, cuts, end) => {
          const bytes = new TextEncoder().encode(lines.join(end))
          const places = [
            0,
            ...cuts.map((n) => Math.min(n, bytes.length)).toSorted((a, b) => a - b),
            bytes.length,
          ]
          const chunks = places.slice(1).map((to, n) => bytes.subarray(places[n], to))
          expect(await linesOf(chunks)).toEqual(
            lines
              .map((one) => new TextDecoder().decode(new TextEncoder().encode(one)).trim())
              .filter((one) => one !== ''),
          )
        },
      ),
    )
  })

  test('longer than the limit are refused before they fill the memory', async () => {
    await expect(
      linesOf([new Uint8Array(600).fill(65), new Uint8Array(600).fill(65)], 1000),
    ).rejects.toMatchObject({ code: 'FHIR_ANSWER_TOO_LARGE' })
  })
})
