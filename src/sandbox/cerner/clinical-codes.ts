/** SNOMED CT of the population's conditions, by ICD-10-CM. */
export const SNOMED_PROBLEMS: Readonly<Record<string, string>> = {
  I10: '59621000',
  'E78.5': '55822004',
  'E11.9': '44054006',
  'J45.909': '195967001',
  'E03.9': '40930008',
  'K21.9': '235595009',
  'F32.A': '35489007',
  'F41.1': '21897009',
  'E66.9': '414916001',
  'N18.30': '433144002',
  'I48.91': '49436004',
  'I50.9': '84114007',
  'J44.9': '13645005',
  'M19.90': '396275006',
  'J30.9': '61582004',
  'G43.909': '37796009',
  'F90.9': '406506008',
  'Z34.90': '77386006',
  'N40.0': '266569009',
}

// prettier-ignore
const DIAGNOSES: Readonly<Record<string, readonly [code: string, text: string]>> = {
  'SORE THROAT':            ['J02.9',    'Acute pharyngitis, unspecified'],
  'COUGH AND FEVER':        ['J06.9',    'Acute upper respiratory infection, unspecified'],
  'URINARY SYMPTOMS':       ['R39.9',    'Unspecified symptoms and signs involving the genitourinary system'],
  'EAR PAIN':               ['H92.09',   'Otalgia, unspecified ear'],
  'RASH':                   ['R21',      'Rash and other nonspecific skin eruption'],
  'BACK PAIN':              ['M54.9',    'Dorsalgia, unspecified'],
  'ABDOMINAL PAIN':         ['R10.9',    'Unspecified abdominal pain'],
  'HEADACHE':               ['R51.9',    'Headache, unspecified'],
  'ANNUAL PHYSICAL':        ['Z00.00',   'Encounter for general adult medical examination without abnormal findings'],
  'WELL CHILD CHECK':       ['Z00.129',  'Encounter for routine child health examination without abnormal findings'],
  'PRENATAL VISIT':         ['Z34.90',   'Supervision of normal pregnancy'],
  'BLOOD PRESSURE CHECK':   ['I10',      'Essential (primary) hypertension'],
  'DIABETES FOLLOW UP':     ['E11.9',    'Type 2 diabetes mellitus w/o complications'],
  'THYROID FOLLOW UP':      ['E03.9',    'Hypothyroidism, unspecified'],
  'ASTHMA FOLLOW UP':       ['J45.909',  'Unspecified asthma, uncomplicated'],
  'CHOLESTEROL FOLLOW UP':  ['E78.5',    'Hyperlipidemia, unspecified'],
  'MOOD FOLLOW UP':         ['F32.A',    'Depression, unspecified'],
  'JOINT PAIN':             ['M19.90',   'Unspecified osteoarthritis'],
  'HEART RHYTHM FOLLOW UP': ['I48.91',   'Unspecified atrial fibrillation'],
  'KIDNEY FOLLOW UP':       ['N18.30',   'Chronic kidney disease, stage 3 unspecified'],
  'CHEST PAIN':             ['R07.9',    'Chest pain, unspecified'],
  'FALL':                   ['W19.XXXA', 'Unspecified fall, initial encounter'],
  'SHORTNESS OF BREATH':    ['R06.02',   'Shortness of breath'],
  'LACERATION':             ['T14.8XXA', 'Other injury of unspecified body region, initial encounter'],
  'DIZZINESS':              ['R42',      'Dizziness and giddiness'],
  'FEVER':                  ['R50.9',    'Fever, unspecified'],
  'PNEUMONIA':              ['J18.9',    'Pneumonia, unspecified organism'],
  'HEART FAILURE':          ['I50.9',    'Heart failure, unspecified'],
  'HIP FRACTURE':           ['S72.009A', 'Fracture of unspecified part of neck of unspecified femur, initial encounter'],
  'CELLULITIS':             ['L03.90',   'Cellulitis, unspecified'],
}

/** What the doctor codes for the reason of a visit; null where nothing is coded. */
export function diagnosisFor(reason: string): { readonly code: string; readonly text: string } | null {
  const found = DIAGNOSES[reason]
  return found === undefined ? null : { code: found[0], text: found[1] }
}

