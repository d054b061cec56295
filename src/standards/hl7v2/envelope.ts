import { asciiOnly, charsetNamed, isByteSafe, wideCharset } from './charset.ts'
import { decode } from './decode.ts'
import type { DecodeOptions, Hl7Batch } from './decode.ts'
import type { Delimiters } from './delimiters.ts'
import { unescape } from './escape.ts'
import type { Hl7Message } from './message.ts'
import { latin, peekMsh } from './peek.ts'
import type { Peek } from './peek.ts'
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'
import { isSupportedVersion } from './version.ts'

/** Who a message is about: an id, who gave it (CX-4 raw, `namespace[&uid&type]`) and its kind (CX-5). */
export interface PatientKey {
  readonly id: string
  readonly authority: string
  readonly type: string
}

/** What accepting a message needs to know of it, read without decoding the rest. */
export interface Envelope {
  readonly readable: boolean
  readonly batch: boolean
  /** `ADT^A04`; `BATCH` for a batch; empty when unreadable. */
  readonly kind: string
  readonly version: string
  readonly controlId: string
  readonly processingId: string
  /** Whole raw fields. */
  readonly sendingApplication: string
  readonly sendingFacility: string
  readonly acceptAck: string
  readonly applicationAck: string
  /** MSH-7 as sent. */
  readonly timestamp: string
  /** First repetition of PID-3 with an id, else PID-2. */
  readonly patient: PatientKey | null
  /** SCH-2, else SCH-1; the authority is EI-2 to EI-4 joined as in an HD (`namespace&uid&type`). */
  readonly appointment: { readonly id: string; readonly authority: string } | null
  /** What a reply has to refuse (§7.1): no MSH, delimiters, MSH-9, MSH-10, version. */
  readonly problem: Problem | null
}

const EMPTY: Envelope = {
  readable: false,
  batch: false,
  kind: '',
  version: '',
  controlId: '',
  processingId: '',
  sendingApplication: '',
  sendingFacility: '',
  acceptAck: '',
  applicationAck: '',
  timestamp: '',
  patient: null,
  appointment: null,
  problem: null,
}

/** True for an acknowledgement, which is never acknowledged itself. */
export const isAcknowledgement = (envelope: Pick<Envelope, 'kind'>): boolean =>
  /^(?:ACK|MCF)(?:\^|$)/.test(envelope.kind)

/**
 * Reads the envelope of a frame. Never throws. The common case (CR ends, a byte-safe character set, ASCII in
 * the fields wanted) looks only at MSH, SCH and PID; everything else goes through {@link decode}.
 */
export function readEnvelope(bytes: Uint8Array, options: DecodeOptions = {}): Envelope {
  if (wideCharset(bytes) !== null) return readSlowly(bytes, options)
  const peek = peekMsh(bytes)
  if (peek === null) return readSlowly(bytes, options)
  return readQuickly(bytes, peek, options) ?? readSlowly(bytes, options)
}

function problemOf(kind: string, controlId: string, version: string): Problem | null {
  if (kind === '') return problem('HL7_REQUIRED_FIELD_EMPTY', { segment: 'MSH', field: 9 }, 101, 'E')
  if (controlId === '') return problem('HL7_REQUIRED_FIELD_EMPTY', { segment: 'MSH', field: 10 }, 101, 'E')
  if (version === '' || isSupportedVersion(version)) return null
  return problem('HL7_VERSION_UNSUPPORTED', { segment: 'MSH', field: 12 }, 203, 'E')
}

const kindOf = (type: string, event: string): string => (event === '' ? type : `${type}^${event}`)

function part(text: string, delimiter: string, n: number): string {
  if (delimiter === '') return n === 1 ? text : ''
  let from = 0
  for (let i = 1; i < n; i++) {
    const at = text.indexOf(delimiter, from)
    if (at < 0) return ''
    from = at + 1
  }
  const end = text.indexOf(delimiter, from)
  return end < 0 ? text.slice(from) : text.slice(from, end)
}

// SIU and its kin (SRM, SRR, SQR); a segment SCH in other messages names no appointment of theirs.
const isScheduling = (type: string): boolean => type.startsWith('S')

const BLANKS_AROUND = /^ +| +$/g

// Longer ones are not identifiers but a fault of the sender.
const LEAF_LIMIT = 4096
const REPETITION_LIMIT = 1000

