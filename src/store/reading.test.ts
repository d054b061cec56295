import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newId } from '../kernel/ids.ts'
import { cursorOf, idAt, idOfCursor, instantOfId, pageOf } from './reading.ts'

test('a cursor gives back its id', () => {
  fc.assert(fc.property(fc.uuid(), (id) => idOfCursor(cursorOf(id)) === id))
})

test('what is no cursor is refused', () => {
  for (const text of ['', 'x', 'select', `${cursorOf(newId())}AA`])
    expect(() => idOfCursor(text)).toThrow('query.cursor')
})

test('the smallest id of an instant has that instant', () => {
  const ms = fc.integer({ min: 0, max: Date.parse('2999-12-31') })
  fc.assert(
    fc.property(
      ms,
      (at) => instantOfId(idAt(new Date(at).toISOString(), 'from')) === new Date(at).toISOString(),
    ),
  )
})

test('an id lies between the ids of the instants around it', () => {
  const before = idAt(new Date(Date.now()).toISOString(), 'from')
  const id = newId()
  const after = idAt(new Date(Date.now() + 1000).toISOString(), 'to')
  expect(before < id && id < after).toBe(true)
})

test('a page has a next one exactly when there was a row more', () => {
  const ways = { idOf: (id: string) => id, view: (id: string) => id }
  const ids = [newId(), newId(), newId()]
  expect(pageOf(ids, 3, ways)).toEqual({ items: ids, next: null })
  expect(pageOf(ids, 2, ways)).toEqual({ items: ids.slice(0, 2), next: cursorOf(ids[1] ?? '') })
  expect(pageOf([], 2, ways)).toEqual({ items: [], next: null })
})
