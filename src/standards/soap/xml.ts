import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { escapeAttribute, escapeText, unescapeText } from './escape.ts'
import { scanXml, XML_LIMITS } from './scan.ts'
import type { XmlLimits } from './scan.ts'

/** An element with its namespace resolved. Comments and instructions are left out. */
export interface XmlElement {
  readonly namespace: string
  readonly name: string
  /** By local name for those without a prefix, by `{namespace}name` for the others; no declarations. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** All text directly inside, CDATA included. */
  readonly text: string
}

/** Why a document was not taken; the words name no content. */
export class XmlRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'XmlRefused'
  }
}

const PARSER = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  // No entity of any kind is expanded by the parser: the five of XML and numbers are undone in escape.ts.
  processEntities: false,
  htmlEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  cdataPropName: '#cdata',
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 256,
  // An element may be called as a member of Object is; the rows are read by own keys only.
  onDangerousProperty: (name) => name,
})

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

/**
 * Parses a document without DTD.
 *
 * @throws XmlRefused for a document type, entities beyond the five of XML, too much of anything, undeclared prefixes,
 * and what is not well-formed
 */
export function parseXml(text: string, limits: XmlLimits = XML_LIMITS): XmlElement {
  const problem = scanXml(text, limits)
  if (problem !== null) throw new XmlRefused(problem)
  if (XMLValidator.validate(text) !== true) throw new XmlRefused('it is not well-formed')
  const rows = rowsIn(text).filter((row) => elementName(row) !== null)
  const [root] = rows
  if (root === undefined || rows.length !== 1) throw new XmlRefused('it has no single root')
  return elementOf(root, new Map([['xml', XML_NAMESPACE]]))
}

type Row = Readonly<Record<string, unknown>>

function rowsIn(text: string): readonly Row[] {
  try {
    return PARSER.parse(text) as Row[]
  } catch {
    throw new XmlRefused('it is not well-formed')
  }
}

const elementName = (row: Row): string | null =>
  Object.keys(row).find((key) => key !== ':@' && key !== '#text' && key !== '#cdata') ?? null

type Scope = ReadonlyMap<string, string>

function elementOf(row: Row, outer: Scope): XmlElement {
  const qualified = elementName(row) ?? ''
  const raw = attributesOf(row)
  const scope = scopeOf(raw, outer)
  const { namespace, name } = resolve(qualified, scope, scope.get('') ?? '')
  const inside = row[qualified] as readonly Row[]
  return {
    namespace,
    name,
    attributes: Object.fromEntries(
      raw
        .filter(([key]) => key !== 'xmlns' && !key.startsWith('xmlns:'))
        .map(([key, value]) => [keyOf(key, scope), value]),
    ),
    children: inside.filter((child) => elementName(child) !== null).map((child) => elementOf(child, scope)),
    text: inside.map(textOf).join(''),
  }
}

function attributesOf(row: Row): readonly (readonly [string, string])[] {
  return Object.entries((row[':@'] ?? {}) as Record<string, string>).map(([key, value]) => [
    key,
    plain(value),
  ])
}

function scopeOf(attributes: readonly (readonly [string, string])[], outer: Scope): Scope {
  const declared = attributes.filter(([key]) => key === 'xmlns' || key.startsWith('xmlns:'))
  if (declared.length === 0) return outer
  return new Map([...outer, ...declared.map(([key, value]) => [key.slice('xmlns:'.length), value] as const)])
}

function resolve(qualified: string, scope: Scope, otherwise: string): { namespace: string; name: string } {
  const [prefix, name, more] = qualified.split(':')
  if (name === undefined) return { namespace: otherwise, name: qualified }
  const namespace = scope.get(prefix ?? '')
  if (namespace === undefined || more !== undefined || name === '')
    throw new XmlRefused('a prefix is not declared')
  return { namespace, name }
}

function keyOf(qualified: string, scope: Scope): string {
  const { namespace, name } = resolve(qualified, scope, '')
  return namespace === '' ? name : `{${namespace}}${name}`
}

function textOf(row: Row): string {
  if ('#text' in row) return plain(String(row['#text']))
  const parts = row['#cdata']
  return Array.isArray(parts) ? parts.map((part: Row) => String(part['#text'] ?? '')).join('') : ''
}

// XML 1.0 §2.11: a line end read from a document is a line feed, unless it was written as a reference.
function plain(text: string): string {
  const found = unescapeText(text.replaceAll(/\r\n?/g, '\n'))
  if (found === undefined) throw new XmlRefused('it uses an entity that is not declared')
  return found
}

// --- reading and building ---

export const childOf = (element: XmlElement, name: string, namespace?: string): XmlElement | undefined =>
  element.children.find(
    (one) => one.name === name && (namespace === undefined || one.namespace === namespace),
  )

export const childText = (element: XmlElement, name: string): string | null =>
  childOf(element, name)?.text ?? null

/**
 * Writes one element.
 *
 * @param name with its prefix
 * @param inside XML that was already written; use {@link escapeText} for text
 */
export function tag(name: string, attributes: Readonly<Record<string, string>>, inside: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`)
  return inside === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${inside}</${name}>`
}

export const textTag = (name: string, text: string): string => tag(name, {}, escapeText(text))