function leaf(raw: string, d: Delimiters): string {
  const whole = part(part(raw, d.component, 1), d.subcomponent, 1)
  if (whole.length > LEAF_LIMIT) return ''
  const first = whole.replace(BLANKS_AROUND, '')
  return first === '""' ? '' : unescape(first, d, 'ASCII')
}

/** The patient key in PID-3, else PID-2; both raw. */
export function patientKey(pid3: string, pid2: string, d: Delimiters): PatientKey | null {
  const repetitions = d.repetition === '' ? [pid3] : pid3.split(d.repetition, REPETITION_LIMIT)
  for (const raw of [...repetitions, part(pid2, d.repetition, 1)]) {
    const id = leaf(raw, d)
    if (id !== '')
      return { id, authority: part(raw, d.component, 4), type: leaf(part(raw, d.component, 5), d) }
  }
  return null
}

function appointmentKey(sch2: string, sch1: string, d: Delimiters): Envelope['appointment'] {
  for (const raw of [sch2, sch1]) {
    const first = part(raw, d.repetition, 1)
    const id = leaf(first, d)
    if (id === '') continue
    const authority = [2, 3, 4].map((n) => part(first, d.component, n)).join(d.subcomponent || '&')
    return { id, authority: authority.replace(/[^\w]+$/, '') }
  }
  return null
}

/** Envelope of a message that is already decoded. */
export function envelopeOf(message: Hl7Message): Envelope {
  const { header, delimiters } = message
  const pid = message.segment('PID')
  const sch = message.segment('SCH')
  const kind = kindOf(header.type, header.event)
  return {
    readable: true,
    batch: false,
    kind,
    version: header.version,
    controlId: header.controlId,
    processingId: header.processingId,
    sendingApplication: header.sendingApplication,
    sendingFacility: header.sendingFacility,
    acceptAck: header.acceptAck,
    applicationAck: header.applicationAck,
    timestamp: header.timestamp,
    patient: pid ? patientKey(pid.field(3), pid.field(2), delimiters) : null,
    appointment:
      sch && isScheduling(header.type) ? appointmentKey(sch.field(2), sch.field(1), delimiters) : null,
    problem: problemOf(kind, header.controlId, header.version),
  }
}

function envelopeOfBatch(batch: Hl7Batch): Envelope {
  const header = batch.groups.find((group) => group.header)?.header ?? batch.fileHeader
  const first = batch.messages[0]?.header
  return {
    ...EMPTY,
    readable: true,
    batch: true,
    kind: 'BATCH',
    version: first?.version ?? '',
    controlId: batch.controlId,
    processingId: first?.processingId ?? '',
    sendingApplication: header?.field(3) ?? first?.sendingApplication ?? '',
    sendingFacility: header?.field(4) ?? first?.sendingFacility ?? '',
    timestamp: header?.get(7) ?? first?.timestamp ?? '',
  }
}

function readSlowly(bytes: Uint8Array, options: DecodeOptions): Envelope {
  const decoded = decode(bytes, options)
  switch (decoded.kind) {
    case 'message':
      return envelopeOf(decoded.message)
    case 'batch':
      return envelopeOfBatch(decoded.batch)
    case 'unreadable':
      return refused(bytes, decoded.problem)
    default:
      return decoded satisfies never
  }
}

// With a usable MSH-1 the control id can be read although nothing else can, so that the refusal finds its sender.
function refused(bytes: Uint8Array, found: Problem): Envelope {
  const peek = peekMsh(bytes)
  if (peek === null) return { ...EMPTY, problem: found }
  const plain = (n: number): string => (peek.fields[n - 1] ?? '').trim()
  return {
    ...EMPTY,
    readable: found.condition !== 100,
    kind: plain(9),
    version: plain(12),
    controlId: plain(10),
    sendingApplication: plain(3),
    sendingFacility: plain(4),
    problem: found,
  }
}

const CR = 0x0d
const LF = 0x0a

// The frame is a batch without headers, or might be: another line begins with MSH.
function mayHoldSeveral(buffer: Buffer, from: number): boolean {
  for (
    let at = buffer.indexOf('MSH', from + 3, 'latin1');
    at >= 0;
    at = buffer.indexOf('MSH', at + 3, 'latin1')
  ) {
    const before = buffer[at - 1]
    if (before === CR || before === LF) return true
  }
  return false
}

