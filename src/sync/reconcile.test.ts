import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { emptyDocument, originsOf, rowsOf, valueOf } from '../model/document.ts'
import type { RecordDocument } from '../model/document.ts'
import type { Statement } from '../model/statement.ts'
import { compact, reconcile } from './reconcile.ts'

const source = (asOfMs: number, exchange = `exchange-${asOfMs}`, connection = 'cerner') => ({
  exchangeId: exchange as ExchangeId,
  connectionId: connection as ConnectionId,
  asOfMs,
})
const says = (fields: Record<string, unknown>, effect: Statement['effect'] = 'upsert'): Statement => ({
  record: 'patient',
  keys: [],
  effect,
  sets: {},
  fields: Object.fromEntries(Object.entries(fields).map(([k, value]) => [k, { value, place: `PID-${k}` }])),
})
const saysSet = (set: string, rows: unknown[]): Statement => ({
  record: 'patient',
  keys: [],
  effect: 'upsert',
  fields: {},
  sets: { [set]: { rows, place: 'NK1' } },
})

describe('reconcile', () => {
  test('a newer message replaces a value and says what stood before', () => {
    const first = reconcile(emptyDocument(), says({ city: 'A' }), source(1)).document
    const second = reconcile(first, says({ city: 'B' }), source(2))
    expect(valueOf(second.document, 'city')).toBe('B')
    expect(second.decisions).toEqual([
      { field: 'city', before: 'A', after: 'B', place: 'PID-city', outcome: 'changed' },
    ])
  })

  test('an older message changes nothing newer and is reported as older', () => {
    const stored = reconcile(emptyDocument(), says({ city: 'B' }), source(2)).document
    const late = reconcile(stored, says({ city: 'A', zip: '1' }), source(1))
    expect(valueOf(late.document, 'city')).toBe('B')
    expect(valueOf(late.document, 'zip')).toBe('1')
    expect(late.decisions.map((one) => one.outcome)).toEqual(['older', 'changed'])
  })

  test('a value confirmed later keeps its first source and is safe from news in between', () => {
    let document = reconcile(emptyDocument(), says({ city: 'A' }), source(1)).document
    document = reconcile(document, says({ city: 'A' }), source(3)).document
    document = reconcile(document, says({ city: 'B' }), source(2)).document
    expect(valueOf(document, 'city')).toBe('A')
    expect(originsOf(document)['city']?.exchange_id).toBe('exchange-1')
  })

  test('absent keeps and cleared removes, and old news does not revive what was cleared', () => {
    let document = reconcile(emptyDocument(), says({ city: 'A', zip: '1' }), source(1)).document
    document = reconcile(document, says({ city: null }), source(3)).document
    expect(valueOf(document, 'city')).toBeNull()
    expect(valueOf(document, 'zip')).toBe('1')
    document = reconcile(document, says({ city: 'A' }), source(2)).document
    expect(valueOf(document, 'city')).toBeNull()
  })

  test('a mention fills what is empty and leaves the rest', () => {
    const stored = reconcile(emptyDocument(), says({ city: 'A' }), source(1)).document
    const mentioned = reconcile(stored, says({ city: 'B', zip: '1' }, 'mention'), source(2)).document
    expect(valueOf(mentioned, 'city')).toBe('A')
    expect(valueOf(mentioned, 'zip')).toBe('1')
  })

  test('the same message twice touches nothing', () => {
    const stored = reconcile(emptyDocument(), says({ city: 'A' }), source(1)).document
    const again = reconcile(stored, says({ city: 'A' }), source(1))
    expect(again).toMatchObject({ touched: false, decisions: [] })
    expect(again.document).toBe(stored)
  })

  test('a set is replaced for its own source and stays for the others', () => {
    let document = reconcile(emptyDocument(), saysSet('next_of_kin', [1, 2]), source(1)).document
    document = reconcile(document, saysSet('next_of_kin', [3]), source(2, 'x', 'other')).document
    document = reconcile(document, saysSet('next_of_kin', []), source(3)).document
    expect(rowsOf(document, 'next_of_kin')).toEqual([3])
  })

  test('identifiers only grow', () => {
    const mrn = { value: '1', authority: 'A', type: 'MR' }
    const fin = { value: '2', authority: 'A', type: 'AN' }
    let document = reconcile(emptyDocument(), saysSet('identifiers', [mrn, fin]), source(2)).document
    const again = reconcile(document, saysSet('identifiers', [mrn]), source(3))
    expect(again.touched).toBe(false)
    document = again.document
    expect(rowsOf(document, 'identifiers')).toEqual([mrn, fin])
  })

  describe('a set whose rows come one by one', () => {
    const row = (key: string, hour: number, parts: object = {}) => ({
      key,
      as_of: `2026-03-10T${String(hour).padStart(2, '0')}:00:00.000Z`,
      ...parts,
    })
    const saysRows = (...rows: object[]): Statement => ({
      ...says({}, 'mention'),
      sets: { allergies: { rows, place: 'AllergyIntolerance', mode: 'keyed' } },
    })
    const shown = (document: RecordDocument) =>
      rowsOf<{ key: string; substance?: string }>(document, 'allergies').map(({ key, substance }) => [
        key,
        substance,
      ])
    const told = (...messages: Statement[]): RecordDocument =>
      messages.reduce((document, one, n) => reconcile(document, one, source(n + 1)).document, emptyDocument())

    test('keeps the rows that a message does not speak of', () => {
      const document = told(
        saysRows(row('a', 1, { substance: 'egg' })),
        saysRows(row('b', 1, { substance: 'milk' })),
      )
      expect(shown(document)).toEqual([
        ['a', 'egg'],
        ['b', 'milk'],
      ])
    })

    test('takes the newer word about a row, whatever order they come in', () => {
      const [old, young] = [
        saysRows(row('a', 1, { substance: 'egg' })),
        saysRows(row('a', 2, { substance: 'eggs' })),
      ]
      expect(shown(told(old, young))).toEqual([['a', 'eggs']])
      expect(shown(told(young, old))).toEqual([['a', 'eggs']])
    })

    test('does not show a row that is gone, and old news cannot bring it back', () => {
      const gone = saysRows(row('a', 2, { gone: true }))
      const old = saysRows(row('a', 1, { substance: 'egg' }))
      expect(shown(told(old, gone))).toEqual([])
      expect(shown(told(gone, old))).toEqual([])
      expect(shown(told(gone, saysRows(row('a', 3, { substance: 'egg' }))))).toEqual([['a', 'egg']])
    })

    test('is not touched by a repeat', () => {
      const once = told(saysRows(row('a', 1, { substance: 'egg' })))
      const again = reconcile(once, saysRows(row('a', 1, { substance: 'egg' })), source(9))
      expect(again).toMatchObject({ touched: false, decisions: [] })
    })

    test('dates a row by the message when it has no time of its own', () => {
      const document = told(saysRows({ key: 'a', substance: 'egg' }))
      expect(rowsOf(document, 'allergies')).toEqual([
        { key: 'a', substance: 'egg', as_of: new Date(1).toISOString() },
      ])
    })

    test('stands beside the snapshot of another connection', () => {
      const hl7 = reconcile(
        emptyDocument(),
        saysSet('allergies', [{ substance: 'nuts' }]),
        source(1, 'x', 'hl7'),
      )
      const both = reconcile(hl7.document, saysRows(row('a', 1, { substance: 'egg' })), source(2))
      expect(rowsOf(both.document, 'allergies')).toHaveLength(2)
    })

    test('ends in one state, whatever the order', () => {
      const stories = fc.uniqueArray(
        fc.record({
          key: fc.constantFrom('a', 'b'),
          hour: fc.integer({ min: 0, max: 23 }),
          parts: fc.constantFrom({ substance: 'x' }, { substance: 'y' }, { gone: true }),
        }),
        { selector: ({ key, hour }) => `${key}${hour}`, maxLength: 8 },
      )
      const shuffled = stories.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      )
      const end = (all: { key: string; hour: number; parts: object }[]) =>
        shown(told(...all.map(({ key, hour, parts }) => saysRows(row(key, hour, parts))))).sort()
      fc.assert(
        fc.property(shuffled, ([inOrder, mixed]) => {
          expect(end(mixed)).toEqual(end(inOrder))
        }),
      )
    })
  })

  const story = fc.uniqueArray(
    fc.record({
      asOfMs: fc.integer({ min: 1, max: 50 }),
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.option(fc.constantFrom('x', 'y', 'z'))),
    }),
    { selector: (one) => one.asOfMs, maxLength: 12 },
  )
  const tell = (messages: readonly { asOfMs: number; fields: Record<string, unknown> }[]): RecordDocument =>
    messages.reduce(
      (document, one) => reconcile(document, says(one.fields), source(one.asOfMs)).document,
      emptyDocument(),
    )
  const values = (document: RecordDocument) =>
    Object.fromEntries(['a', 'b', 'c'].map((name) => [name, valueOf(document, name)]))

  test('any order of a story ends in one state', () => {
    fc.assert(
      fc.property(story, fc.infiniteStream(fc.nat()), (messages, order) => {
        const shuffled = messages
          .map((one) => ({ one, at: order.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one)
        expect(values(tell(shuffled))).toEqual(values(tell(messages)))
      }),
    )
  })

  test('dropping unused sources changes neither values nor origins', () => {
    fc.assert(
      fc.property(story, (messages) => {
        const document = tell(messages)
        expect(originsOf(compact(document))).toEqual(originsOf(document))
        expect(values(compact(document))).toEqual(values(document))
      }),
    )
  })
})

