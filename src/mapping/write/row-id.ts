/**
 * Id of a resource that is a row of a record: the record's id and a digest of what names the row there. The same row
 * has the same id for ever, and nothing of the key can be read from it.
 */
export const idOfRow = (recordId: string, key: string): string =>
  `${recordId}-${digest(key, 1)}${digest(key, 2)}`

/** 32 bits of FNV-1a with a seed, as eight hexadecimal digits: enough to tell the rows of one record apart. */
function digest(text: string, seed: number): string {
  let hash = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash.toString(16).padStart(8, '0')
}
