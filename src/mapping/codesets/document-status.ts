import { codeSet } from '../code-set.ts'

/** Status of a document reference; the HL7 codes are those of table 0273, availability (TXA-19). */
// prettier-ignore
export const documentStatus = codeSet('document-status', { v2: 'HL70273', fhir: 'document-reference-status' }, [
// studio              HL7 v2        FHIR                says
  ['current',          ['AV', 'UN'],'current',          'Current'],
  ['superseded',       ['OB'],      'superseded',       'Superseded'],
  ['entered-in-error', ['CA'],      'entered-in-error', 'Entered in error'],
])
