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

/** `PID-5` covers `PID-5.1`, not `PID-55`. A first repeat may be written with or without its number. */
export function covers(outer: string, inner: string): boolean {
  const [a, b] = [plain(outer), plain(inner)]
  return a === b || (b.startsWith(a) && /^[-.[]/.test(b.slice(a.length)))
}
const plain = (path: string): string => path.replaceAll('[1]', '')
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
