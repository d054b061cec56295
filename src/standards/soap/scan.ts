/**
 * Looks over a document before it is parsed. It refuses what a message never needs and an attacker does: a DTD (with it
 * entities of any kind), deep nesting, sheer size.
 */
export interface XmlLimits {
  /** Characters. */
  readonly length: number
  readonly depth: number
  readonly elements: number
  /** On one element. */
  readonly attributes: number
}

export const XML_LIMITS: XmlLimits = {
  length: 64 * 1024 * 1024,
  depth: 64,
  elements: 500_000,
  attributes: 64,
}

export type ScanProblem =
  | 'it is too large'
  | 'it declares a document type'
  | 'it is nested too deep'
  | 'it has too many elements'
  | 'an element has too many attributes'
  | 'it is not well-formed'

const MALFORMED: ScanProblem = 'it is not well-formed'

/** @returns null for a document that may be parsed */
export function scanXml(text: string, limits: XmlLimits = XML_LIMITS): ScanProblem | null {
  if (text.length > limits.length) return 'it is too large'
  let depth = 0
  let elements = 0
  let at = text.indexOf('<')
  while (at >= 0) {
    const jump = jumpOf(text, at)
    if (jump.kind === 'doctype') return 'it declares a document type'
    if (jump.end < 0) return MALFORMED
    if (jump.kind === 'open' || jump.kind === 'empty') {
      elements += 1
      if (elements > limits.elements) return 'it has too many elements'
      if (jump.attributes > limits.attributes) return 'an element has too many attributes'
    }
    if (jump.kind === 'open') depth += 1
    if (jump.kind === 'close') depth -= 1
    if (depth > limits.depth) return 'it is nested too deep'
    if (depth < 0) return MALFORMED
    at = text.indexOf('<', jump.end)
  }
  return depth === 0 && elements > 0 ? null : MALFORMED
}

interface Jump {
  readonly kind: 'skip' | 'doctype' | 'open' | 'empty' | 'close'
  /** Behind the markup; negative when it does not end. */
  readonly end: number
  readonly attributes: number
}

function jumpOf(text: string, at: number): Jump {
  const past = (mark: string, from: number): number => {
    const found = text.indexOf(mark, from)
    return found < 0 ? -1 : found + mark.length
  }
  const skip = (end: number): Jump => ({ kind: 'skip', end, attributes: 0 })
  if (text.startsWith('<!--', at)) return skip(past('-->', at + 4))
  if (text.startsWith('<![CDATA[', at)) return skip(past(']]>', at + 9))
  if (text.startsWith('<?', at)) return skip(past('?>', at + 2))
  if (text.startsWith('<!', at)) return { kind: 'doctype', end: -1, attributes: 0 }
  if (text.startsWith('</', at)) return { kind: 'close', end: past('>', at + 2), attributes: 0 }
  return tagAt(text, at)
}

// A value may hold `>`, so the end of a tag is looked for outside quotes.
function tagAt(text: string, at: number): Jump {
  let attributes = 0
  for (let i = at + 1; i < text.length; i += 1) {
    const char = text[i]
    if (char === '<') break
    if (char === '"' || char === "'") {
      const close = text.indexOf(char, i + 1)
      if (close < 0) break
      attributes += 1
      i = close
    } else if (char === '>') return { kind: text[i - 1] === '/' ? 'empty' : 'open', end: i + 1, attributes }
  }
  return { kind: 'open', end: -1, attributes }
}
