/** The code sets of the sandbox's Millennium with the standard codes they map to. @see cerner-fhir-r4.md §1.6 */

/** The public sandbox's tenant, which the vendor's own examples use. */
export const SANDBOX_TENANT = 'ec2458f2-1e24-41c8-b71b-0e701af7583d'

/** Medical record number: alias pool of the hospital. */
export const MRN_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.12'
/** Community medical record number. */
export const CMRN_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.13'
/** Financial number of a visit. */
export const FIN_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.14'
/** Personnel number, as PV1-7 says it. */
export const PRSNL_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.15'
/** Laboratory's own number of an order, OBR-3. */
export const FILLER_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.16'
/** Number of an order as OBR-2 says it. */
export const PLACER_SYSTEM = 'urn:oid:2.16.840.1.113883.3.42.10001.100001.17'
export const NPI_SYSTEM = 'http://hl7.org/fhir/sid/us-npi'

export const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
export const FHIR_DEFINITION = 'http://hl7.org/fhir/StructureDefinition'
export const CERNER_DEFINITION = 'https://fhir-ehr.cerner.com/r4/StructureDefinition'
export const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition'
export const LOINC = 'http://loinc.org'
export const SNOMED = 'http://snomed.info/sct'
export const UCUM = 'http://unitsofmeasure.org'
export const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
export const ICD10 = 'http://hl7.org/fhir/sid/icd-10-cm'
export const CVX = 'http://hl7.org/fhir/sid/cvx'
export const OMB = 'urn:oid:2.16.840.1.113883.6.238'
export const CEUUID = 'https://fhir.cerner.com/ceuuid'

export interface Coding {
  readonly system: string
  readonly code: string
  readonly display?: string
  readonly userSelected?: boolean
}

export interface Concept {
  readonly coding: readonly Coding[]
  readonly text?: string
}

/** A code of a Millennium code set and its standard mapping, where the site has one. */
export interface Mapped {
  readonly code: string
  readonly display: string
  readonly standard: Coding | null
}

export const codeSet = (tenant: string, set: number): string =>
  `https://fhir.cerner.com/${tenant}/codeSet/${set}`

/** The site's code first, chosen by the user, then the standard one. */
export function concept(tenant: string, set: number, of: Mapped): Concept {
  const own = { system: codeSet(tenant, set), code: of.code, display: of.display, userSelected: true }
  const standard = of.standard === null ? [] : [{ ...of.standard, userSelected: false }]
  return { coding: [own, ...standard], text: of.display }
}

export const standardConcept = (system: string, code: string, display: string): Concept => ({
  coding: [{ system, code, display, userSelected: false }],
  text: display,
})

const mapped = (
  code: string,
  display: string,
  system?: string,
  standard?: string,
  says?: string,
): Mapped => ({
  code,
  display,
  standard:
    system === undefined || standard === undefined
      ? null
      : { system, code: standard, display: says ?? display },
})

const V2_0203 = `${TERMINOLOGY}/v2-0203`
const MARITAL = `${TERMINOLOGY}/v3-MaritalStatus`
const PARTICIPATION = `${TERMINOLOGY}/v3-ParticipationType`
const CANCELLATION = `${TERMINOLOGY}/appointment-cancellation-reason`
const BCP47 = 'urn:ietf:bcp:47'

/** Code set 4, person alias types. */
export const ALIAS = {
  MRN: mapped('10', 'MRN', V2_0203, 'MR', 'Medical record number'),
  CMRN: mapped('2', 'Community Medical Record Number', V2_0203, 'U', 'Unspecified identifier'),
} as const

/** Code set 319, visit alias types. */
export const FIN_ALIAS = mapped('1077', 'FIN NBR', V2_0203, 'AN', 'Account number')

/** Code set 38 by HL7 table 0002. */
export const MARITAL_STATUS = {
  S: mapped('309238', 'Single', MARITAL, 'S', 'Never Married'),
  M: mapped('309237', 'Married', MARITAL, 'M'),
  D: mapped('309235', 'Divorced', MARITAL, 'D'),
  W: mapped('309240', 'Widowed', MARITAL, 'W'),
} as const

/** Code set 36 by language tag. */
export const LANGUAGES: Readonly<Record<string, Mapped & { readonly iso639: string }>> = {
  en: { ...mapped('151', 'English', BCP47, 'en'), iso639: 'ENG' },
  es: { ...mapped('312740', 'Spanish', BCP47, 'es'), iso639: 'SPA' },
  zh: { ...mapped('312733', 'Chinese', BCP47, 'zh'), iso639: 'CHI' },
  vi: { ...mapped('312741', 'Vietnamese', BCP47, 'vi'), iso639: 'VIE' },
  hi: { ...mapped('312736', 'Hindi', BCP47, 'hi'), iso639: 'HIN' },
  ko: { ...mapped('312738', 'Korean', BCP47, 'ko'), iso639: 'KOR' },
  tl: { ...mapped('312742', 'Tagalog', BCP47, 'tl'), iso639: 'TGL' },
}

