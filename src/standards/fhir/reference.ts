import { isId, isTypeName, tidyBase } from './id.ts'

/**
 * What a `Reference.reference` or a `Location` header points at (FHIR R4 §2.3.0).
 *
 * `foreign` is an absolute address under another base: ids mean something inside one base only.
 */
export type Target =
  | { kind: 'local'; type: string; id: string; version: string | null }
  | { kind: 'foreign'; url: string; type: string; id: string }
  | { kind: 'contained'; id: string }
  | { kind: 'urn'; urn: string }

const TAIL = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/([^/?#]+))?$/

/**
 * Reads a reference.
 *
 * @param base of this connection: an absolute address under it is local
 * @returns null for a search (`Patient?identifier=…`), an address without type and id, or nothing
 */
export function readReference(text: string | null | undefined, base = ''): Target | null {
  const trimmed = text?.trim() ?? ''
  if (trimmed.startsWith('#')) return trimmed.length > 1 ? { kind: 'contained', id: trimmed.slice(1) } : null
  if (/^urn:(uuid|oid):/i.test(trimmed)) return { kind: 'urn', urn: trimmed }
  const [whole, type, id, version] = TAIL.exec(trimmed) ?? []
  if (whole === undefined || type === undefined || id === undefined || !isTypeName(type)) return null
  const front = trimmed.slice(0, trimmed.length - whole.length)
  if (isAbsolute(trimmed) && !sameBase(front, base)) return { kind: 'foreign', url: trimmed, type, id }
  if (!isAbsolute(trimmed) && front !== '') return null
  return { kind: 'local', type, id, version: version ?? null }
}

/** The id of a reference to a resource of this type under the base, or null. */
export function idOf(text: string | null | undefined, type: string, base = ''): string | null {
  const target = readReference(text, base)
  return target?.kind === 'local' && target.type === type ? target.id : null
}

/** `Patient/123`, for the member `reference`. */
export const referenceTo = (type: string, id: string): { reference: string } => {
  if (!isTypeName(type) || !isId(id)) throw new RangeError(`no reference to a ${type}`)
  return { reference: `${type}/${id}` }
}

const isAbsolute = (text: string): boolean => /^https?:\/\//i.test(text)

const sameBase = (front: string, base: string): boolean => comparable(front) === comparable(base)

// Host names have no case, and the scheme may differ behind a proxy that ends TLS.
function comparable(url: string): string {
  const [, host = '', path = ''] = /^https?:\/\/([^/]*)(.*)$/i.exec(tidyBase(url)) ?? []
  return host.toLowerCase() + path
}
