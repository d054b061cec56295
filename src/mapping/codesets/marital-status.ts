import { codeSet } from '../code-set.ts'

/** Marital status; the studio code is the one of v3 MaritalStatus (hl7-v2.md §8.1, PID-16). */
// prettier-ignore
export const maritalStatus = codeSet('marital-status', { v2: 'HL70002', fhir: 'v3-MaritalStatus', millennium: 38 }, [
// studio  HL7 v2                FHIR   says                 also
  ['S',   ['S'],                'S',   'Never married',     ['Single', 'Never Married']],
  ['M',   ['M', 'C'],           'M',   'Married',           ['Common law']],
  ['D',   ['D'],                'D',   'Divorced',          []],
  ['W',   ['W'],                'W',   'Widowed',           ['Widow', 'Widower']],
  ['L',   ['A', 'E'],           'L',   'Legally separated', ['Separated']],
  ['T',   ['P', 'G', 'R', 'T'], 'T',   'Domestic partner',  ['Life partner', 'Living together', 'Registered domestic partner', 'Significant other']],
  ['I',   ['I'],                'I',   'Interlocutory',     []],
  ['A',   ['N'],                'A',   'Annulled',          []],
  ['U',   ['B'],                'U',   'Unmarried',         []],
  ['UNK', ['U', 'O'],           'UNK', 'Unknown',           ['Other', 'Unreported']],
])
