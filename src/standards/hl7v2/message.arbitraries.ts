import fc from 'fast-check'
import type { ComponentInput, FieldInput, LeafInput, RepetitionInput, SegmentInput } from './build.ts'
import { DEFAULT_DELIMITERS } from './delimiters.ts'
import type { Delimiters } from './delimiters.ts'

// Delimiters, escapes, line ends and letters of several alphabets, much more often than chance would have them.
const TRICKY = [
  '|',
  '^',
  '~',
  '\\',
  '&',
  '#',
  '\r',
  '\n',
  '\t',
  '"',
  '""',
  '\\F\\',
  '\\.br\\',
  'é',
  'ß',
  'Ł',
  '漢',
  '😀',
  ' ',
]

/** Text as a leaf may hold it: no blanks around it, because those mean nothing in ids, codes and names. */
export const leafText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...TRICKY), fc.string({ unit: 'grapheme-ascii', maxLength: 6 })), {
    maxLength: 6,
  })
  .map((parts) => parts.join('').replace(/^ +| +$/g, ''))

/** Text that carries no line break, for round trips that keep every character. */
export const plainText: fc.Arbitrary<string> = leafText.map((text) => text.replace(/[\r\n]/g, ' ').trim())

export const leaf: fc.Arbitrary<LeafInput> = fc.oneof(leafText, fc.constant(null), fc.constant(undefined))

const component: fc.Arbitrary<ComponentInput> = fc.oneof(leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }))

const repetition: fc.Arbitrary<RepetitionInput> = fc.oneof(
  leaf,
  fc.array(component, { minLength: 1, maxLength: 4 }),
)

export const field: fc.Arbitrary<FieldInput> = fc.oneof(
  repetition,
  fc.array(repetition, { minLength: 1, maxLength: 3 }).map((repeat) => ({ repeat })),
)

const name = fc.constantFrom(
  'EVN',
  'PID',
  'PD1',
  'NK1',
  'PV1',
  'AL1',
  'DG1',
  'IN1',
  'OBR',
  'OBX',
  'NTE',
  'ZPI',
)

/** A header with the fields every message needs, then any segments in any order. */
export const message: fc.Arbitrary<readonly SegmentInput[]> = fc
  .tuple(
    fc.constantFrom('A01', 'A04', 'A08', 'A40'),
    fc.integer({ min: 1, max: 999_999 }),
    fc.constantFrom('2.3', '2.3.1', '2.4', '2.5.1', '2.7'),
    fc.array(fc.record({ name, fields: fc.array(field, { maxLength: 8 }) }), { maxLength: 8 }),
  )
  .map(([event, id, version, rest]) => [
    {
      name: 'MSH',
      fields: {
        3: 'CERNER',
        4: 'HOST',
        7: '20220315142658-0500',
        9: ['ADT', event],
        10: String(id),
        11: 'P',
        12: version,
      },
    },
    ...rest,
  ])

/** Four or five different punctuation characters and a field separator. */
export const delimiters: fc.Arbitrary<Delimiters> = fc.oneof(
  fc.constant(DEFAULT_DELIMITERS),
  fc
    .shuffledSubarray([...'|^~\\&#!$%*@;:/?<>=+'], { minLength: 6, maxLength: 6 })
    .map(
      ([f = '|', component = '^', repetition = '~', escape = '\\', subcomponent = '&', truncation = '']) => ({
        field: f,
        component,
        repetition,
        escape,
        subcomponent,
        truncation,
      }),
    ),
)
