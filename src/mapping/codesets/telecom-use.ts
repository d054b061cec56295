import { codeSet } from '../code-set.ts'

/** Use of a telephone or net address (XTN-2, table 0201). */
// prettier-ignore
export const telecomUse = codeSet('telecom-use', { v2: 'HL70201', fhir: 'contact-point-use', millennium: 43 }, [
// studio      HL7 v2                 FHIR      says                  also
  ['home',     ['PRN', 'ORN', 'VHN'],'home',   'Home',              ['HOME']],
  ['work',     ['WPN', 'ASN'],       'work',   'Work',              ['BUS', 'BUSINESS']],
  ['mobile',   ['PRS'],              'mobile', 'Mobile',            ['CELL', 'CEL', 'MC', 'CP']],
  ['email',    ['NET'],              null,     'Email',             ['EMAIL', 'E-MAIL']],
  ['beeper',   ['BPN'],              null,     'Pager',             ['BEEPER']],
  ['emergency',['EMR'],              null,     'Emergency number',  []],
])

/** Kind of equipment (XTN-3, table 0202). */
// prettier-ignore
export const telecomEquipment = codeSet('telecom-equipment', { v2: 'HL70202', fhir: 'contact-point-system' }, [
// studio     HL7 v2                   FHIR     says           also
  ['phone',   ['PH'],                 'phone', 'Telephone',   []],
  ['mobile',  ['CP', 'SAT'],          null,    'Cellular',    ['CELL', 'CELLULAR']],
  ['email',   ['Internet', 'X.400'],  'email', 'Email',       ['NET', 'EMAIL', 'E-MAIL']],
  ['fax',     ['FX'],                 'fax',   'Fax',         []],
  ['pager',   ['BP'],                 'pager', 'Pager',       []],
  ['modem',   ['MD'],                 null,    'Modem',       []],
  ['text',    ['TDD', 'TTY'],         null,    'Text phone',  []],
])
