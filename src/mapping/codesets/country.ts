import { codeSet } from '../code-set.ts'

/** Countries of addresses: HL7 table 0399 has three letters, FHIR addresses mostly two (ISO 3166). */
// prettier-ignore
export const country = codeSet('country', { v2: 'HL70399', fhir: 'urn:iso:std:iso:3166' }, [
// studio  HL7 v2           FHIR  says
  ['USA', ['USA', 'US'],    'US', 'United States of America', ['United States', 'U.S.A.']],
  ['CAN', ['CAN', 'CA'],    'CA', 'Canada',                   []],
  ['MEX', ['MEX', 'MX'],    'MX', 'Mexico',                   []],
  ['PRI', ['PRI', 'PR'],    'PR', 'Puerto Rico',              []],
  ['GBR', ['GBR', 'GB'],    'GB', 'United Kingdom',           []],
  ['DEU', ['DEU', 'DE'],    'DE', 'Germany',                  []],
])
