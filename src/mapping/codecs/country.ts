import type { LeafCodec } from '../codec.ts'
import { country as countries } from '../codesets/country.ts'
import { trimmed } from './text.ts'

/** A country of an address. One that the set does not know is kept as it was sent: it is shown, and decides nothing. */
export const country: LeafCodec<string> = {
  kind: 'leaf',
  name: 'country',
  read: (raw, at) => countries.read(trimmed(raw), at.standard) ?? (trimmed(raw) || undefined),
  write: (value) => value,
}
