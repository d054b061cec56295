import type { IntegrationError } from '../../kernel/errors.ts'
import type { MwsAnswer, MwsRequest, Operation } from '../../standards/mws/operations.ts'

/** How a call gets to the services: over REST or over SOAP. */
export interface Transport extends AsyncDisposable {
  /**
   * Makes a call.
   *
   * @returns an answer that says yes
   * @throws the errors of "FHIR and web services"
   */
  send(request: MwsRequest, signal?: AbortSignal): Promise<MwsAnswer>
}

/** Reads may be sent as often as one likes. */
export const isRead = ({ verb }: Pick<Operation, 'verb'>): boolean => verb === 'read' || verb === 'search'

// Kept beside the error: the table of errors has no place for it.
const ASKED = new WeakMap<IntegrationError, number>()

/** Notes how long the far side asked to wait. @param ms null when it did not say */
export function withAskedWait(error: IntegrationError, ms: number | null): IntegrationError {
  if (ms !== null) ASKED.set(error, ms)
  return error
}

/** Milliseconds that the far side asked to wait, or null. */
export const askedWaitOf = (error: IntegrationError): number | null => ASKED.get(error) ?? null
