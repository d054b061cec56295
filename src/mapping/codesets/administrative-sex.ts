import { codeSet } from '../code-set.ts'

/** Administrative sex. Ambiguous and not applicable are kept as other (hl7-v2.md §8.1, PID-8). */
// prettier-ignore
export const administrativeSex = codeSet('administrative-sex', { v2: 'HL70001', fhir: 'administrative-gender', millennium: 57 }, [
// studio  HL7 v2           FHIR       says
  ['M',   ['M'],           'male',    'Male'],
  ['F',   ['F'],           'female',  'Female'],
  ['O',   ['O', 'A', 'N'], 'other',   'Other'],
  ['U',   ['U'],           'unknown', 'Unknown'],
])
