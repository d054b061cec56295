import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identifierType } from '../codesets/identifier-type.ts'
import { again, words } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { entityIdentifier, identifier } from './identifier.ts'

const authorities = fc.stringMatching(/^[A-Z][A-Z0-9]{0,9}$/)
const types = fc.constantFrom(...identifierType.rows.map(([type]) => type))

describe('an identifier', () => {
  test('reads back as it was written', () => {
    const all = fc.record({ value: words, authority: authorities, type: types }, { noNullPrototype: true })
    fc.assert(
      fc.property(all, (id) => {
        expect(again(identifier('MR'), id)).toEqual(id)
      }),
    )
  })

  test.each([
    ['MRN', 'MR', 'MR'],
    ['CMRN', 'MR', 'MR'],
    ['SSN', 'MR', 'SS'],
    ['FIN NBR', 'VN', 'VN'],
    ['FIN NBR', 'AN', 'AN'],
    ['PROVID', 'PRN', 'PRN'],
    ['mr', 'MR', 'MR'],
  ])('of Cerner’s type %s in a field for %s is a %s, and the sender’s word is kept', (sent, usual, type) => {
    const { value } = readOne(identifier(usual), ['12345', '', '', 'CERNER', sent])
    expect(value).toEqual({
      value: '12345',
      authority: 'CERNER',
      type,
      ...(sent === type ? {} : { raw_type: sent }),
    })
  })

  test('of a type nobody knows is still an identifier', () => {
    expect(readOne(identifier('MR'), ['7', '', '', 'CERNER', 'zz9']).value).toEqual({
      value: '7',
      authority: 'CERNER',
      type: 'ZZ9',
      raw_type: 'zz9',
    })
  })

  test('that is a plain value gets the connection’s authority and the type of its field', () => {
    expect(readOne(identifier('MR'), '12345').value).toEqual({
      value: '12345',
      authority: 'CERNER',
      type: 'MR',
    })
  })

  test('is brought to the authority’s kept name by namespace or universal id, without regard to case', () => {
    const authorityAliases = { cern_hosp: 'CERNER', '2.16.840.1.113883.3.787': 'CERNER' }
    const read = (authority: string | string[]) =>
      readOne(identifier('MR'), ['7', '', '', authority, 'MR'], { authorityAliases, defaultAuthority: 'X' })
        .value?.authority
    expect(read('Cern_Hosp')).toBe('CERNER')
    expect(read(['', '2.16.840.1.113883.3.787', 'ISO'])).toBe('CERNER')
    expect(read(['OTHER', '1.2.3', 'ISO'])).toBe('OTHER')
    expect(read('')).toBe('X')
  })
})

test('an order number reads back as it was written', () => {
  const all = fc.record({ value: words, authority: authorities }, { noNullPrototype: true })
  fc.assert(
    fc.property(all, (id) => {
      expect(again(entityIdentifier('FILL'), { ...id, type: 'FILL' })).toEqual({ ...id, type: 'FILL' })
    }),
  )
})
