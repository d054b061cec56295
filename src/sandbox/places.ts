import { frequencies, type Frequencies, type Random } from './random.ts'

/** Where the synthetic people live and where they are seen. Towns are real; every street address is made up. */
export interface Town {
  readonly city: string
  readonly state: string
  readonly county: string
  readonly zips: readonly string[]
  readonly areaCode: string
  readonly clinic: ClinicId
}

export type ClinicId = 'SPFLD' | 'JAXVL' | 'THAUTE'

export interface Clinic {
  readonly id: ClinicId
  readonly name: string
  /** HL7 PL point of care; also the display of LOCATION_CD. */
  readonly pointOfCare: string
  readonly facility: string
  readonly locationCd: string
  readonly rooms: readonly string[]
  readonly address: {
    readonly line1: string
    readonly city: string
    readonly state: string
    readonly postalCode: string
  }
  readonly phone: string
  /** IANA name; Terre Haute is an hour ahead of the Illinois sites. */
  readonly zone: string
}

export const CLINICS: readonly Clinic[] = [
  {
    id: 'SPFLD',
    name: 'Prairie Family Practice Springfield',
    pointOfCare: 'PFP SPRINGFIELD',
    facility: 'PRAIRIE',
    locationCd: '21250403',
    rooms: ['EXAM 1', 'EXAM 2', 'EXAM 3', 'EXAM 4', 'EXAM 5', 'EXAM 6'],
    address: { line1: '700 E Synthetic Ave', city: 'Springfield', state: 'IL', postalCode: '62701' },
    phone: '+12175550100',
    zone: 'America/Chicago',
  },
  {
    id: 'JAXVL',
    name: 'Prairie Family Practice Jacksonville',
    pointOfCare: 'PFP JACKSONVILLE',
    facility: 'PRAIRIE',
    locationCd: '21250411',
    rooms: ['EXAM A', 'EXAM B', 'EXAM C'],
    address: { line1: '15 W Sample St', city: 'Jacksonville', state: 'IL', postalCode: '62650' },
    phone: '+12175550101',
    zone: 'America/Chicago',
  },
  {
    id: 'THAUTE',
    name: 'Prairie Family Practice Terre Haute',
    pointOfCare: 'PFP TERRE HAUTE',
    facility: 'PRAIRIE',
    locationCd: '21250427',
    rooms: ['EXAM 1', 'EXAM 2', 'EXAM 3', 'EXAM 4'],
    address: { line1: '240 Example Blvd', city: 'Terre Haute', state: 'IN', postalCode: '47807' },
    phone: '+18125550102',
    zone: 'America/Indiana/Indianapolis',
  },
]

/** The hospital beside the practice, which sends everything. */
export const HOSPITAL = {
  facility: 'CERNERHOST',
  name: 'Lincoln Trail Regional Hospital',
  zone: 'America/Chicago',
  emergency: 'LTRH ED',
  wards: ['LTRH 3W', 'LTRH 4E', 'LTRH ICU'],
  laboratory: 'LTRH LAB',
  clia: '14D9999999',
} as const

const TOWNS: Frequencies<Town> = frequencies([
  [town('Springfield', 'IL', 'Sangamon', '62701 62702 62703 62704 62707 62711 62712', '217', 'SPFLD'), 44],
  [town('Chatham', 'IL', 'Sangamon', '62629', '217', 'SPFLD'), 6],
  [town('Rochester', 'IL', 'Sangamon', '62563', '217', 'SPFLD'), 3],
  [town('Sherman', 'IL', 'Sangamon', '62684', '217', 'SPFLD'), 3],
  [town('Riverton', 'IL', 'Sangamon', '62561', '217', 'SPFLD'), 2],
  [town('Petersburg', 'IL', 'Menard', '62675', '217', 'SPFLD'), 2],
  [town('Lincoln', 'IL', 'Logan', '62656', '217', 'SPFLD'), 3],
  [town('Taylorville', 'IL', 'Christian', '62568', '217', 'SPFLD'), 2],
  [town('Decatur', 'IL', 'Macon', '62521 62522 62526', '217', 'SPFLD'), 4],
  [town('Jacksonville', 'IL', 'Morgan', '62650', '217', 'JAXVL'), 9],
  [town('Winchester', 'IL', 'Scott', '62694', '217', 'JAXVL'), 1],
  [town('Terre Haute', 'IN', 'Vigo', '47802 47803 47804 47805 47807', '812', 'THAUTE'), 13],
  [town('Brazil', 'IN', 'Clay', '47834', '812', 'THAUTE'), 2],
  [town('Paris', 'IL', 'Edgar', '61944', '217', 'THAUTE'), 1],
  [town('Peoria', 'IL', 'Peoria', '61604 61614', '309', 'SPFLD'), 1.5],
  [town('Bloomington', 'IL', 'McLean', '61701 61704', '309', 'SPFLD'), 1.5],
  [town('Chicago', 'IL', 'Cook', '60608 60616 60625', '312', 'SPFLD'), 1],
  [town('Saint Louis', 'MO', 'Saint Louis City', '63109 63116 63139', '314', 'JAXVL'), 1],
])

