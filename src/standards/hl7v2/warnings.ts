import { unescape } from './escape.ts'
import type { EscapeKind } from './escape.ts'
import type { Hl7Message, MessageParts } from './message.ts'
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'
import type { Segment } from './segment.ts'

/** What decoding tolerated, each kind once for the message or once per segment, places only. */
export function findWarnings(message: Hl7Message, parts: MessageParts): readonly Problem[] {
  const { split, problems } = parts
  const escapes = oddEscapes(message)
  if (split.joined.length === 0 && split.lowered.length === 0 && escapes.length === 0) return problems
  const named = (indexes: readonly number[]): Segment[] =>
    indexes.slice(0, 100).flatMap((i) => message.segments[i] ?? [])
  const place = ({ name, occurrence }: Segment) => ({ segment: name, occurrence })
  return [
    ...problems,
    ...named(split.joined).map((s) => problem('HL7_SEGMENT_BROKEN', place(s), 102, 'W')),
    ...named(split.lowered).map((s) => problem('HL7_SEGMENT_NAME_LOWERCASE', place(s), 100, 'W')),
    ...escapes,
  ]
}

// How many characters with escapes are looked at for a warning; decoding itself has no such limit.
const LOOK_LIMIT = 1_000_000

// Each kind is told once, at the first field that has it.
function oddEscapes(message: Hl7Message): readonly Problem[] {
  const { escape, field } = message.delimiters
  if (escape === '') return []
  const found: Problem[] = []
  const wanted = new Map<EscapeKind, 'HL7_ESCAPE_UNKNOWN' | 'HL7_CHARSET_SWITCH'>([
    ['unknown', 'HL7_ESCAPE_UNKNOWN'],
    ['switch', 'HL7_CHARSET_SWITCH'],
  ])
  // The escape character of MSH-2 itself is the first one in the text.
  let at = message.text.indexOf(escape, (message.segments[0]?.start ?? 0) + 8)
  let index = 0
  let looked = 0
  while (at >= 0 && wanted.size > 0 && looked < LOOK_LIMIT) {
    while (index < message.segments.length && (message.segments[index]?.end ?? 0) <= at) index++
    const segment = message.segments[index]
    if (segment === undefined) break
    looked += segment.end - segment.start
    const fields = segment.raw.slice(0, LOOK_LIMIT).split(field)
    const shift = segment.name === 'MSH' ? 1 : 0
    fields.forEach((raw, n) => {
      if (n === 0 || n + shift <= 2 || !raw.includes(escape)) return
      unescape(raw, message.delimiters, message.charset, (kind) => {
        const code = wanted.get(kind)
        if (code === undefined) return
        wanted.delete(kind)
        const place = { segment: segment.name, occurrence: segment.occurrence, field: n + shift }
        found.push(problem(code, place, 102, 'W'))
      })
    })
    at = message.text.indexOf(escape, segment.end)
  }
  return found
}
