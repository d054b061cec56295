import { decode } from '../../src/standards/hl7v2/decode.ts'
import { isAcknowledgement, readEnvelope } from '../../src/standards/hl7v2/envelope.ts'
import type { Envelope } from '../../src/standards/hl7v2/envelope.ts'
import { mutate } from '../../src/standards/hl7v2/mutate.arbitraries.ts'
import { CR, FS, LF, VT } from '../../src/standards/mllp/bytes.ts'
import { encodeFrame } from '../../src/standards/mllp/frames.ts'
import type { Random } from './random.ts'

/** A damaged message that can still travel in a frame: the two bytes that MLLP keeps for itself are taken out. */
export function damaged(fixtures: readonly Buffer[], number: number, seed: number): Uint8Array {
  const bytes = mutate(fixtures[number % fixtures.length] ?? Buffer.alloc(0), seed + number)
  return bytes.filter((byte) => byte !== VT && byte !== FS)
}

/** How many replies the protocol allows for a frame (hl7-v2.md §7.2, §7.3). */
export interface Due {
  least: number
  most: number
}

export function repliesDue(bytes: Uint8Array): Due {
  const envelope = readEnvelope(bytes)
  if (!envelope.batch) return dueFor(envelope)
  const decoded = decode(bytes)
  if (decoded.kind !== 'batch') return { least: 1, most: 1 }
  // One frame answers a batch, unless no member asks for an answer.
  const members = [...decoded.batch.messages, ...decoded.batch.unreadable].map((one) =>
    dueFor(readEnvelope(one.bytes)),
  )
  const least = members.length === 0 || members.some((one) => one.least > 0) ? 1 : 0
  return { least, most: members.reduce((sum, one) => sum + one.most, 1) }
}

function dueFor(envelope: Envelope): Due {
  if (isAcknowledgement(envelope)) return { least: 0, most: 0 }
  const { acceptAck, applicationAck } = envelope
  if (acceptAck === '' && applicationAck === '') return { least: 1, most: 1 }
  const conditions = [acceptAck, applicationAck]
  const most = conditions.filter((one) => one === 'AL' || one === 'ER' || one === 'SU').length
  return { least: acceptAck === 'AL' ? 1 : 0, most }
}

/** A stretch of a stream: frames, and what broken senders put between and into them. */
export interface Stretch {
  bytes: Uint8Array
  /** True when the decoder can only tell the end of it by silence. */
  thenPause: boolean
}

/** One whole frame with rubbish around it; the frame must be answered whatever the rubbish is. */
export function stretchOf(message: Uint8Array, random: Random): Stretch {
  const parts: Uint8Array[] = []
  for (let n = random.below(3); n > 0; n--) parts.push(rubbish(random))
  // A frame that was cut off ends where the next one begins, so nothing may come between.
  if (random.chance(0.2)) parts.push(encodeFrame(message).subarray(0, 1 + random.below(message.length)))
  const frame = encodeFrame(message)
  const ending = random.below(10)
  const end =
    [Uint8Array.of(CR), Uint8Array.of(LF), Uint8Array.of()][Math.max(0, ending - 7)] ?? Uint8Array.of(CR)
  parts.push(frame.subarray(0, -1), end)
  return { bytes: Buffer.concat(parts), thenPause: end.length === 0 }
}

function rubbish(random: Random): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return Uint8Array.from({ length: 1 + random.below(200) }, () => noiseByte(random))
    case 1:
      return Uint8Array.of(VT, FS, CR)
    case 2:
      return Buffer.from('\r\n\0\0 \x1c\r', 'latin1')
    default:
      return Uint8Array.of(CR, CR, LF)
  }
}

// A stream that begins like TLS or HTTP is closed on purpose, and VT would begin a frame.
function noiseByte(random: Random): number {
  const byte = random.below(256)
  return byte === VT || byte === 0x16 || byte === 0x47 || byte === 0x50 ? 0x2e : byte
}

/** The same bytes in slices, as a network delivers them. */
export function slices(bytes: Uint8Array, random: Random): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(random.chance(0.3) ? 8 : 2000))
    cut.push(bytes.subarray(at, end))
    at = end
  }
  return cut
}
