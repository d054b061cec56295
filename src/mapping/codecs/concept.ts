import type { Coded } from '../../model/values.ts'
import type { Cell, PartsCodec } from '../codec.ts'
import { codedOf, codesSaid, codingsOf, wordsOf } from '../fhir/coding.ts'
import { elementsIn, isSiteCoding, textIn, textOf } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'
import type { FhirReading } from '../fhir/reading.ts'
import type { Reading } from '../reading.ts'
import { trimmed } from './text.ts'

/** A coded element kept with its text and system (CE, CWE): code 1, text 2 or original text 9, system 3. */
export const concept: PartsCodec<Coded> = {
  kind: 'parts',
  name: 'concept',
  read: (cell) => readConcept(cell, 1),
  write: (value) => [value.code ?? '', value.text ?? '', value.system ?? ''],
  fhir: { read: readFhirConcept },
}

/** The triple that begins at component 1, or the alternate one at 4; undefined when it says nothing. */
export function readConcept(cell: Cell, first: 1 | 4): Coded | undefined {
  const code = part(cell, first)
  const text = (first === 1 && part(cell, 9)) || part(cell, first + 1)
  const system = part(cell, first + 2)
  if (code === '' && text === '') return undefined
  const value: Coded = {}
  if (code !== '') value.code = code
  if (text !== '') value.text = text
  if (system !== '') value.system = system
  return value
}

/** The text of a coded element, else its code: for fields that Practice Studio keeps as words. */
export const conceptText: PartsCodec<string> = {
  kind: 'parts',
  name: 'conceptText',
  read: (cell) => part(cell, 9) || part(cell, 2) || part(cell, 1) || undefined,
  write: (value) => ['', value],
  fhir: { read: (value) => (Array.isArray(value) ? joined(value) : wordsOf(value)) || undefined },
}

/** Why an appointment was called off. Cerner's code `0` is no reason (cerner-fhir-r4.md §3.2). */
export const cancelReason: PartsCodec<Coded> = {
  ...concept,
  name: 'cancelReason',
  fhir: {
    read(value, at) {
      const read = concept.fhir?.read(value, at)
      return read?.code === '0' && read.text === undefined ? undefined : read
    },
  },
}

/** The code of a coded element, else its text: for fields that are matched by code maps. */
export const conceptCode: PartsCodec<string> = {
  kind: 'parts',
  name: 'conceptCode',
  read: (cell) => part(cell, 1) || part(cell, 2) || undefined,
  write: (value) => [value],
  fhir: { read: (value) => firstCode(value, false) },
}

function part(cell: Cell, component: number): string {
  const found = trimmed(cell.get(component))
  return found === '""' ? '' : found
}

/** A CodeableConcept, a Coding, a class of a coverage (value and name), or a reference to a contained drug. */
function readFhirConcept(value: unknown, at: FhirReading): Coded | undefined {
  if (!isElement(value)) return undefined
  if ('reference' in value || 'display' in value) {
    const [code] = elementsIn(at.contained(value), 'code')
    const words = textIn(value, 'display').trim()
    const own = code ? codedOf(code) : codedOf(value)
    return own ?? (words === '' ? undefined : { text: words })
  }
  if (!('value' in value)) return codedOf(value)
  const [code, text] = [textIn(value, 'value').trim(), textIn(value, 'name').trim()]
  if (code === '' && text === '') return undefined
  return { ...(code === '' ? {} : { code }), ...(text === '' ? {} : { text }) }
}

const joined = (list: readonly unknown[]): string => list.map(wordsOf).filter(Boolean).join('; ')

/** The first code, of the site or standard ones first, else the words. */
function firstCode(value: unknown, ofSite: boolean): string | undefined {
  if (!isElement(value)) return textOf(value).trim() || undefined
  const codings = codingsOf(value)
  const coding = (ofSite ? codings.find(isSiteCoding) : undefined) ?? codings[0]
  return (coding ? textIn(coding, 'code') : wordsOf(value)) || undefined
}

/**
 * A code that each site makes for itself, such as an appointment type. Where two roads write it differently, the
 * analyst's answers (`settings.codes`, under this name) bring them to one; FHIR offers the site's coding first.
 */
export function localCode(set: string): PartsCodec<string> {
  const answer = (code: string | undefined, at: Reading): string | undefined =>
    code === undefined ? undefined : at.settings.codes?.[set]?.[code]
  return {
    kind: 'parts',
    name: set,
    read(cell, at) {
      const code = conceptCode.read(cell, at)
      return answer(code, at) ?? code
    },
    write: conceptCode.write,
    fhir: {
      read(value, at) {
        const { codes, words } = codesSaid(value)
        const answered = [...codes, ...words].map((code) => answer(code, at)).find(Boolean)
        return answered ?? firstCode(value, true)
      },
    },
  }
}
