import type { PartsCodec } from '../codec.ts'
import { codesSaid } from '../fhir/coding.ts'
import { conceptCode } from './concept.ts'

// Table 0131: employer, emergency contact, federal agency, insurance, next of kin, state agency, unknown.
const ROLES = new Set(['E', 'C', 'F', 'I', 'N', 'S', 'U'])

/**
 * Role of a contact (NK1-7, table 0131). FHIR lists roles and family relations in one place, so the codes of table 0131
 * are picked out of it; its `C` is the `EC` that feeds send.
 */
export const contactRole: PartsCodec<string> = {
  ...conceptCode,
  name: 'contactRole',
  fhir: {
    read(value) {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value]
      const role = list.flatMap((one) => codesSaid(one).codes).find((code) => ROLES.has(code))
      return role === 'C' ? 'EC' : role
    },
  },
}
