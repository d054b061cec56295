import type { NextOfKin } from '../../model/values.ts'
import { address } from '../codecs/address.ts'
import { coded } from '../codecs/coded.ts'
import { contactRole } from '../codecs/contact-role.ts'
import { phone } from '../codecs/phone.ts'
import { name } from '../codecs/text.ts'
import { relationship } from '../codesets/relationship.ts'
import { table } from '../table.ts'

/** One contact of a patient; the set is a snapshot (hl7-v2.md §3.2). FHIR places are seen from Patient.contact. */
// prettier-ignore
export const nextOfKinTable = table<NextOfKin>('next_of_kin', [
// studio field      CCL                     HL7 v2       FHIR R4 (contact)                              CSV   codec
  ['last_name',      'NAME_LAST',            'NK1-2.1.1', 'name.family',                                 null, name],
  ['first_name',     'NAME_FIRST',           'NK1-2.2',   'name.given[0]',                               null, name],
  ['relationship',   'PERSON_RELTN_CD',      'NK1-3',     'relationship[*]',                             null, coded(relationship)],
  ['address',        'STREET_ADDR',          'NK1-4',     'address',                                     null, address],
  ['phone',          'PHONE_NUM',            'NK1-5',     'telecom[phone,home] | telecom[phone,mobile]', null, phone],
  ['phone_business', 'PHONE_NUM_BUS',        'NK1-6',     'telecom[phone,work]',                         null, phone],
  ['role',           'PERSON_RELTN_TYPE_CD', 'NK1-7',     'relationship[*]',                             null, contactRole],
])
