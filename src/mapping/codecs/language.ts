import type { PartsCodec } from '../codec.ts'
import { language as languages } from '../codesets/language.ts'
import { codesSaid } from '../fhir/coding.ts'
import { coded, readCode, setName } from './coded.ts'

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
  fhir: {
    read(value, at) {
      const { codes, words } = codesSaid(value)
      const tags = codes.map((code) => /^([a-z]{2,3})[-_]/i.exec(code)?.[1] ?? code)
      const known = [...tags, ...words].map((code) => readCode(languages, code, at)).find(Boolean)
      if (known === undefined && codes.length + words.length > 0)
        at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(languages, at) })
      return known
    },
  },
}
