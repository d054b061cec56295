import type { CodeSet } from '../code-set.ts'
import type { PartsCodec } from '../codec.ts'
import { codesSaid } from '../fhir/coding.ts'
import type { FhirReading } from '../fhir/reading.ts'
import type { Reading } from '../reading.ts'

/**
 * A code of one set (ID, IS, CE, CWE). The code is tried first, then the sender's own text and alternate code: 2.3
 * feeds send the plain word where later versions send a triple. A code the set does not know is left out with
 * CODE_NOT_IN_SET, never guessed; the analyst's answers in `settings.codes` count as rows of the set.
 */
export function coded<S extends string>(set: CodeSet<S>): PartsCodec<S> {
  return {
    kind: 'parts',
    name: set.name,
    read(cell, at) {
      const code = cell.get(1)
      if (code !== '') {
        const known = readCode(set, code, at)
        if (known !== undefined) return known
      }
      let said = code
      for (const component of [2, 4, 5]) {
        const other = cell.get(component)
        if (other === '' || other === '""') continue
        said ||= other
        const known = readCode(set, other, at)
        if (known !== undefined) return known
      }
      if (said.trim() !== '') at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(set, at) })
      return undefined
    },
    write: (value) => [set.write(value, 'v2') ?? value],
    fhir: { read: (value, at) => readFhirCode(set, value, at) },
  }
}

/** The studio code for one code as sent; undefined when neither the analyst's answers nor the set know it. */
export function readCode<S extends string>(set: CodeSet<S>, code: string, at: Reading): S | undefined {
  const answers = at.settings.codes?.[set.name]
  const answered = answers?.[code] ?? answers?.[code.trim().toUpperCase()]
  if (answered !== undefined) return answered as S
  return set.read(code, at.standard)
}

/** The name of the set in the sender's own standard: `HL70001`. */
export const setName = (set: CodeSet, at: Reading): string =>
  at.standard === 'v2' ? set.systems.v2 : set.systems.fhir

/**
 * The studio code for a FHIR code, Coding, CodeableConcept or a list of them: a standard coding that the set knows,
 * else the site's coding by the analyst's answers or its words. Null flavours count only where the set has them.
 */
function readFhirCode<S extends string>(set: CodeSet<S>, value: unknown, at: FhirReading): S | undefined {
  const { codes, words } = codesSaid(value)
  for (const code of codes) {
    const known = readCode(set, code, at)
    if (known !== undefined) return known
  }
  for (const word of words) {
    const known = readCode(set, word, at)
    if (known !== undefined) return known
  }
  if (codes.length + words.length > 0) at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(set, at) })
  return undefined
}
