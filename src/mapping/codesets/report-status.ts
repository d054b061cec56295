import { codeSet } from '../code-set.ts'

/** Status of a report (OBR-25, table 0123). `Y` and `Z` are not a status of one report and park (hl7-v2.md §9). */
// prettier-ignore
export const reportStatus = codeSet('report-status', { v2: 'HL70123', fhir: 'diagnostic-report-status' }, [
// studio              HL7 v2                 FHIR                says
  ['registered',       ['O', 'I', 'S', 'N'], 'registered',       'Registered'],
  ['partial',          ['A', 'R'],           'partial',          'Partial'],
  ['preliminary',      ['P', 'M'],           'preliminary',      'Preliminary'],
  ['final',            ['F'],                'final',            'Final'],
  ['amended',          [],                   'amended',          'Amended'],
  ['corrected',        ['C'],                'corrected',        'Corrected'],
  ['cancelled',        ['X'],                'cancelled',        'Cancelled'],
  ['entered-in-error', [],                   'entered-in-error', 'Entered in error'],
])
