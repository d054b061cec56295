import type { LeafCodec } from '../codec.ts'

/** A postal code. Nine digits are ZIP+4 and get their hyphen; every other form is kept as sent, in upper case. */
export const zip: LeafCodec<string> = {
  kind: 'leaf',
  name: 'zip',
  read(raw) {
    if (raw.length === 5) return raw.trim().toUpperCase() || undefined
    const code = raw.trim().toUpperCase()
    if (/^\d{9}$/.test(code)) return `${code.slice(0, 5)}-${code.slice(5)}`
    // Some systems send the hyphen of an empty +4.
    return code.replace(/-$/, '') || undefined
  },
  write: (value) => value,
}
