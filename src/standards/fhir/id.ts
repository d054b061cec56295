/** Logical ids and the addresses made from them (FHIR R4 §2.24.0.1 id; cerner-fhir-r4.md §1.1). */

const ID = /^[A-Za-z0-9.-]{1,64}$/
const TYPE = /^[A-Z][A-Za-z]{2,63}$/

/** True for a logical id. Cerner's are numbers, `L-12`, `BP-3-4`, `11-22-33-0` or uuids: opaque, never to be parsed. */
export const isId = (text: string): boolean => ID.test(text)

/** True for what can be the name of a resource type. */
export const isTypeName = (text: string): boolean => TYPE.test(text)

/** `Patient/123`; null when either part could lead to another address. */
export const pathOf = (type: string, id: string): string | null =>
  isTypeName(type) && isId(id) ? `${type}/${id}` : null

/** The base without the slashes at its end: Cerner's own list of endpoints has them, its documentation has not. */
export const tidyBase = (base: string): string => base.trim().replace(/\/+$/, '')

/** Joins a base and what follows with exactly one slash. */
export const joinUrl = (base: string, path: string): string => `${tidyBase(base)}/${path.replace(/^\/+/, '')}`
