import { codeSet } from '../code-set.ts'

/** Ethnic group (hl7-v2.md §8.1, PID-22). */
// prettier-ignore
export const ethnicity = codeSet('ethnicity', { v2: 'HL70189', fhir: 'urn:oid:2.16.840.1.113883.6.238', millennium: 27 }, [
// studio     HL7 v2               FHIR      says                     also
  ['2135-2', ['H', '2135-2'],     '2135-2', 'Hispanic or Latino',     ['Hispanic', 'Latino', 'Hispanic/Latino', 'Latina', 'Latinx']],
  ['2186-5', ['N', '2186-5'],     '2186-5', 'Not Hispanic or Latino', ['Not Hispanic', 'Non-Hispanic', 'Non Hispanic', 'Not Hispanic/Latino', 'Non-Hispanic or Latino', 'NH']],
  ['ASKU',   ['ASKU', 'PHC1175'], 'ASKU',   'Asked but no answer',    ['Declined', 'Refused', 'Patient Declined', 'Decline to Answer']],
  ['UNK',    ['U', 'UNK'],        'UNK',    'Unknown',                ['Unavailable']],
])
