import { codeSet } from '../code-set.ts'

/**
 * Identifier types (table 0203) and the Cerner alias names that stand in CX-5 on real feeds (hl7-v2.md §8.3).
 * `FIN NBR` means a visit in PV1-19 and an account in PID-18; the field decides (codecs/identifier.ts).
 */
// prettier-ignore
export const identifierType = codeSet('identifier-type', { v2: 'HL70203', fhir: 'v2-0203', millennium: 4 }, [
// studio    HL7 v2     FHIR    says                           also
  ['MR',    ['MR'],    'MR',   'Medical record number',       ['MRN', 'CMRN', 'EMRN', 'Community Medical Record Number']],
  ['PI',    ['PI'],    'PI',   'Patient internal identifier', ['PERSON ID', 'PERSON_ID']],
  ['PT',    ['PT'],    'PT',   'Patient external identifier', []],
  ['AN',    ['AN'],    'AN',   'Account number',              ['ACCOUNT NBR', 'ACCT']],
  ['VN',    ['VN'],    'VN',   'Visit number',                ['FIN NBR', 'FIN', 'FINNBR', 'VISITID', 'ENCNTR']],
  ['SS',    ['SS'],    'SS',   'Social security number',      ['SSN']],
  ['DL',    ['DL'],    'DL',   "Driver's licence number",     ['DRLIC', "Driver's license"]],
  ['PPN',   ['PPN'],   'PPN',  'Passport number',             ['PASSPORT']],
  ['NPI',   ['NPI'],   'NPI',  'National provider identifier',[]],
  ['EI',    ['EI'],    'EI',   'Employee number',             []],
  ['EN',    ['EN'],    'EN',   'Employer number',             []],
  ['PRN',   ['PRN'],   'PRN',  'Provider number',             ['PRSNL ID', 'PRSNLID', 'PROVID', 'PROVIDER ID', 'Personnel Primary Identifier']],
  ['DN',    ['DN'],    'DN',   'Doctor number',               ['DOCDEA', 'EXTID', 'ORGDR']],
  ['DEA',   ['DEA'],   'DEA',  'Drug enforcement number',     []],
  ['MD',    ['MD'],    'MD',   'Medical licence number',      []],
  ['UPIN',  ['UPIN'],  'UPIN', 'Unique physician number',     []],
  ['MA',    ['MA'],    'MA',   'Patient Medicaid number',     []],
  ['MC',    ['MC'],    'MC',   'Patient Medicare number',     ['MCR']],
  ['MB',    ['MB'],    'MB',   'Member number',               []],
  ['SN',    ['SN'],    'SN',   'Subscriber number',           []],
  ['NI',    ['NI'],    'NI',   'National unique individual identifier', []],
  ['BR',    ['BR'],    'BR',   'Birth registry number',       []],
  ['WC',    ['WC'],    'WC',   "Workers' compensation number",[]],
  ['LR',    ['LR'],    'LR',   'Local registry identifier',   []],
  ['RI',    ['RI'],    'RI',   'Resource identifier',         []],
  ['U',     ['U'],     'U',    'Unspecified identifier',      []],
  ['ANON',  ['ANON'],  'ANON', 'Anonymous identifier',        []],
  ['TAX',   ['TAX'],   'TAX',  'Tax identifier',              []],
  ['FILL',  ['FILL'],  'FILL', 'Filler identifier',           []],
  ['PLAC',  ['PLAC'],  'PLAC', 'Placer identifier',           []],
])
