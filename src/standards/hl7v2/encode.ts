import { writeField } from './build.ts'
import type { FieldInput } from './build.ts'
import { byteOrderMark, isByteSafe, writeText } from './charset.ts'
import { skipBlank } from './decode.ts'
import type { Delimiters } from './delimiters.ts'
import { Hl7Message } from './message.ts'
import { readPlace } from './problem.ts'
import type { Place } from './problem.ts'
import { splitSegments } from './split.ts'

const isLossy = (message: Hl7Message): boolean =>
  message.warnings.some((w) => w.code === 'HL7_CHARSET_MISMATCH')

/**
 * Writes a message back: its segments as they came, each ended by the message's own segment end. Blank lines go
 * and a missing last end is added; nothing else changes, so encode(decode(x)) is x for a well-formed x.
 *
 * A message with bytes that are not valid in its character set is returned as it came, or they would be lost.
 */
export function encode(message: Hl7Message): Uint8Array {
  if (isLossy(message)) return message.bytes
  const lines = message.segments.map((segment) => segment.raw + message.segmentEnd)
  return toBytes(message, lines.join(''))
}

function toBytes(message: Hl7Message, text: string): Uint8Array {
  const bytes = writeText(text, message.charset)
  return message.bomLength === 0 ? bytes : Buffer.concat([byteOrderMark(message.charset), bytes])
}

/**
 * A copy with one place changed; the original is left alone.
 *
 * Missing fields, repetitions and components on the way are added with their separators. A missing segment is
 * added at the end. Everything outside the place keeps its bytes.
 *
 * @param path `PID-3.4.1`, `PID-3[2].1`, `NK1[2]-2.1`; MSH-1 and MSH-2 cannot be changed
 * @param value text, `null` for `""`, `undefined` to empty it; a whole field may be given as for `buildMessage`
 * @returns the new bytes; the old ones unchanged when the path is none
 */
export function withField(message: Hl7Message, path: string, value: FieldInput): Uint8Array {
  const place = readPlace(path)
  if (place?.field === undefined || (place.segment === 'MSH' && place.field <= 2)) return message.bytes
  const view = editView(message)
  const edit = findEdit(view, { ...place, field: place.field }, writeValue(view, value))
  if (edit === null) return message.bytes
  const text = view.text.slice(0, edit.start) + edit.text + view.text.slice(edit.end)
  return isByteSafe(message.charset)
    ? Buffer.concat([message.bytes.subarray(0, message.bomLength), Buffer.from(text, 'latin1')])
    : toBytes(message, text)
}

/** A message to edit: where characters are bytes the text is a Latin-1 view, so that untouched bytes stay. */
function editView(message: Hl7Message): Hl7Message {
  if (!isByteSafe(message.charset)) return message
  const { bytes, bomLength, delimiters, charset } = message
  const body = bytes.subarray(bomLength)
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const split = splitSegments(text, skipBlank(body), delimiters.field.charCodeAt(0))
  if (split === null) return message
  return new Hl7Message({
    bytes,
    text,
    delimiters,
    charset,
    bomLength,
    split,
    problems: [],
    defaultVersion: '',
  })
}

// In the Latin-1 view the new text has to be one character for each byte as well.
function writeValue(view: Hl7Message, value: FieldInput): string {
  const { delimiters, charset } = view
  const text = writeField(value, delimiters, charset)
  return isByteSafe(charset) ? writeText(text, charset).toString('latin1') : text
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

function findEdit(view: Hl7Message, place: Place & { field: number }, written: string): Edit | null {
  const { delimiters: d } = view
  const segment = view.segment(place.segment, place.occurrence)
  const range = segment?.range(place.field)
  const content = editField(segment?.field(place.field) ?? '', place, written, d)
  if (segment !== undefined && range) return { start: range[0], end: range[1], text: content }
  if (segment !== undefined) {
    const missing = place.field - segment.fieldCount
    return { start: segment.end, end: segment.end, text: d.field.repeat(missing) + content }
  }
  const last = view.segments[view.segments.length - 1]
  // Only the next segment of a name can be added; a gap would change the number of the one asked for.
  if (last === undefined || (place.occurrence ?? 1) !== view.all(place.segment).length + 1) return null
  const line = place.segment + d.field.repeat(place.field) + content
  return { start: last.end, end: last.end, text: view.segmentEnd + line }
}

/** Puts a text at the nth part, adding separators up to it. */
function editPart(raw: string, mark: string, n: number, edit: (part: string) => string): string {
  if (mark === '') return edit(raw)
  const parts = raw.split(mark)
  while (parts.length < n) parts.push('')
  parts[n - 1] = edit(parts[n - 1] ?? '')
  return parts.join(mark)
}

function editField(raw: string, place: Place, written: string, d: Delimiters): string {
  const { repetition, component, subcomponent } = place
  if (repetition === undefined && component === undefined) return written
  const value = (): string => written
  return editPart(raw, d.repetition, repetition ?? 1, (part) => {
    if (component === undefined) return written
    // A value put into a deleted field makes it a field with that value alone.
    return editPart(part === '""' ? '' : part, d.component, component, (inner) =>
      subcomponent === undefined
        ? written
        : editPart(inner === '""' ? '' : inner, d.subcomponent, subcomponent, value),
    )
  })
}
