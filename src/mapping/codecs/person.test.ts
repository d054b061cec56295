import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Person } from '../../model/values.ts'
import { again, words } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { person, personId, personInComponent } from './person.ts'
import { fullName } from './person-name.ts'

const people = fc.record(
  { id: words, last_name: words, first_name: words, authority: fc.stringMatching(/^[A-Z]{1,9}$/) },
  { requiredKeys: ['id'], noNullPrototype: true },
) as fc.Arbitrary<Person>

describe('a person', () => {
  test('reads back as written, in a field or in a component', () => {
    fc.assert(
      fc.property(people, (value) => {
        expect(again(person, value)).toEqual(value)
        expect(again(personInComponent, value)).toEqual(value)
      }),
    )
  })

  test('may carry the authority one place early, when its own place is empty', () => {
    const { value } = readOne(person, [
      '12345',
      'JOHNSON',
      'JANE',
      '',
      '',
      '',
      '',
      'CERNER',
      '',
      '',
      '',
      'PROVID',
    ])
    expect(value).toEqual({ id: '12345', authority: 'CERNER', last_name: 'JOHNSON', first_name: 'JANE' })
  })

  test('keeps the authority in its own place over the one beside it', () => {
    expect(readOne(person, ['1', 'HOLM', 'K', '', '', '', '', 'TABLE', 'CERNER']).value?.authority).toBe(
      'CERNER',
    )
  })

  test('without id and name is nobody', () => {
    expect(readOne(person, ['', '', 'JANE']).value).toBeUndefined()
  })
})

test('the id of a resource reads back', () => {
  fc.assert(
    fc.property(words, (id) => {
      expect(again(personId, id)).toBe(id)
    }),
  )
})

test('a name in parts and an unsplit name are both one text, in the sender’s letters', () => {
  expect(readOne(fullName, ['DOE', 'JOHN', 'Q']).value).toBe('JOHN Q DOE')
  expect(readOne(fullName, 'JOHN DOE').value).toBe('JOHN DOE')
  expect(readOne(fullName, ['van der Berg', 'Zoë']).value).toBe('Zoë van der Berg')
  fc.assert(
    fc.property(words, (name) => {
      expect(again(fullName, name)).toBe(name)
    }),
  )
})
