import type { PartsCodec } from '../codec.ts'

/**
 * An email address: XTN-4, else XTN-1 when it holds an `@`. The domain is lower case, the local part is left alone
 * because its case may matter to the receiving host (RFC 5321 §2.4).
 */
export const email: PartsCodec<string> = {
  kind: 'parts',
  name: 'email',
  read(cell, at) {
    const raw = (cell.get(4) || cell.get(1)).trim().replace(/^mailto:/i, '')
    if (raw === '') return undefined
    if (!/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(raw)) return at.refuse('an email address')
    const split = raw.lastIndexOf('@')
    return raw.slice(0, split) + raw.slice(split).toLowerCase()
  },
  write: (value) => ['', 'NET', 'Internet', value],
}
