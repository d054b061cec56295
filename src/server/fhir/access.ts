import type { FastifyRequest } from 'fastify'
import { IntegrationError } from '../../kernel/errors.ts'
import { callerOf } from '../authentication.ts'
import { permissionsOf } from '../permissions.ts'
import { opens } from './token-scopes.ts'
import { facadeType } from './types.ts'
import type { FacadeTypeName } from './types.ts'

/** What a caller may see of a type: everybody's, or of one patient alone. */
export interface Access {
  /** Set for a session that was opened from a chart; an empty text is nobody. */
  onlyPatient: string | null
}

/**
 * Checks that the caller may read or search a type: by the role, and by the scopes of the token.
 *
 * @throws FORBIDDEN, SCOPE_MISSING
 */
export function accessOf(request: FastifyRequest, type: FacadeTypeName, right: 'r' | 's'): Access {
  const caller = callerOf(request)
  const { permission } = facadeType(type)
  if (!permissionsOf(caller).includes(permission)) throw new IntegrationError('FORBIDDEN', { permission })
  if (!opens(caller.scopes, type, right))
    throw new IntegrationError('SCOPE_MISSING', { scope: `system/${type}.${right}` })
  return { onlyPatient: caller.launch === null ? null : (caller.launch.patientId ?? '') }
}

/** @throws LAUNCH_OTHER_PATIENT */
export function checkPatient({ onlyPatient }: Access, patientId: string | null): void {
  if (onlyPatient !== null && patientId !== onlyPatient)
    throw new IntegrationError('LAUNCH_OTHER_PATIENT', {})
}
