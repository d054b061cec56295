import type { PartsCodec } from '../codec.ts'
import { language as languages } from '../codesets/language.ts'
import { coded, readCode } from './coded.ts'

const plain = coded(languages)

/** A preferred language: `ENG`, `English`, `en-US` → `en`. */
export const language: PartsCodec<string> = {
  ...plain,
  name: 'language',
  read(cell, at) {
    const code = cell.get(1)
    // A tag may carry a region; the language is its first subtag (BCP 47).
    const split = code.search(/[-_]/)
    if (split === 2 || split === 3) {
      const known = readCode(languages, code.slice(0, split), at)
      if (known !== undefined) return known
    }
    return plain.read(cell, at)
  },
}
