import { codeSet } from '../code-set.ts'

/** Relation of a contact to the patient; the studio code is the one of v3 RoleCode (hl7-v2.md §8.1, NK1-3). */
// prettier-ignore
export const relationship = codeSet('relationship', { v2: 'HL70063', fhir: 'v3-RoleCode', millennium: 40 }, [
// studio        HL7 v2                FHIR        says                  also
  ['SPS',       ['SPO', 'SPS'],       'SPS',      'Spouse',             ['Husband', 'Wife', 'HUSB', 'WIFE']],
  ['DOMPART',   ['DOM'],              'DOMPART',  'Life partner',       ['Partner', 'Domestic partner', 'Significant other']],
  ['CHILD',     ['CHD', 'CHILD'],     'CHILD',    'Child',              ['NCHILD']],
  ['SON',       ['SON'],              'SONC',     'Son',                ['SONC']],
  ['DAU',       ['DAU'],              'DAUC',     'Daughter',           ['DAUC']],
  ['STPCHLD',   ['SCH'],              'STPCHLD',  'Stepchild',          []],
  ['CHLDFOST',  ['FCH'],              'CHLDFOST', 'Foster child',       []],
  ['GRNDCHILD', ['GCH'],              'GRNDCHILD','Grandchild',         []],
  ['MTH',       ['MTH', 'MOTH'],      'MTH',      'Mother',             ['Mom']],
  ['FTH',       ['FTH', 'FATH'],      'FTH',      'Father',             ['Dad']],
  ['PRN',       ['PAR'],              'PRN',      'Parent',             []],
  ['GRPRN',     ['GRP'],              'GRPRN',    'Grandparent',        ['Grandmother', 'Grandfather']],
  ['SIB',       ['SIB'],              'SIB',      'Sibling',            []],
  ['BRO',       ['BRO'],              'BRO',      'Brother',            []],
  ['SIS',       ['SIS'],              'SIS',      'Sister',             []],
  ['GUARD',     ['GRD'],              'GUARD',    'Guardian',           ['Legal guardian']],
  ['EXT',       ['EXF'],              'EXT',      'Extended family',    ['Relative', 'Aunt', 'Uncle', 'Cousin']],
  ['FRND',      ['FND'],              'FRND',     'Friend',             []],
  ['NBOR',      ['NBR', 'NEI'],       'NBOR',     'Neighbour',          ['Neighbor']],
  ['WARD',      ['WRD'],              'WARD',     'Ward of court',      []],
  ['CGV',       ['CGV'],              'CGV',      'Care giver',         ['Caregiver']],
  ['C',         ['EMC'],              'C',        'Emergency contact',  []],
  ['E',         ['EMR', 'EME'],       'E',        'Employer',           ['Employee']],
  ['ONESELF',   ['SEL'],              'ONESELF',  'Self',               []],
  ['O',         ['OTH', 'OAD', 'ASC'],'O',        'Other',              []],
  ['U',         ['UNK', 'NON'],       'U',        'Unknown',            []],
])