function town(
  city: string,
  state: string,
  county: string,
  zips: string,
  areaCode: string,
  clinic: ClinicId,
): Town {
  return { city, state, county, zips: zips.split(' '), areaCode, clinic }
}

/** Area codes of mobile phones that people kept when they moved. */
export const ELSEWHERE_AREA_CODES = [
  '312',
  '314',
  '309',
  '618',
  '317',
  '812',
  '502',
  '214',
  '480',
  '305',
] as const

export interface Address {
  readonly line1: string
  readonly line2: string | null
  readonly city: string
  readonly state: string
  readonly postalCode: string
  readonly county: string
}

const STREETS =
  `Main Oak Maple Cedar Elm Washington Lincoln Walnut Jefferson Park Lake Hill Madison Monroe Adams Jackson
  Church Spring Chestnut Cherry Pine Willow Sunset Franklin Highland Douglas Meadow Prairie Capitol Governor Ash Dogwood
  Birch Locust Hickory Magnolia Clover Sycamore College Mill River Ridge Orchard Wabash Chatham Old_State Lost_Bridge
  Martin_Luther_King_Jr Country_Club Fox_Run Deer_Creek`
    .split(/\s+/)
    .map((name) => name.replace(/_/g, ' '))
const ORDINALS = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th', '11th', '15th']
const KINDS = frequencies([
  ['St', 40],
  ['Ave', 22],
  ['Dr', 16],
  ['Rd', 8],
  ['Ln', 6],
  ['Ct', 4],
  ['Blvd', 2],
  ['Cir', 1],
  ['Pl', 1],
])
const DIRECTIONS = ['N', 'S', 'E', 'W']

export const drawTown = (random: Random): Town => random.draw(TOWNS)

export function drawAddress(random: Random, from: Town): Address {
  const where = {
    city: from.city,
    state: from.state,
    postalCode: random.pick(from.zips),
    county: from.county,
  }
  if (random.chance(0.02)) return { line1: `PO Box ${random.between(1, 4999)}`, line2: null, ...where }
  const direction = random.chance(0.35) ? `${random.pick(DIRECTIONS)} ` : ''
  const street = random.chance(0.14) ? random.pick(ORDINALS) : random.pick(STREETS)
  const line1 = `${random.between(1, 79) * 100 + random.between(1, 99)} ${direction}${street} ${random.draw(KINDS)}`
  return { line1, line2: random.chance(0.18) ? unit(random) : null, ...where }
}

const unit = (random: Random): string =>
  random.chance(0.6)
    ? `Apt ${random.between(1, 48)}${random.chance(0.3) ? random.pick(['A', 'B', 'C', 'D']) : ''}`
    : `Unit ${random.between(1, 30)}`

/**
 * A telephone number as E.164 that rings nowhere: exchange 555, where North American subscribers get no lines.
 * 555-1212 (directory assistance) is left out. Ten thousand numbers an area code keep sharing rare.
 */
export function fictionalPhone(random: Random, areaCode: string): string {
  const line = random.below(10_000)
  return `+1${areaCode}555${String(line === 1212 ? 1213 : line).padStart(4, '0')}`
}

export const clinicById = (id: ClinicId): Clinic => CLINICS.find((clinic) => clinic.id === id) as Clinic
