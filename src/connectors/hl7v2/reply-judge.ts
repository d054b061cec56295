import { readEnvelope } from '../../standards/hl7v2/envelope.ts'
import { readAcks } from '../../standards/hl7v2/read-ack.ts'

/** What a frame from the receiver means for the message in flight. */
export type Judgement =
  | { kind: 'accepted' | 'rejected' | 'refused'; code: string }
  /** Not readable as an acknowledgement. */
  | { kind: 'unreadable' }
  /** An acknowledgement of another message: one of enhanced mode that came late, or one of an earlier connection. */
  | { kind: 'stray'; code: string; controlId: string }

/** What is known of a message that is sent: which answer is its own, and which answers it asked for. */
export interface Expectation {
  controlId: string
  batch: boolean
  /** False for MSH-15 and MSH-16 both `NE`: the receiver says nothing at all. */
  answered: boolean
  /** MSH-16 asks for an application acknowledgement, which follows an accept acknowledgement at any later time. */
  appliedLater: boolean
}

const KINDS: Record<string, 'accepted' | 'rejected' | 'refused'> = {
  AA: 'accepted',
  CA: 'accepted',
  AE: 'rejected',
  CE: 'rejected',
  AR: 'refused',
  CR: 'refused',
}
const WORSE = ['accepted', 'rejected', 'refused']

/** Reads from the message itself what its answer has to look like. */
export function expectationOf(message: Uint8Array): Expectation {
  const { controlId, batch, acceptAck, applicationAck } = readEnvelope(message)
  const enhanced = acceptAck !== '' || applicationAck !== ''
  const wanted = (field: string): boolean => field !== '' && field !== 'NE'
  return {
    controlId: controlId.trim(),
    batch,
    answered: !enhanced || wanted(acceptAck) || wanted(applicationAck),
    appliedLater: wanted(applicationAck),
  }
}

/**
 * Judges a frame that came while a message is in flight.
 *
 * @param expected null when none is in flight
 * @see docs/reference/hl7-v2.md §1.2; HL7 2.5.1 tables 0008 and 0155
 */
export function judge(frame: Uint8Array, expected: Expectation | null): Judgement {
  const acks = readAcks(frame)
  const [first] = acks
  if (!first || !acks.every(({ readable, code }) => readable && KINDS[code])) return { kind: 'unreadable' }
  if (!expected || !isOwn(first.controlId.trim(), first.code, expected)) {
    return { kind: 'stray', code: first.code, controlId: first.controlId }
  }
  // One frame answers a whole batch: what became of it is the worst that became of any of its messages.
  return acks
    .map(({ code }) => ({ kind: KINDS[code] ?? 'refused', code }))
    .reduce((worst, next) => (WORSE.indexOf(next.kind) > WORSE.indexOf(worst.kind) ? next : worst))
}

function isOwn(controlId: string, code: string, { controlId: sent, batch }: Expectation): boolean {
  if (batch || sent === '' || controlId === sent) return true
  // A receiver that could not read our MSH refuses with an empty MSA-2; nobody may accept that way.
  return controlId === '' && KINDS[code] !== 'accepted'
}
