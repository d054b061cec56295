import type { Segment } from '../standards/hl7v2/message.ts'

/** The comments of some NTE segments as lines; undefined when they hold none. */
export function joinNotes(segments: readonly Segment[]): string | undefined {
  const lines = segments.flatMap(noteLines)
  return lines.length === 0 ? undefined : lines.join('\n')
}

/** NTE-3 repeats: each repetition is a line. An NTE without text is an empty line inside a comment. */
export function noteLines(segment: Segment): string[] {
  const lines: string[] = []
  for (let n = 1, count = segment.repetitions(3); n <= count; n++) lines.push(segment.text(3, n).trimEnd())
  return lines
}
