/** What ends the segments of one message. */
export type SegmentEnd = '\r' | '\n' | '\r\n'

/** Segments as [start, end) offsets into the text; a joined segment still holds the line end inside a field. */
export interface Split {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
  readonly segmentEnd: SegmentEnd
  /** Indexes of segments to which a following line was joined. */
  readonly joined: readonly number[]
  /** Indexes of segments whose name came in lower case. */
  readonly lowered: readonly number[]
}

/** No real message comes near this; past it the sender is looping. */
export const SEGMENT_LIMIT = 200_000

const CR = 0x0d
const LF = 0x0a

const isUpper = (c: number): boolean => c >= 0x41 && c <= 0x5a
const isUpperOrDigit = (c: number): boolean => isUpper(c) || (c >= 0x30 && c <= 0x39)
const isLower = (c: number): boolean => c >= 0x61 && c <= 0x7a

// A word of three letters before a separator may be text that continues a field, so lower case is believed only
// of the segments that our messages have.
const LOWERABLE = new Set(
  (
    'MSH EVN PID PD1 NK1 PV1 PV2 ROL DB1 OBX AL1 DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2 PDA MRG SFT ORC OBR NTE TQ1 TQ2 ' +
    'CTD CTI SPM DSC SCH RGS AIS AIG AIL AIP FT1 TXA MSA ERR BHS BTS FHS FTS'
  ).split(' '),
)

/** `upper` for `^[A-Z][A-Z0-9]{2}(separator|end)`, `lower` for a name in lower case before a separator. */
function nameAt(text: string, at: number, separator: number): 'upper' | 'lower' | 'none' {
  const a = text.charCodeAt(at)
  const b = text.charCodeAt(at + 1)
  const c = text.charCodeAt(at + 2)
  const after = text.charCodeAt(at + 3)
  if (isUpper(a) && isUpperOrDigit(b) && isUpperOrDigit(c)) {
    return after === separator || after === CR || after === LF || Number.isNaN(after) ? 'upper' : 'none'
  }
  if (after !== separator || !(isUpper(a) || isLower(a))) return 'none'
  if (!(isUpperOrDigit(b) || isLower(b)) || !(isUpperOrDigit(c) || isLower(c))) return 'none'
  return LOWERABLE.has(text.slice(at, at + 3).toUpperCase()) ? 'lower' : 'none'
}

/**
 * Finds what ends segments: CR (or CR LF) when any CR is followed by a segment name, else LF when one is.
 *
 * @param separator character code of MSH-1
 */
export function findSegmentEnd(text: string, from: number, separator: number): SegmentEnd {
  for (let cr = text.indexOf('\r', from); cr >= 0; cr = text.indexOf('\r', cr + 1)) {
    const withLf = text.charCodeAt(cr + 1) === LF
    if (nameAt(text, cr + (withLf ? 2 : 1), separator) !== 'none') return withLf ? '\r\n' : '\r'
  }
  for (let lf = text.indexOf('\n', from); lf >= 0; lf = text.indexOf('\n', lf + 1)) {
    if (nameAt(text, lf + 1, separator) !== 'none') return '\n'
  }
  // Only one segment: what ends it tells the habit of the sender.
  if (text.endsWith('\r\n')) return '\r\n'
  return text.endsWith('\n') ? '\n' : '\r'
}

/**
 * Cuts a message into segments. Blank lines are skipped; a line that does not begin with a segment name
 * belongs to the segment before it, because some senders put CR inside a field.
 *
 * @param from where `MSH` begins
 * @returns null past {@link SEGMENT_LIMIT}
 */
export function splitSegments(text: string, from: number, separator: number): Split | null {
  const segmentEnd = findSegmentEnd(text, from, separator)
  const mark = segmentEnd === '\n' ? '\n' : '\r'
  const starts: number[] = []
  const ends: number[] = []
  const joined: number[] = []
  const lowered: number[] = []
  const length = text.length
  for (let start = from; start < length;) {
    const found = text.indexOf(mark, start)
    const end = found < 0 ? length : found
    const contentStart = mark === '\r' && text.charCodeAt(start) === LF ? start + 1 : start
    let contentEnd = end
    // In LF mode CRs before the LF are part of the line end.
    while (mark === '\n' && contentEnd > contentStart && text.charCodeAt(contentEnd - 1) === CR) contentEnd--
    if (contentEnd > contentStart) {
      const name = starts.length === 0 ? 'upper' : nameAt(text, contentStart, separator)
      if (name === 'none') {
        if (isBlank(text, contentStart, contentEnd)) {
          start = end + 1
          continue
        }
        ends[ends.length - 1] = contentEnd
        if (joined[joined.length - 1] !== ends.length - 1) joined.push(ends.length - 1)
      } else {
        if (starts.length >= SEGMENT_LIMIT) return null
        if (name === 'lower') lowered.push(starts.length)
        starts.push(contentStart)
        ends.push(contentEnd)
      }
    }
    start = end + 1
  }
  return { starts, ends, segmentEnd, joined, lowered }
}

// Blanks, line ends and NULs left between segments or after the last one.
function isBlank(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (text.charCodeAt(at) > 0x20) return false
  }
  return true
}
