import fc from 'fast-check'
import { codecReading } from './codecs.setup.ts'
import { cellOf } from '../codec.ts'
import type { LeafCodec, PartsCodec } from '../codec.ts'

/** What `read` makes of what `write` wrote. */
export function again<T>(codec: LeafCodec<T> | PartsCodec<T>, value: T): T | undefined {
  const at = codecReading()
  return codec.kind === 'leaf'
    ? codec.read(codec.write(value), at)
    : codec.read(cellOf(codec.write(value)), at)
}

const pad = (n: number, width: number): string => String(n).padStart(width, '0')

/** Calendar dates with the precision of a day, a month or a year. */
export const calendarDates = fc
  .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .chain(([year, month, day]) =>
    fc.constantFrom(
      `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`,
      `${pad(year, 4)}-${pad(month, 2)}`,
      pad(year, 4),
    ),
  )

/** Instants on whole seconds, which is what HL7 times are written with. */
export const instants = fc
  .integer({ min: Date.UTC(1900, 0, 1) / 1000, max: Date.UTC(2100, 0, 1) / 1000 })
  .map((second) => new Date(second * 1000).toISOString())

/** A word as it stands in a field: no blanks outside, never the null of HL7. */
export const words = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .map((text) => text.trim())
  .filter((text) => text !== '' && text !== '""')

/** An object with some of the given parts, and at least one. */
export const someOf = <T extends object>(parts: {
  [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>>
}) =>
  fc
    .record(parts as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [], noNullPrototype: true })
    .filter((value) => Object.keys(value).length > 0) as unknown as fc.Arbitrary<T>
