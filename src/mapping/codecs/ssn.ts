import type { LeafCodec } from '../codec.ts'

/**
 * A US social security number, `NNN-NN-NNNN`. Numbers that stand for "unknown" on registration screens are left out
 * with a warning, because the same one is shared by many people.
 */
export const ssn: LeafCodec<string> = {
  kind: 'leaf',
  name: 'ssn',
  read(raw, at) {
    const digits = raw.replace(/[\s-]/g, '')
    if (digits === '') return undefined
    if (!/^\d{9}$/.test(digits) || isPlaceholder(digits)) return at.refuse('a social security number')
    return `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`
  },
  write: (value) => value.replaceAll('-', ''),
}

const isPlaceholder = (digits: string): boolean => /^(\d)\1{8}$/.test(digits) || digits.startsWith('000')
