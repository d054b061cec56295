import type { Coded } from '../../model/values.ts'
import { elementsIn, extensionValue, isAbsentCoding, isNullFlavor, isSiteCoding, textIn } from './elements.ts'
import { isElement } from './json.ts'
import type { FhirElement } from './json.ts'

/** Codings of a CodeableConcept that say something, standard ones first; a bare Coding is a concept of one. */
export function codingsOf(concept: FhirElement): readonly FhirElement[] {
  const list = 'coding' in concept ? elementsIn(concept, 'coding') : 'code' in concept ? [concept] : []
  const said = list.filter((coding) => !isAbsentCoding(coding))
  if (said.length < 2) return said
  return said.toSorted((a, b) => rankOf(a) - rankOf(b))
}

// LOINC names a result more exactly than the SNOMED CT code that may stand beside it.
function rankOf(coding: FhirElement): number {
  if (coding['system'] === LOINC) return 0
  return isSiteCoding(coding) ? 2 : 1
}

const LOINC = 'http://loinc.org'

/** The words of a concept: as the user saw them, else as a coding has them. Words for "absent" are none. */
export function wordsOf(concept: unknown): string {
  if (typeof concept === 'string') return concept.trim()
  if (!isElement(concept)) return ''
  const codings = codingsOf(concept)
  const text = textIn(concept, 'text').trim()
  if (text !== '' && !(codings.length === 0 && isWordForAbsent(text))) return text
  for (const coding of codings) {
    const display = textIn(coding, 'display').trim()
    if (display !== '') return display
  }
  return ''
}

const isWordForAbsent = (text: string): boolean => /^(?:unknown|masked|unsupported|error)$/i.test(text)

/** A concept as we keep it: the standard coding when there is one, else the site's, with the words the user saw. */
export function codedOf(concept: unknown): Coded | undefined {
  if (!isElement(concept)) return undefined
  const [coding] = codingsOf(concept)
  const text = wordsOf(concept)
  if (!coding && text === '') return undefined
  const value: Coded = {}
  if (coding) value.code = textIn(coding, 'code')
  if (text !== '') value.text = text
  const system = coding ? textIn(coding, 'system') : ''
  if (system !== '') value.system = system
  return value
}

/**
 * What a value says, for a look-up in a code set: its codes, standard ones first, then null flavours, then its words.
 * Takes a code, a Coding, a CodeableConcept, or a list of which the first that says something counts.
 */
export function codesSaid(value: unknown): Said {
  if (typeof value === 'string') return value.trim() === '' ? NOTHING : { codes: [value], words: [] }
  if (Array.isArray(value)) {
    for (const one of value as readonly unknown[]) {
      const said = codesSaid(one)
      if (said !== NOTHING) return said
    }
    return NOTHING
  }
  if (!isElement(value)) return NOTHING
  if ('extension' in value && 'url' in value) return codesOfExtension(value)
  const codings = codingsOf(value)
  const displays = codings.map((one) => textIn(one, 'display')).filter(Boolean)
  const text = wordsOf(value)
  const nulls = elementsIn(value, 'coding').filter(isNullFlavor)
  const codes = [...codings, ...nulls].map((one) => textIn(one, 'code'))
  if (codings.length === 0 && text === '' && nulls.length === 0) return NOTHING
  return { codes, words: text === '' || displays.includes(text) ? displays : [text, ...displays] }
}

const NOTHING: Said = { codes: [], words: [] }

/** The us-core race and ethnicity: OMB categories first, then detailed codes, then the words. */
function codesOfExtension(extension: FhirElement): Said {
  const parts = elementsIn(extension, 'extension')
  const saidIn = (url: string): Said[] =>
    parts.filter((part) => part['url'] === url).map((part) => codesSaid(extensionValue(part)))
  const codings = [...saidIn('ombCategory'), ...saidIn('detailed')]
  const codes = codings.flatMap((one) => [...one.codes])
  const words = [
    ...codings.flatMap((one) => [...one.words]),
    ...saidIn('text').flatMap((one) => [...one.codes]),
  ]
  return codes.length + words.length === 0 ? NOTHING : { codes, words }
}

interface Said {
  readonly codes: readonly string[]
  readonly words: readonly string[]
}
