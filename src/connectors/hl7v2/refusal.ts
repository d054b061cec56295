import type { Clock } from '../../kernel/clock.ts'
import type { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { buildAck } from '../../standards/hl7v2/ack.ts'
import { readEnvelope } from '../../standards/hl7v2/envelope.ts'

const APPLICATION_INTERNAL_ERROR = 207

/** True when there is an MSH segment to answer to. */
export const isAnswerable = (head: Uint8Array): boolean => readEnvelope(head).readable

/**
 * The negative reply (AR, or CR in enhanced mode; code 207) to a message that was not stored.
 *
 * @param head the message, or enough of its front to hold the MSH segment
 * @see docs/reference/hl7-v2.md §7.1, row "our fault"
 */
export function refusal(head: Uint8Array, error: IntegrationError, clock: Clock): Uint8Array {
  const { acceptAck, applicationAck } = readEnvelope(head)
  const problem = {
    code: error.code,
    place: { segment: 'MSH', occurrence: 1 },
    condition: APPLICATION_INTERNAL_ERROR,
    severity: 'E',
    says: error.message,
    todo: error.todo,
  } as const
  return buildAck(head, {
    code: acceptAck !== '' || applicationAck !== '' ? 'CR' : 'AR',
    controlId: newId(),
    at: clock.now(),
    text: error.message,
    problems: [problem],
  })
}