test('what a whole resource leaves out is cleared where the same source said it, and nowhere else', () => {
  const fhir = { exchangeId: 'e1' as ExchangeId, connectionId: 'fhir' as ConnectionId, asOfMs: 1 }
  const other = { exchangeId: 'e2' as ExchangeId, connectionId: 'hl7' as ConnectionId, asOfMs: 1 }
  const said = (fields: Statement['fields'], complete?: readonly string[]): Statement => ({
    record: 'patient',
    keys: [],
    fields,
    sets: {},
    effect: 'upsert',
    ...(complete ? { complete } : {}),
  })
  const at = (value: string) => ({ value, place: 'Patient.x' })
  const first = reconcile(emptyDocument(), said({ email: at('a@example.org') }), fhir).document
  const both = reconcile(first, said({ phone_home: at('+12175550100') }), other).document
  const next = reconcile(both, said({}, ['email', 'phone_home']), { ...fhir, asOfMs: 2 })
  expect(next.document.fields['email']?.[0]).toBeNull()
  expect(next.document.fields['phone_home']?.[0]).toBe('+12175550100')
  expect(next.decisions).toEqual([
    expect.objectContaining({ field: 'email', after: null, outcome: 'changed' }),
  ])
  // Older news that leaves it out changes nothing.
  const older = reconcile(first, said({}, ['email']), { ...fhir, asOfMs: 0 }).document
  expect(older.fields['email']?.[0]).toBe('a@example.org')
})
