import type { Coverage } from '../../model/values.ts'
import { address } from '../codecs/address.ts'
import { calendarDate, localDate } from '../codecs/calendar-date.ts'
import { coded } from '../codecs/coded.ts'
import { concept, conceptCode } from '../codecs/concept.ts'
import { fullName } from '../codecs/person-name.ts'
import { phone } from '../codecs/phone.ts'
import { wholeNumber } from '../codecs/quantity.ts'
import { payerId } from '../codecs/reference.ts'
import { text } from '../codecs/text.ts'
import { administrativeSex } from '../codesets/administrative-sex.ts'
import { subscriberRelationship } from '../codesets/subscriber-relationship.ts'
import { table } from '../table.ts'

/** One insurance of a patient; a snapshot in HL7 (hl7-v2.md §3.2, §8.1), one by one in FHIR. */
// prettier-ignore
export const coverageTable = table<Coverage>('coverage', [
// studio field                CCL                     HL7 v2                          FHIR R4 (Coverage)    CSV                  codec
  ['order',                    'PRIORITY_SEQ',         'IN1-22 | IN1-1',               'order',              null,                wholeNumber],
  ['plan',                     'HEALTH_PLAN_ID',       'IN1-2',                        'class[plan]',        null,                concept],
  ['payer_id',                 'ORGANIZATION_ID',      'IN1-3',                        'payor[0]',           null,                payerId],
  ['insurance_provider',       'ORG_NAME',             'IN1-4.1',                      'payor[0].display',   'InsuranceProvider', text],
  ['payer_address',            'PAYER_STREET_ADDR',    'IN1-5',                        null,                 null,                address],
  ['payer_phone',              'PAYER_PHONE_NUM',      'IN1-7',                        null,                 null,                phone],
  ['group_number',             'GROUP_NBR',            'IN1-8',                        'class[group].value', 'GroupNumber',       text],
  ['group_name',               'GROUP_NAME',           'IN1-9.1',                      'class[group].name',  null,                text],
  ['valid_from',               'BEG_EFFECTIVE_DT_TM',  'IN1-12',                       'period.start',       null,                localDate],
  ['valid_to',                 'END_EFFECTIVE_DT_TM',  'IN1-13',                       'period.end',         null,                localDate],
  ['plan_type',                'PLAN_TYPE_CD',         'IN1-15',                       'type',               null,                conceptCode],
  ['member_id',                'MEMBER_NBR',           'IN1-36 | IN1-49.1 | IN2-61.1', 'subscriberId',       'MemberID',          text],
  ['subscriber_name',          'SUBS_NAME_FULL',       'IN1-16',                       'subscriber.display', null,                fullName],
  ['subscriber_relationship',  'SUBS_PERSON_RELTN_CD', 'IN1-17',                       'relationship',       null,                coded(subscriberRelationship)],
  ['subscriber_date_of_birth', 'SUBS_BIRTH_DT_TM',     'IN1-18',                       null,                 null,                calendarDate],
  ['subscriber_address',       'SUBS_STREET_ADDR',     'IN1-19',                       null,                 null,                address],
  ['subscriber_gender',        'SUBS_SEX_CD',          'IN1-43',                       null,                 null,                coded(administrativeSex)],
])
