/** Versions as HTTP carries them (RFC 9110 §8.8.3; cerner-fhir-r4.md §1.3). A version is opaque: `0`, `0$0`, `410v79`. */

const ENTITY_TAG = /^(?:W\/)?"([\x21\x23-\x7e]+)"$/
const VERSION = /^[\x21\x23-\x7e]+$/

/** The version in an `ETag` header, weak or strong; null when there is none or it is not one. */
export function readEtag(header: string | null | undefined): string | null {
  return ENTITY_TAG.exec(header?.trim() ?? '')?.[1] ?? null
}

/**
 * The value of `If-Match` for a version, in the weak form that Cerner requires.
 *
 * @returns null for what cannot be one: Cerner answers 412, so the caller reads the record first
 */
export const ifMatch = (version: string): string | null => (VERSION.test(version) ? `W/"${version}"` : null)
