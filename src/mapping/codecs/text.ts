import type { LeafCodec } from '../codec.ts'

/** Ids, codes and plain words: outer spaces mean nothing (hl7-v2.md §3), the letters are the sender's. */
export const text: LeafCodec<string> = {
  kind: 'leaf',
  name: 'text',
  read: (raw) => trimmed(raw) || undefined,
  write: (value) => value,
}

/** A name as the sender writes it. Letters keep their case: `VAN DER BERG` and `van der Berg` are the person's. */
export const name: LeafCodec<string> = { ...text, name: 'name' }

/** Trims only where there is something to trim, which is seldom. */
export function trimmed(raw: string): string {
  const last = raw.length - 1
  if (last < 0 || (raw.charCodeAt(0) > 32 && raw.charCodeAt(last) > 32 && raw.charCodeAt(last) < 128))
    return raw
  return raw.trim()
}
