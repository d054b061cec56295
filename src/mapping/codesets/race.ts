import { codeSet } from '../code-set.ts'

/** Race by the OMB categories of CDCREC; HL7 2.3 feeds send the plain word (hl7-v2.md §8.1, PID-10). */
// prettier-ignore
export const race = codeSet('race', { v2: 'HL70005', fhir: 'urn:oid:2.16.840.1.113883.6.238', millennium: 282 }, [
// studio     HL7 v2               FHIR      says                                         also
  ['1002-5', ['1002-5', 'I'],     '1002-5', 'American Indian or Alaska Native',          ['American Indian', 'Alaska Native', 'Native American', 'American Indian/Alaska Native']],
  ['2028-9', ['2028-9', 'A'],     '2028-9', 'Asian',                                     []],
  ['2054-5', ['2054-5', 'B'],     '2054-5', 'Black or African American',                 ['Black', 'African American', 'Black/African American']],
  ['2076-8', ['2076-8', 'P'],     '2076-8', 'Native Hawaiian or Other Pacific Islander', ['Native Hawaiian', 'Pacific Islander', 'Hawaiian', 'Other Pacific Islander']],
  ['2106-3', ['2106-3', 'W'],     '2106-3', 'White',                                     ['Caucasian', 'White or Caucasian']],
  ['2131-1', ['2131-1', 'O'],     '2131-1', 'Other Race',                                ['Other', 'Some Other Race']],
  ['ASKU',   ['ASKU', 'PHC1175'], 'ASKU',   'Asked but no answer',                       ['Declined', 'Refused', 'Patient Declined', 'Decline to Answer']],
  ['UNK',    ['UNK', 'U'],        'UNK',    'Unknown',                                   ['Unavailable', 'Unknown Race']],
])
