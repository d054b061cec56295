import { digitsOf, parseExact } from '../fhir/json.ts'
import { escapeText, isXmlText } from './escape.ts'
import { tag, XmlRefused } from './xml.ts'
import type { XmlElement } from './xml.ts'

/**
 * JSON as elements and back, nothing lost: a member is an element of its name, a list repeats the element.
 *
 * `kind` says what an element holds where that is not plain: `number`, `boolean`, `null`, `object` (an empty one), `list`
 * (an empty one, or one inside a list), `json` (a string with characters that XML has not, as JSON text). `item` marks
 * the elements of a list, so that a list of one stays a list. `member` carries a name that is no XML name, or that the parser refuses.
 */
const NAME = /^(?!xml|(?:__proto__|constructor|prototype|member)$)[A-Za-z_][\w.-]*$/i
const ODD = 'member'

/** @param text JSON; the digits of its numbers are kept */
export function jsonToXml(name: string, text: string): string {
  return valueToXml(name, parseExact(text), {})
}

type Attributes = Readonly<Record<string, string>>

function valueToXml(name: string, value: unknown, marks: Attributes): string {
  const [element, attributes] = NAME.test(name) ? [name, marks] : [ODD, { ...marks, ...named(name) }]
  if (typeof value === 'string') return stringToXml(element, value, attributes)
  if (typeof value === 'boolean') return tag(element, { ...attributes, kind: 'boolean' }, String(value))
  if (value === null || value === undefined) return tag(element, { ...attributes, kind: 'null' }, '')
  if (Array.isArray(value))
    return tag(
      element,
      { ...attributes, kind: 'list' },
      value.map((one) => valueToXml('item', one, { item: 'true' })).join(''),
    )
  const digits = digitsOf(value)
  if (digits !== undefined) return tag(element, { ...attributes, kind: 'number' }, digits)
  const inside = membersToXml(value as Record<string, unknown>)
  return tag(element, inside === '' ? { ...attributes, kind: 'object' } : attributes, inside)
}

const named = (name: string): Attributes =>
  isXmlText(name)
    ? { name }
    : { name: JSON.stringify(name).replaceAll(/[\u007f-\uffff]/g, unicode), kindOfName: 'json' }

function membersToXml(object: Record<string, unknown>): string {
  return Object.entries(object)
    .map(([name, value]) =>
      // A list inside a list, and an empty one, cannot be told by repetition.
      Array.isArray(value) && value.length > 0
        ? value.map((one: unknown) => valueToXml(name, one, { item: 'true' })).join('')
        : valueToXml(name, value, {}),
    )
    .join('')
}

function stringToXml(element: string, value: string, attributes: Attributes): string {
  if (isXmlText(value)) return tag(element, attributes, escapeText(value))
  const text = JSON.stringify(value).replaceAll(/[\u007f-\uffff]/g, unicode)
  return tag(element, { ...attributes, kind: 'json' }, escapeText(text))
}

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** @returns JSON text; numbers digit by digit as written */
export const xmlToJson = (element: XmlElement): string => jsonOf(element)

function jsonOf(element: XmlElement): string {
  const { kind } = element.attributes
  switch (kind) {
    case undefined:
      return element.children.length > 0 ? objectOf(element) : JSON.stringify(element.text)
    case 'object':
      return objectOf(element)
    case 'list':
      return `[${element.children.map(jsonOf).join(',')}]`
    case 'null':
      return 'null'
    case 'boolean':
      return checked(element.text, /^(?:true|false)$/)
    case 'number':
      return checked(element.text, /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/)
    case 'json':
      return JSON.stringify(stringIn(element.text))
    default:
      throw new XmlRefused('an element is of an unknown kind')
  }
}

// XML of a site may be laid out over lines, so blanks around a word do not count.
function checked(text: string, pattern: RegExp): string {
  const word = text.trim()
  if (!pattern.test(word)) throw new XmlRefused('a value is not of its kind')
  return word
}

function objectOf({ children }: XmlElement): string {
  const groups = Map.groupBy(children, memberName)
  const members = [...groups].map(([name, group]) => {
    const [first] = group
    const isList = group.length > 1 || first?.attributes['item'] === 'true'
    const value = isList ? `[${group.map(jsonOf).join(',')}]` : first === undefined ? 'null' : jsonOf(first)
    return `${JSON.stringify(name)}:${value}`
  })
  return `{${members.join(',')}}`
}

function memberName({ name, attributes }: XmlElement): string {
  if (name !== ODD || attributes['name'] === undefined) return name
  return attributes['kindOfName'] === 'json' ? stringIn(attributes['name']) : attributes['name']
}

function stringIn(text: string): string {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value === 'string') return value
  } catch {
    // falls through
  }
  throw new XmlRefused('a value is not of its kind')
}