/** Code set 14249 by the code that SCH-8 carries. Site mappings to SNOMED CT are incomplete, as they are in life. */
export const APPOINTMENT_TYPES: Readonly<Record<string, Mapped>> = {
  NEW: mapped('24477850', 'New Patient', SNOMED, '394814009', 'General practice (specialty)'),
  OV: mapped('24477854', 'Office Visit', SNOMED, '408443003', 'General medical practice'),
  PHYS: mapped('24477858', 'Annual Physical', SNOMED, '394802001', 'General medicine'),
  WCC: mapped('24477862', 'Well Child Check', SNOMED, '394537008', 'Pediatric specialty'),
  SICK: mapped('24477866', 'Same Day Sick'),
  FU: mapped('24477870', 'Follow Up'),
  OB: mapped('24477874', 'Prenatal Visit', SNOMED, '394585009', 'Obstetrics and gynecology'),
}

/** Code set 14229 by the words of SCH-6. */
export const CANCEL_REASONS: Readonly<Record<string, Mapped>> = {
  'PATIENT REQUEST': mapped('2191414701', 'Patient request', CANCELLATION, 'pat', 'Patient'),
  WEATHER: mapped('2191414705', 'Weather', CANCELLATION, 'oth-weath', 'Other: Weather'),
  'PROVIDER OUT': mapped('2191414709', 'Provider out', CANCELLATION, 'prov', 'Provider'),
  'FEELS BETTER': mapped('2191414713', 'Feels better', CANCELLATION, 'pat-fb', 'Patient: Feeling Better'),
  TRANSPORTATION: mapped(
    '2191414717',
    'Transportation',
    CANCELLATION,
    'pat-lt',
    'Patient: Lack of Transportation',
  ),
  INSURANCE: mapped('2191414721', 'Insurance', CANCELLATION, 'oth-fin', 'Other: Financial'),
  'SCHEDULED BY MISTAKE': mapped(
    '2191414725',
    'Scheduled by mistake',
    CANCELLATION,
    'oth-err',
    'Other: Error',
  ),
}

/** Code set 14250, scheduling roles. */
export const ROLES = {
  PATIENT: mapped('4572', 'Patient'),
  RESOURCE: mapped('4574', 'Resource'),
} as const
export const PRIMARY_PERFORMER: Concept = {
  coding: [{ system: PARTICIPATION, code: 'PPRF', display: 'primary performer' }],
}

/** Code set 333. */
export const ATTENDING = mapped('1119', 'Attending Physician', PARTICIPATION, 'ATND', 'attender')

/** Code set 71 and class by HL7 table 0004. */
export const ENCOUNTER_KINDS = {
  O: {
    type: mapped('309309', 'Outpatient', `${TERMINOLOGY}/v2-0004`, 'O'),
    class: 'AMB',
    says: 'ambulatory',
  },
  E: { type: mapped('309310', 'Emergency', `${TERMINOLOGY}/v2-0004`, 'E'), class: 'EMER', says: 'emergency' },
  I: {
    type: mapped('309308', 'Inpatient', `${TERMINOLOGY}/v2-0004`, 'I'),
    class: 'IMP',
    says: 'inpatient encounter',
  },
} as const

/** Code set 52 by HL7 table 0078. */
const INTERPRETATION = `${TERMINOLOGY}/v3-ObservationInterpretation`
export const INTERPRETATIONS = {
  N: mapped('214', 'NORMAL', INTERPRETATION, 'N', 'Normal'),
  L: mapped('211', 'LOW', INTERPRETATION, 'L', 'Low'),
  H: mapped('207', 'HIGH', INTERPRETATION, 'H', 'High'),
  LL: mapped('212', 'LOW CRITICAL', INTERPRETATION, 'LL', 'Critical low'),
  HH: mapped('209', 'HIGH CRITICAL', INTERPRETATION, 'HH', 'Critical high'),
  A: mapped('201', 'ABNORMAL', INTERPRETATION, 'A', 'Abnormal'),
} as const

/** A stable event code of code set 72 for a LOINC code: what the site would have built. */
export function eventCode(loinc: string): string {
  let hash = 7
  for (let i = 0; i < loinc.length; i += 1) hash = (hash * 31 + loinc.charCodeAt(i)) % 90_000_000
  return String(2_700_000 + hash)
}

export const observationCategory = (code: string, display: string): Concept => ({
  coding: [{ system: `${TERMINOLOGY}/observation-category`, code, display }],
  text: display,
})