export interface Medicine {
  /** RxNorm ingredient. */
  readonly rxnorm: string
  readonly name: string
  readonly dosage: string
  /** SNOMED code, its display, and the site's word. */
  readonly route: readonly [string, string, string]
}

const ORAL = ['26643006', 'Oral route (qualifier value)', 'Oral'] as const
const INHALED = ['447694001', 'Respiratory tract route (qualifier value)', 'Inhalation'] as const

// prettier-ignore
export const MEDICINES: Readonly<Record<string, Medicine>> = {
  I10:       { rxnorm: '29046',   name: 'lisinopril',    dosage: '10 mg = 1 tab, Oral, Daily',          route: ORAL },
  'E78.5':   { rxnorm: '83367',   name: 'atorvastatin',  dosage: '20 mg = 1 tab, Oral, At bedtime',     route: ORAL },
  'E11.9':   { rxnorm: '6809',    name: 'metformin',     dosage: '500 mg = 1 tab, Oral, BID',           route: ORAL },
  'J45.909': { rxnorm: '435',     name: 'albuterol',     dosage: '2 puffs, Inhalation, q4hr, PRN',      route: INHALED },
  'E03.9':   { rxnorm: '10582',   name: 'levothyroxine', dosage: '50 mcg = 1 tab, Oral, Daily',         route: ORAL },
  'K21.9':   { rxnorm: '7646',    name: 'omeprazole',    dosage: '20 mg = 1 cap, Oral, Daily',          route: ORAL },
  'F32.A':   { rxnorm: '36437',   name: 'sertraline',    dosage: '50 mg = 1 tab, Oral, Daily',          route: ORAL },
  'I48.91':  { rxnorm: '1364430', name: 'apixaban',      dosage: '5 mg = 1 tab, Oral, BID',             route: ORAL },
  'I50.9':   { rxnorm: '4603',    name: 'furosemide',    dosage: '40 mg = 1 tab, Oral, Daily',          route: ORAL },
  'J44.9':   { rxnorm: '69120',   name: 'tiotropium',    dosage: '18 mcg = 1 cap, Inhalation, Daily',   route: INHALED },
  'N40.0':   { rxnorm: '77492',   name: 'tamsulosin',    dosage: '0.4 mg = 1 cap, Oral, Daily',         route: ORAL },
  'J30.9':   { rxnorm: '28889',   name: 'loratadine',    dosage: '10 mg = 1 tab, Oral, Daily, PRN',     route: ORAL },
}

export interface Vaccine {
  readonly cvx: string
  readonly name: string
  readonly share: number
  /** Ages at which people have had it. */
  readonly from: number
  readonly to: number
  /** Age in months when it is given; null for a recent one. */
  readonly atMonths: number | null
  readonly disease: readonly [code: string, display: string]
}

// prettier-ignore
export const VACCINES: readonly Vaccine[] = [
  { cvx: '03',  name: 'MMR',                                   share: 0.92, from: 2,  to: 40,  atMonths: 13,   disease: ['14189004',  'Measles'] },
  { cvx: '20',  name: 'DTaP',                                  share: 0.94, from: 1,  to: 30,  atMonths: 6,    disease: ['27836007',  'Pertussis'] },
  { cvx: '21',  name: 'varicella',                             share: 0.9,  from: 2,  to: 28,  atMonths: 14,   disease: ['38907003',  'Varicella'] },
  { cvx: '115', name: 'Tdap',                                  share: 0.6,  from: 12, to: 97,  atMonths: null, disease: ['76902006',  'Tetanus'] },
  { cvx: '140', name: 'Influenza, seasonal, preservative free', share: 0.5, from: 1,  to: 110, atMonths: null, disease: ['6142004',   'Influenza'] },
  { cvx: '213', name: 'SARS-COV-2 (COVID-19) vaccine, unspecified', share: 0.35, from: 5, to: 110, atMonths: null, disease: ['840539006', 'COVID-19'] },
  { cvx: '216', name: 'Pneumococcal conjugate PCV20',          share: 0.55, from: 65, to: 110, atMonths: null, disease: ['16814004',  'Pneumococcal infectious disease'] },
]
