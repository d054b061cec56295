import { codeSet } from '../code-set.ts'

/** Use of an address (XAD-7, table 0190). `BA` is an address known to be wrong (hl7-v2.md §4). */
// prettier-ignore
export const addressUse = codeSet('address-use', { v2: 'HL70190', fhir: 'address-use', millennium: 212 }, [
// studio     HL7 v2              FHIR       says
  ['home',    ['H', 'P'],        'home',    'Home'],
  ['work',    ['B', 'O'],        'work',    'Work'],
  ['temp',    ['C', 'V'],        'temp',    'Temporary'],
  ['old',     ['BA'],            'old',     'Bad address'],
  ['billing', ['BI'],            'billing', 'Billing'],
  ['mailing', ['M', 'SH'],       null,      'Mailing'],
  ['birth',   ['N', 'BDL', 'F'], null,      'Birth or country of origin'],
  ['legal',   ['L', 'BR', 'RH'], null,      'Legal or registry'],
])
