import type { LeafCodec } from '../codec.ts'

/** Table 0136, and the words people type into it. */
export const yesNo: LeafCodec<boolean> = {
  kind: 'leaf',
  name: 'yesNo',
  read(raw, at) {
    switch (raw.trim().toUpperCase()) {
      case 'Y':
      case 'YES':
      case 'TRUE':
      case '1':
        return true
      case 'N':
      case 'NO':
      case 'FALSE':
      case '0':
        return false
      default:
        return at.refuse('yes or no')
    }
  },
  write: (value) => (value ? 'Y' : 'N'),
}
