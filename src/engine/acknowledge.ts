import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import { EVENTS } from '../mapping/events.ts'
import { isAcknowledgement } from '../standards/hl7v2/envelope.ts'
import type { Envelope } from '../standards/hl7v2/envelope.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'
import { problem } from '../standards/hl7v2/problem.ts'
import type { Problem } from '../standards/hl7v2/problem.ts'
import { check } from '../standards/hl7v2/structures.ts'

/** MSA-1, table 0008. */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR'

/** What the door decides from the envelope alone, before anything is decoded (hl7-v2.md §7.1). */
export interface Verdict {
  state: 'received' | 'parked' | 'ignored'
  /** The application code; the commit code follows from it. */
  code: 'AA' | 'AE' | 'AR'
  problem: Problem | null
}

const RECEIVED: Verdict = { state: 'received', code: 'AA', problem: null }

const VERSION = /^2\.[1-8](\.\d+)?$/

export function judge(envelope: Envelope, settings: Hl7v2Settings): Verdict {
  if (!envelope.readable) {
    const unreadable = envelope.problem ?? problem('HL7_UNREADABLE', { segment: 'MSH' }, 100, 'E')
    return parked('AR', unreadable)
  }
  // Table 0357: from 200 on the message is refused, below it is in error.
  if (envelope.problem) return parked(envelope.problem.condition >= 200 ? 'AR' : 'AE', envelope.problem)
  if (envelope.controlId === '') return parked('AE', required('MSH', 10))
  if (envelope.kind === '') return parked('AE', required('MSH', 9))
  if (!VERSION.test(envelope.version || settings.defaultVersion)) {
    return parked('AR', problem('HL7_VERSION_UNSUPPORTED', { segment: 'MSH', field: 12 }, 203, 'E'))
  }
  if (settings.processingId !== 'any' && envelope.processingId !== settings.processingId) {
    return parked('AR', problem('HL7_PROCESSING_ID_REFUSED', { segment: 'MSH', field: 11 }, 202, 'E'))
  }
  if (!isWanted(envelope.kind, settings)) return unwanted(envelope.kind, settings)
  return RECEIVED
}

/** Structure and required fields, looked at before acknowledging where the connection is strict (hl7-v2.md §7.1). */
export function judgeStrictly(message: Hl7Message): Verdict {
  const [first] = check(message, 'strict').filter((one) => one.severity === 'E' || one.severity === 'F')
  return first ? parked('AE', first) : RECEIVED
}

function isWanted(kind: string, { filter, strictTypes }: Hl7v2Settings): boolean {
  const [type = ''] = kind.split('^')
  const events = filter.events
  if (events.length > 0 && !events.includes(kind) && !events.includes(`${type}^*`)) return false
  // Events that no table knows are taken, acknowledged and set aside while applying, unless the connection refuses them.
  return !strictTypes || EVENTS[kind] !== undefined
}

function unwanted(kind: string, { strictTypes }: Hl7v2Settings): Verdict {
  const [type = ''] = kind.split('^')
  const isKnownType = Object.keys(EVENTS).some((known) => known.startsWith(`${type}^`))
  const found = problem('HL7_EVENT_NOT_SUPPORTED', { segment: 'MSH', field: 9 }, isKnownType ? 201 : 200, 'E')
  return { state: 'ignored', code: strictTypes ? 'AR' : 'AA', problem: found }
}

const parked = (code: 'AE' | 'AR', found: Problem): Verdict => ({ state: 'parked', code, problem: found })

const required = (segment: string, field: number): Problem =>
  problem('HL7_REQUIRED_FIELD_EMPTY', { segment, field }, 101, 'E')

/** Which replies a message asks for (hl7-v2.md §7.3, table 0155). */
export interface ReplyPlan {
  /** Given at commit: a commit code in enhanced mode, the only reply in original mode with `on_commit`. */
  atCommit: boolean
  /** Given after the change is applied. */
  afterApply: boolean
  enhanced: boolean
}

export const NO_REPLIES: ReplyPlan = { enhanced: false, atCommit: false, afterApply: false }

export function planReplies(envelope: Envelope, settings: Hl7v2Settings, positive: boolean): ReplyPlan {
  // Two peers that acknowledge each other's acknowledgements never stop (hl7-v2.md §7.2).
  if (isAcknowledgement(envelope)) return NO_REPLIES
  const { acceptAck, applicationAck } = envelope
  const asked = acceptAck !== '' || applicationAck !== ''
  const enhanced = settings.ackCodes === 'commit' || (settings.ackCodes === 'auto' && asked)
  if (!enhanced) {
    const atCommit = settings.ackMode === 'on_commit' || !positive
    return { enhanced, atCommit, afterApply: !atCommit }
  }
  if (!asked) return { enhanced, atCommit: true, afterApply: false }
  // A message turned away at the door is never applied, so a sender that asked for the application reply alone hears
  // it now, or it would wait for ever.
  if (!positive && !wanted(acceptAck, false) && wanted(applicationAck, false)) {
    return { enhanced: false, atCommit: true, afterApply: false }
  }
  return {
    enhanced,
    atCommit: wanted(acceptAck, positive),
    // Whether it will be positive is known only then; NE alone rules it out now.
    afterApply: positive && applicationAck !== '' && applicationAck !== 'NE',
  }
}

/** Table 0155: AL always, NE or empty never, ER only on error or reject, SU only on success. */
export function wanted(condition: string, positive: boolean): boolean {
  if (condition === 'AL') return true
  if (condition === 'ER') return !positive
  if (condition === 'SU') return positive
  return false
}

/** The code in the mode that was asked for: AA is CA at commit in enhanced mode. */
export const codeIn = (code: 'AA' | 'AE' | 'AR', commit: boolean): AckCode =>
  commit ? (`C${code[1] ?? 'A'}` as AckCode) : code
