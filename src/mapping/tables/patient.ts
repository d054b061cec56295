import type { PatientFields } from '../../model/fields.ts'
import { street } from '../codecs/address.ts'
import { calendarDate } from '../codecs/calendar-date.ts'
import { coded } from '../codecs/coded.ts'
import { conceptCode } from '../codecs/concept.ts'
import { country } from '../codecs/country.ts'
import { email } from '../codecs/email.ts'
import { language } from '../codecs/language.ts'
import { moment } from '../codecs/moment.ts'
import { person } from '../codecs/person.ts'
import { phone } from '../codecs/phone.ts'
import { ssn } from '../codecs/ssn.ts'
import { name, text } from '../codecs/text.ts'
import { yesNo } from '../codecs/yes-no.ts'
import { zip } from '../codecs/zip.ts'
import { administrativeSex } from '../codesets/administrative-sex.ts'
import { ethnicity } from '../codesets/ethnicity.ts'
import { maritalStatus } from '../codesets/marital-status.ts'
import { race } from '../codesets/race.ts'
import { table } from '../table.ts'

/**
 * Patient demographics. The first sixteen rows with a Cerner field are the guide's appendix, in its order and names;
 * docs on real Millennium columns: reference millennium-ccl.md §1.
 */
// prettier-ignore
export const patientTable = table<PatientFields>('patient', [
// studio field           CCL                 HL7 v2                             FHIR R4                                 CSV          codec
  ['external_id',         'PERSON_ID',        'PID-3.1',                         'identifier[MR].value | id',            'PatientID', text],
  ['first_name',          'NAME_FIRST_KEY',   'PID-5.2',                         'name.given[0]',                        'FirstName', name],
  ['last_name',           'NAME_LAST_KEY',    'PID-5.1.1',                       'name.family',                          'LastName',  name],
  ['date_of_birth',       'BIRTH_DT_TM',      'PID-7',                           'birthDate',                            'DOB',       calendarDate],
  ['gender',              'GENDER_CD',        'PID-8',                           'gender | extension[us-core-birthsex]', 'Gender',    coded(administrativeSex)],
  ['address.line1',       'STREET_ADDR',      'PID-11.1',                        'address.line[0]',                      'Address1',  street],
  ['address.line2',       'STREET_ADDR2',     'PID-11.2',                        'address.line[1]',                      'Address2',  text],
  ['address.city',        'CITY',             'PID-11.3',                        'address.city',                         'City',      text],
  ['address.state',       'STATE',            'PID-11.4',                        'address.state',                        'State',     text],
  ['address.postal_code', 'ZIP',              'PID-11.5',                        'address.postalCode',                   'Zip',       zip],
  ['phone_home',          'PHONE_NUM_HOME',   'PID-13(home) | PID-14(home)',     'telecom[phone,home]',                  'Phone',     phone],
  ['phone_mobile',        'PHONE_NUM_MOBILE', 'PID-13(mobile) | PID-14(mobile)', 'telecom[phone,mobile]',                null,        phone],
  ['email',               'EMAIL',            'PID-13(email) | PID-14(email)',   'telecom[email].value',                 'Email',     email],
  ['preferred_language',  'LANGUAGE_CD',      'PID-15',                          'communication.language',               null,        language],
  ['race',                'RACE_CD',          'PID-10',                          'extension[us-core-race]',              null,        coded(race)],
  ['ethnicity',           'ETHNIC_GRP_CD',    'PID-22',                          'extension[us-core-ethnicity]',         null,        coded(ethnicity)],
  ['middle_name',         'NAME_MIDDLE',      'PID-5.3',                         'name.given[1]',                        null,        name],
  ['name_suffix',         'NAME_SUFFIX',      'PID-5.4',                         'name.suffix[0]',                       null,        name],
  ['address.country',     'COUNTRY',          'PID-11.6',                        'address.country',                      null,        country],
  ['address.county',      'COUNTY',           'PID-11.9 | PID-12',               'address.district',                     null,        text],
  ['phone_work',          'PHONE_NUM_WORK',   'PID-14(work) | PID-13(work)',     'telecom[phone,work]',                  null,        phone],
  ['marital_status',      'MARITAL_TYPE_CD',  'PID-16',                          'maritalStatus',                        null,        coded(maritalStatus)],
  ['religion',            'RELIGION_CD',      'PID-17',                          'extension[patient-religion]',          null,        conceptCode],
  ['ssn',                 'SSN',              'PID-19 | PID-3(SS).1',            'identifier[us-ssn].value',             null,        ssn],
  ['deceased',            'DECEASED_CD',      'PID-30',                          'deceasedBoolean',                      null,        yesNo],
  ['deceased_at',         'DECEASED_DT_TM',   'PID-29',                          'deceasedDateTime',                     null,        moment],
  ['primary_provider',    'PCP_PRSNL_ID',     'PD1-4',                           'generalPractitioner[0]',               null,        person],
  ['active',              'ACTIVE_IND',       null,                              'active',                               null,        yesNo],
])
