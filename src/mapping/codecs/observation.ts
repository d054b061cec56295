import type { Attachment, Coded, Observation, Quantity } from '../../model/values.ts'
import type { ElementCodec } from '../codec.ts'
import { interpretation } from '../codesets/interpretation.ts'
import { codesSaid, codingsOf, wordsOf } from '../fhir/coding.ts'
import { elementIn, elementsIn, textIn, textOf } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'
import type { FhirElement } from '../fhir/json.ts'
import { readFhirPerson } from '../fhir/person.ts'
import type { FhirReading } from '../fhir/reading.ts'
import { readCode, setName } from './coded.ts'
import { readFhirMoment } from './moment.ts'

/** The parts of a result as FHIR holds them (cerner-fhir-r4.md §3.5). */

const COMPARATORS = ['<', '<=', '>=', '>'] as const

/** A Quantity: the digits as sent, and the unit as people read it, else its UCUM code. */
export const quantityValue: ElementCodec<Quantity> = {
  kind: 'element',
  name: 'quantity',
  fhir: { read: (value) => (isElement(value) ? readQuantity(value) : undefined) },
}

export function readQuantity(value: FhirElement): Quantity | undefined {
  const digits = textIn(value, 'value')
  if (!/^[+-]?\d/.test(digits)) return undefined
  const unit = textIn(value, 'unit') || textIn(value, 'code')
  const comparator = COMPARATORS.find((one) => one === textIn(value, 'comparator'))
  return { value: digits, ...(comparator ? { comparator } : {}), ...(unit === '' ? {} : { unit }) }
}

/** Every coding of a coded value, standard ones first; words alone are text. */
export const valueCodes: ElementCodec<Coded[]> = {
  kind: 'element',
  name: 'codes',
  fhir: {
    read(value) {
      if (!isElement(value)) return undefined
      const codes = codingsOf(value).map((coding): Coded => {
        const [system, text] = [textIn(coding, 'system'), textIn(coding, 'display')]
        return {
          code: textIn(coding, 'code'),
          ...(text === '' ? {} : { text }),
          ...(system === '' ? {} : { system }),
        }
      })
      return codes.length > 0 ? codes : undefined
    },
  },
}

/** Everything that is no number, as text: words, times, ranges, ratios, and why there is no value. */
export const valueText: ElementCodec<string> = {
  kind: 'element',
  name: 'text of a value',
  fhir: { read: (value, at) => readText(value, at) },
}

function readText(value: unknown, at: FhirReading): string | undefined {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (!isElement(value)) return readPrimitive(textOf(value), at)
  if ('numerator' in value || 'denominator' in value)
    return joined([quantityIn(value, 'numerator'), quantityIn(value, 'denominator')], ':')
  if ('low' in value || 'high' in value) return rangeText(value)
  if ('start' in value || 'end' in value) {
    const times = ['start', 'end'].map((name) => readFhirMoment(textIn(value, name), at) ?? '')
    return joined(times, ' – ')
  }
  return wordsOf(value) || undefined
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T/

const readPrimitive = (text: string, at: FhirReading): string | undefined =>
  DATE_TIME.test(text) && at.place.endsWith('valueDateTime') ? readFhirMoment(text, at) : text || undefined

const joined = (parts: readonly string[], by: string): string | undefined =>
  parts.some(Boolean) ? parts.join(by).trim() : undefined

const quantityIn = (value: FhirElement, name: string): string => {
  const element = elementIn(value, name)
  const read = element && readQuantity(element)
  return read ? [`${read.comparator ?? ''}${read.value}`, read.unit].filter(Boolean).join(' ') : ''
}

const digitsIn = (value: FhirElement, name: string): string => {
  const element = elementIn(value, name)
  return element ? (readQuantity(element)?.value ?? '') : ''
}

/** `35.2-36.7`, `>=35.2`, `<=36.7`, as OBX-7 writes ranges. */
function rangeText(value: FhirElement): string | undefined {
  const [low, high] = [digitsIn(value, 'low'), digitsIn(value, 'high')]
  if (low !== '' && high !== '') return `${low}-${high}`
  if (low !== '') return `>=${low}`
  return high === '' ? undefined : `<=${high}`
}

/** The normal range; others, such as critical ones, only when there is no normal one. */
export const range: ElementCodec<string> = {
  kind: 'element',
  name: 'reference range',
  fhir: {
    read(value) {
      const list = elementsIn({ value }, 'value')
      const normal = list.find((one) => codesSaid(one['type']).codes.includes('normal')) ?? list[0]
      return normal && (rangeText(normal) ?? (textIn(normal, 'text').trim() || undefined))
    },
  },
}

export const interpretations: ElementCodec<string[]> = {
  kind: 'element',
  name: 'interpretation',
  fhir: {
    read(value, at) {
      const flags = elementsIn({ value }, 'value').flatMap((one) => readFlag(one, at) ?? [])
      return flags.length > 0 ? [...new Set(flags)] : undefined
    },
  },
}

function readFlag(concept: FhirElement, at: FhirReading): string | undefined {
  const { codes, words } = codesSaid(concept)
  const known = [...codes, ...words].map((code) => readCode(interpretation, code, at)).find(Boolean)
  if (known === undefined && codes.length + words.length > 0)
    at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(interpretation, at) })
  return known === 'null' ? undefined : known
}

/** Who performed it, by name, else by id. */
export const performerName: ElementCodec<string> = {
  kind: 'element',
  name: 'performer',
  fhir: {
    read(value, at) {
      const person = readFhirPerson(value, at)
      return [person?.first_name, person?.last_name].filter(Boolean).join(' ') || person?.id
    },
  },
}

export const notes: ElementCodec<string[]> = {
  kind: 'element',
  name: 'notes',
  fhir: {
    read(value) {
      const lines = elementsIn({ value }, 'value').map((note) => textIn(note, 'text').trim())
      const said = lines.filter(Boolean)
      return said.length > 0 ? said : undefined
    },
  },
}

/** A document inside a result, or a pointer to one. */
export const attachment: ElementCodec<NonNullable<Observation['attachment']>> = {
  kind: 'element',
  name: 'attachment',
  fhir: { read: (value) => (isElement(value) ? readAttachment(value) : undefined) },
}

export function readAttachment(value: FhirElement): Attachment | undefined {
  const [data, url] = [textIn(value, 'data'), textIn(value, 'url')]
  if (data === '' && url === '') return undefined
  const [title, mediaType] = [textIn(value, 'title'), textIn(value, 'contentType')]
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  return {
    ...(title === '' ? {} : { title }),
    ...(mediaType === '' ? {} : { media_type: mediaType }),
    size_bytes: data === '' ? Number(textIn(value, 'size')) || 0 : (data.length * 3) / 4 - padding,
    ...(data === '' ? {} : { data_base64: data }),
    ...(url === '' ? {} : { url }),
  }
}
