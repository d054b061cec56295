import type { DecodedExchange, DecodedNode } from '../../../contract/exchanges.ts'

/** One stretch of the raw text: a leaf of the tree, or what stands between leaves. */
export interface Piece {
  text: string
  path: string | null
}

const leavesOf = (node: DecodedNode): DecodedNode[] =>
  node.children === undefined || node.children.length === 0 ? [node] : node.children.flatMap(leavesOf)

/** Cuts a segment's text at its leaves, so that each can be pointed at. */
export function piecesOf(text: string, segment: DecodedNode): Piece[] {
  const pieces: Piece[] = []
  let at = segment.start
  for (const leaf of leavesOf(segment).sort((a, b) => a.start - b.start)) {
    if (leaf === segment || leaf.start < at) continue
    if (leaf.start > at) pieces.push({ text: text.slice(at, leaf.start), path: null })
    pieces.push({ text: text.slice(leaf.start, leaf.end), path: leaf.path })
    at = leaf.end
  }
  if (at < segment.end) pieces.push({ text: text.slice(at, segment.end), path: null })
  return pieces
}

/**
 * `PID-5` covers `PID-5.1`, not `PID-55`; a first repeat may be written with or without its number. `name` covers
 * `name[0].family`; a FHIR place without a number stands for every repeat, and may begin with its resource.
 */
export function covers(outer: string, inner: string): boolean {
  if (!isHl7(outer) || !isHl7(inner)) return fhirCovers(stepsOf(outer), stepsOf(inner))
  const [a, b] = [plain(outer), plain(inner)]
  return a === b || (b.startsWith(a) && /^[-.[]/.test(b.slice(a.length)))
}
const plain = (path: string): string => path.replaceAll('[1]', '')
const isHl7 = (path: string): boolean => /^[A-Z][A-Z0-9]{2}(\[\d+\])?(-|$)/.test(path)

/** `Patient.name[0].family` as its steps: name, [0], family. */
const stepsOf = (path: string): string[] =>
  path.replace(/^[A-Z][A-Za-z]+(\.|$)/, '').match(/[^.[\]]+|\[\d+\]/g) ?? []
function fhirCovers(outer: readonly string[], inner: readonly string[]): boolean {
  if (outer.length === 0) return false
  let at = 0
  for (const step of outer) {
    while (!step.startsWith('[') && inner[at]?.startsWith('[') === true) at++
    // A number that only one side writes stands for whichever repeat the other means.
    if (step.startsWith('[') && inner[at] !== undefined && !inner[at]?.startsWith('[')) continue
    if (inner[at] !== step) return false
    at++
  }
  return true
}
export const related = (a: string | null, b: string | null): boolean =>
  a !== null && b !== null && (covers(a, b) || covers(b, a))

/** Every path of the tree that can be pointed at, with its leaf value, for the edit form. */
export function leafValues(decoded: DecodedExchange): Map<string, string> {
  return new Map(
    decoded.segments
      .flatMap(leavesOf)
      .flatMap(({ path, value }) => (value === undefined ? [] : [[path, value]])),
  )
}
