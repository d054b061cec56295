import { codeSet } from '../code-set.ts'

/**
 * Relation of the patient to the insured. HL7 table 0063, the words feeds send, and the X12 individual relationship
 * codes (18 self, 01 spouse, 19 child) all occur in IN1-17 (hl7-v2.md §8.1).
 */
// prettier-ignore
export const subscriberRelationship = codeSet('subscriber-relationship', { v2: 'HL70063', fhir: 'subscriber-relationship', millennium: 40 }, [
// studio     HL7 v2                                     FHIR      says                also
  ['self',   ['SEL', 'SELF', '18'],                     'self',   'Self',             ['S', 'Patient', 'Insured', 'Subscriber']],
  ['spouse', ['SPO', 'SPS', '01', 'HUS', 'WIFE'],       'spouse', 'Spouse',           ['Husband', 'Wife']],
  ['child',  ['CHD', '19', 'SON', 'DAU', 'NCHD', 'SCH', 'FCH'], 'child', 'Child',     ['Son', 'Daughter', 'Dependent', 'Stepchild']],
  ['parent', ['PAR', 'MTH', 'FTH', '32', '33'],         'parent', 'Parent',           ['Mother', 'Father']],
  ['common', ['DOM', '53'],                             'common', 'Domestic partner', ['Life partner', 'Partner', 'Common law']],
  ['other',  ['OTH', 'G8', 'GRD', 'EXF', 'GCH', 'GRP', 'WRD', 'HDP', 'UNK'], 'other', 'Other', []],
])
