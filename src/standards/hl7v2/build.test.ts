import { describe, expect, test } from 'vitest'
import { buildMessage, writeSegment } from './build.ts'
import { readDelimiters } from './delimiters.ts'

test('composites, repetitions, nulls and gaps are written as the standard says', () => {
  expect(
    writeSegment({
      name: 'PID',
      fields: [
        1,
        undefined,
        { repeat: [['60001', , , ['CERNER', '2.16', 'ISO'], 'MR'], ['9']] },
        null,
        ['A^B', 'C&D'],
        '',
      ],
    }),
  ).toBe('PID|1||60001^^^CERNER&2.16&ISO^MR~9|""|A\\S\\B^C\\T\\D')
})

test('fields may be given by their numbers', () => {
  expect(writeSegment({ name: 'SCH', fields: { 2: ['7', 'CERNER'], 25: 'Booked' } })).toBe(
    `SCH||7^CERNER${'|'.repeat(23)}Booked`,
  )
})

describe('MSH', () => {
  test('begins with MSH-3 when given as a list', () => {
    expect(writeSegment({ name: 'MSH', fields: ['A', 'B'] })).toBe('MSH|^~\\&|A|B')
  })

  test('may be given from MSH-1 on', () => {
    expect(writeSegment({ name: 'MSH', fields: ['|', '^~\\&', 'A'] })).toBe('MSH|^~\\&|A')
  })

  test('counts as the standard when given by numbers', () => {
    expect(writeSegment({ name: 'MSH', fields: { 3: 'A', 9: ['ADT', 'A04'] } })).toBe(
      'MSH|^~\\&|A||||||ADT^A04',
    )
  })
})

test('formatted text has its breaks as \\.br\\, raw text goes out as it is', () => {
  expect(writeSegment({ name: 'NTE', fields: [1, '', { text: 'one\ntwo|' }, { raw: 'a\\F\\b' }] })).toBe(
    'NTE|1||one\\.br\\two\\F\\|a\\F\\b',
  )
})

test('delimiters, character set and ends are as asked for', () => {
  const delimiters = readDelimiters('MSH$%*@!$') ?? undefined
  const bytes = buildMessage(
    [
      { name: 'MSH', fields: ['É'] },
      { name: 'PID', fields: ['a$b', ['x', 'y']] },
    ],
    {
      ...(delimiters ? { delimiters } : {}),
      charset: 'ISO-8859-1',
      segmentEnd: '\n',
    },
  )
  expect(Buffer.from(bytes).toString('latin1')).toBe('MSH$%*@!$É\nPID$a@F@b$x%y\n')
})
