import { codeSet } from '../code-set.ts'

/** Status of one result (OBX-11, table 0085), as hl7-v2.md §9.1 brings it together with FHIR. */
// prettier-ignore
export const observationStatus = codeSet('observation-status', { v2: 'HL70085', fhir: 'observation-status' }, [
// studio              HL7 v2            FHIR                says
  ['registered',       ['I'],           'registered',       'Registered'],
  ['preliminary',      ['P', 'R', 'S'], 'preliminary',      'Preliminary'],
  ['final',            ['F', 'V', 'U'], 'final',            'Final'],
  ['amended',          ['A', 'B'],      'amended',          'Amended'],
  ['corrected',        ['C'],           'corrected',        'Corrected'],
  ['cancelled',        ['X', 'N'],      'cancelled',        'Cancelled'],
  ['entered-in-error', ['D', 'W'],      'entered-in-error', 'Entered in error'],
])
