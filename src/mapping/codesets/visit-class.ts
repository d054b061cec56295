import { codeSet } from '../code-set.ts'

/** Patient class of a visit; codes without a v3 ActCode stay those of table 0004 (hl7-v2.md §8.1, PV1-2). */
// prettier-ignore
export const visitClass = codeSet('visit-class', { v2: 'HL70004', fhir: 'v3-ActCode', millennium: 69 }, [
// studio    HL7 v2         FHIR     says                    also
  ['EMER',  ['E'],         'EMER',  'Emergency',            []],
  ['IMP',   ['I'],         'IMP',   'Inpatient',            ['IP', 'ACUTE', 'NONACUTE']],
  ['AMB',   ['O'],         'AMB',   'Outpatient',           ['Ambulatory', 'OP', 'Clinic']],
  ['PRENC', ['P'],         'PRENC', 'Pre-admit',            ['Preadmit', 'Preadmission']],
  ['OBSENC',['OBS', 'V'],  'OBSENC','Observation',          []],
  ['R',     ['R'],         'R',     'Recurring patient',    ['Recurring', 'Series']],
  ['B',     ['B'],         'B',     'Obstetrics',           []],
  ['C',     ['C'],         'C',     'Commercial account',   []],
  ['N',     ['N'],         'N',     'Not applicable',       []],
  ['U',     ['U'],         'U',     'Unknown',              []],
])