function readQuickly(bytes: Uint8Array, peek: Peek, options: DecodeOptions): Envelope | null {
  const { fields, delimiters: d } = peek
  if (d === null) return null
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer[peek.end] !== CR || mayHoldSeveral(buffer, peek.from)) return null
  const declared =
    charsetNamed(part(fields[17] ?? '', d.repetition, 1) || (options.charset ?? 'auto')) ?? 'UTF-8'
  if (!isByteSafe(declared)) return null
  const msh9 = part(fields[8] ?? '', d.repetition, 1)
  const type = leaf(msh9, d).toUpperCase()
  const event = leaf(part(msh9, d.component, 2), d).toUpperCase()
  if (event === '' && type !== 'ACK') return null
  const lines = findLines(buffer, peek, isScheduling(type))
  if (lines === null) return null
  const value = (n: number): string => {
    const raw = fields[n - 1] ?? ''
    return raw === '' ? '' : leaf(part(raw, d.repetition, 1), d)
  }
  const kind = kindOf(type, event)
  const controlId = value(10)
  const version = value(12) || (options.version ?? '')
  const pid = lines.pid === null ? null : lines.pid.split(d.field, 4)
  const sch = lines.sch === null ? null : lines.sch.split(d.field, 3)
  const envelope: Envelope = {
    readable: true,
    batch: false,
    kind,
    version,
    controlId,
    processingId: value(11).toUpperCase(),
    sendingApplication: fields[2] ?? '',
    sendingFacility: fields[3] ?? '',
    acceptAck: value(15).toUpperCase(),
    applicationAck: value(16).toUpperCase(),
    timestamp: value(7),
    patient: pid ? patientKey(pid[3] ?? '', pid[2] ?? '', d) : null,
    appointment: sch && isScheduling(type) ? appointmentKey(sch[2] ?? '', sch[1] ?? '', d) : null,
    problem: problemOf(kind, controlId, version),
  }
  return isPlain([...fields.slice(2, 17), ...(pid?.slice(2) ?? []), ...(sch?.slice(1) ?? [])], d)
    ? envelope
    : null
}

// Anything beyond ASCII, and an escape sequence, needs the character set, which may take the whole message to guess.
const isPlain = (fields: readonly string[], { escape }: Delimiters): boolean =>
  fields.every((field) => asciiOnly(field) && (escape === '' || !field.includes(escape)))

// How much of a PID or SCH line is looked at: its identifiers stand in front.
const LINE_LIMIT = 16_384

interface Lines {
  readonly pid: string | null
  readonly sch: string | null
}

const isUpperOrDigit = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39)

// `^[A-Z][A-Z0-9]{2}(separator|end)`; anything else is left to the slow reader, which joins or lowers it.
function isNamed(buffer: Buffer, start: number, end: number, separator: number | undefined): boolean {
  const [a = 0, b = 0, c = 0] = [buffer[start], buffer[start + 1], buffer[start + 2]]
  if (end - start < 3 || a < 0x41 || a > 0x5a || !isUpperOrDigit(b) || !isUpperOrDigit(c)) return false
  return end === start + 3 || buffer[start + 3] === separator
}

/** First PID and SCH line; null when a line is not plainly a segment. SCH stands before PID. */
function findLines(buffer: Buffer, peek: Peek, wantsSch: boolean): Lines | null {
  const separator = buffer[peek.from + 3]
  let pid: string | null = null
  let sch: string | null = null
  let done = false
  for (let at = peek.end; at >= 0 && at + 1 < buffer.length;) {
    const start = buffer[at + 1] === LF ? at + 2 : at + 1
    const next = buffer.indexOf(CR, start)
    const end = next < 0 ? buffer.length : next
    if (end === start) {
      at = next
      continue
    }
    if (!isNamed(buffer, start, end, separator)) return null
    // One line further than the last one wanted, since it might have to be joined to it.
    if (done) break
    const isPid = buffer[start] === 0x50 && buffer[start + 1] === 0x49 && buffer[start + 2] === 0x44
    const isSch = buffer[start] === 0x53 && buffer[start + 1] === 0x43 && buffer[start + 2] === 0x48
    if (isPid || isSch) {
      if (end - start > LINE_LIMIT) return null
      if (isPid) pid ??= latin(buffer, start, end)
      else sch ??= latin(buffer, start, end)
    }
    done = pid !== null && (sch !== null || !wantsSch)
    at = next
  }
  return { pid, sch }
}
