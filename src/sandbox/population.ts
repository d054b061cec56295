import type { CalendarDate } from '../kernel/calendar-date.ts'
import { coverageOf, type Coverage } from './coverage.ts'
import { drawAllergies, drawConditions, type Allergy, type Condition } from './health.ts'
import {
  ageIn,
  householdOf,
  memberAt,
  POPULATION_YEAR,
  yearOf,
  type Household,
  type Member,
} from './households.ts'
import { unaccented, givenName, type Community } from './names.ts'
import { ELSEWHERE_AREA_CODES, fictionalPhone, type Address, type ClinicId } from './places.ts'
import { frequencies, randomFor, shuffled, type Random } from './random.ts'
import { mayBeSeenBy, PROVIDERS } from './staff.ts'

/** A code with the words people read. */
export interface Coded {
  readonly code: string
  readonly text: string
}

export interface Kin {
  readonly person: number
  /** HL7 table 0063: SPO spouse, FTH father, MTH mother, CHD child, PAR parent, FND friend. */
  readonly relation: 'SPO' | 'FTH' | 'MTH' | 'CHD' | 'PAR' | 'FND'
}

/** Someone who does not exist, as the hospital knows them. */
export interface SyntheticPerson {
  readonly n: number
  /** Number of the household's first member; equal for all who share the address. */
  readonly household: number
  /** PERSON.PERSON_ID. */
  readonly personId: string
  /** Medical record number of the hospital. */
  readonly mrn: string
  /** Community medical record number. */
  readonly cmrn: string
  /** Area 9xx with a group that is neither a social security number nor a taxpayer number. */
  readonly ssn: string | null
  readonly family: string
  readonly given: string
  readonly middle: string | null
  readonly suffix: string | null
  readonly prefix: string | null
  readonly maiden: string | null
  readonly birthDate: CalendarDate
  readonly birthOrder: number | null
  readonly sex: 'F' | 'M' | 'O' | 'U'
  /** CDC race and ethnicity codes. */
  readonly race: Coded
  readonly ethnicity: Coded
  /** BCP 47 language of choice and its ISO 639-2 code as Cerner sends it. */
  readonly language: { readonly tag: string; readonly iso639: string; readonly text: string }
  /** HL7 table 0002. */
  readonly maritalStatus: 'S' | 'M' | 'D' | 'W'
  /** HL7 table 0006. */
  readonly religion: string | null
  readonly address: Address
  /** E.164, each. */
  readonly phoneHome: string | null
  readonly phoneMobile: string | null
  readonly phoneWork: string | null
  readonly email: string | null
  readonly coverage: readonly Coverage[]
  readonly nextOfKin: Kin | null
  readonly clinic: ClinicId
  /** Provider.id of the primary provider. */
  readonly primaryProvider: string
  readonly conditions: readonly Condition[]
  readonly allergies: readonly Allergy[]
  /** How often this person is seen: 1 is about four visits a year. */
  readonly visitWeight: number
}

const NUMBERS = 90_000_000

/**
 * Person `n` of the population of `seed`: pure, and as quick for the ten-millionth as for the first, so that any
 * size of population streams without memory.
 *
 * @param n 0 up to, not including, 90,000,000
 */
export function personAt(seed: number, n: number): SyntheticPerson {
  const { household, place } = householdOf(seed, n)
  const member = memberAt(household, place)
  const random = randomFor(seed, 'person', n)
  const age = ageIn(POPULATION_YEAR, member)
  const ids = identifiersOf(seed, n, random)
  const middle = middleName(random, member)
  const contact = contactOf(seed, household, member, age, n)
  const sex = random.chance(0.004) ? 'O' : random.chance(0.002) ? 'U' : member.sex
  const clinic = household.town.clinic
  const conditions = drawConditions(random, age, member.sex)
  return {
    n,
    household: household.first,
    ...ids,
    family: member.family,
    given: member.given,
    middle,
    suffix: member.suffix,
    prefix: random.chance(0.03) && age > 28 ? 'Dr' : null,
    maiden: member.maiden,
    birthDate: member.birthDate,
    birthOrder: member.birthOrder,
    sex,
    ...backgroundOf(random, member.community, age),
    maritalStatus: maritalStatus(random, household, member, age),
    religion: random.chance(0.4)
      ? random.pick(['CHR', 'CAT', 'BAP', 'LUT', 'MET', 'NOE', 'JEW', 'MOS', 'HIN', 'BUD'])
      : null,
    address: household.address,
    ...contact,
    coverage: coverageOf(seed, household, place),
    nextOfKin: kinOf(household, place),
    clinic,
    primaryProvider: primaryProvider(random, clinic, age, member.sex),
    conditions,
    allergies: drawAllergies(random),
    visitWeight: visitWeight(age, conditions.length),
  }
}

/** Persons `from`, `from + 1`, … one at a time. */
export function* people(seed: number, count: number, from = 0): Generator<SyntheticPerson> {
  for (let n = from; n < from + count; n += 1) yield personAt(seed, n)
}

const shuffles = new Map<
  number,
  { mrn: (n: number) => number; personId: (n: number) => number; cmrn: (n: number) => number }
>()

// A shuffle gives everyone a number of their own that does not betray the order of the population.
function shufflesOf(seed: number): {
  mrn: (n: number) => number
  personId: (n: number) => number
  cmrn: (n: number) => number
} {
  const known = shuffles.get(seed)
  if (known !== undefined) return known
  const made = {
    mrn: shuffled(NUMBERS, seed, 'mrn'),
    personId: shuffled(NUMBERS, seed, 'person_id'),
    cmrn: shuffled(NUMBERS, seed, 'cmrn'),
  }
  shuffles.set(seed, made)
  return made
}

function identifiersOf(
  seed: number,
  n: number,
  random: Random,
): Pick<SyntheticPerson, 'personId' | 'mrn' | 'cmrn' | 'ssn'> {
  const { mrn, personId, cmrn } = shufflesOf(seed)
  const pad = (value: number, width: number): string => String(value).padStart(width, '0')
  const ssn = `9${pad(random.below(100), 2)}-${pad(random.between(1, 49), 2)}-${pad(random.between(1, 9999), 4)}`
  return {
    personId: String(10_000_000 + personId(n)),
    mrn: pad(10_000_000 + mrn(n), 8),
    cmrn: `1${pad(cmrn(n), 8)}`,
    ssn: random.chance(0.72) ? ssn : null,
  }
}

/** The number for a second, mistaken registration of person `n`: no one else's first number. */
export const duplicateMrn = (seed: number, n: number): string =>
  `5${String(10_000_000 + shufflesOf(seed).mrn(n))}`

function middleName(random: Random, member: Member): string | null {
  const has = random.chance(0.68)
  const name = givenName(random, member.community, member.sex, yearOf(member.birthDate))
  const initial = random.chance(0.55)
  if (!has || name === member.given) return null
  return initial ? name.slice(0, 1) : name
}

function contactOf(
  seed: number,
  household: Household,
  member: Member,
  age: number,
  n: number,
): Pick<SyntheticPerson, 'phoneHome' | 'phoneMobile' | 'phoneWork' | 'email'> {
  const random = randomFor(seed, 'contact', n)
  const work = fictionalPhone(random, household.town.areaCode)
  const hasWork = random.chance(age > 20 && age < 67 ? 0.28 : 0.01)
  const hasEmail = random.chance(age < 16 ? 0.12 : age < 70 ? 0.82 : 0.45)
  // A child is reached by the telephone of the head of the household.
  const parents = age < 16 ? mobileOf(seed, household, 0) : null
  return {
    phoneHome: household.landline ?? parents,
    phoneMobile: mobileOf(seed, household, n - household.first),
    phoneWork: hasWork ? work : null,
    email: hasEmail ? emailOf(random, member, n) : null,
  }
}

function mobileOf(seed: number, household: Household, place: number): string | null {
  const random = randomFor(seed, 'mobile', household.first + place)
  const age = ageIn(POPULATION_YEAR, memberAt(household, place))
  const areaCode = random.chance(0.82) ? household.town.areaCode : random.pick(ELSEWHERE_AREA_CODES)
  const number = fictionalPhone(random, areaCode)
  return random.chance(age < 13 ? 0.1 : age < 75 ? 0.94 : 0.62) ? number : null
}

const DOMAINS = frequencies([
  ['example.com', 70],
  ['example.org', 18],
  ['example.net', 12],
])

function emailOf(random: Random, member: Member, n: number): string {
  const plain = (text: string): string =>
    unaccented(text)
      .toLowerCase()
      .replace(/[^a-z]/g, '')
  const joined = random.pick(['.', '_', ''])
  const first = random.chance(0.75) ? plain(member.given) : plain(member.given).slice(0, 1)
  return `${first}${joined}${plain(member.family)}${random.chance(0.55) ? (n % 97) + 1 : ''}@${random.draw(DOMAINS)}`
}

const RACES: Record<Community, Coded> = {
  white: { code: '2106-3', text: 'White' },
  black: { code: '2054-5', text: 'Black or African American' },
  hispanic: { code: '2106-3', text: 'White' },
  chinese: { code: '2028-9', text: 'Asian' },
  vietnamese: { code: '2028-9', text: 'Asian' },
  indian: { code: '2028-9', text: 'Asian' },
  korean: { code: '2028-9', text: 'Asian' },
  filipino: { code: '2028-9', text: 'Asian' },
  native: { code: '1002-5', text: 'American Indian or Alaska Native' },
  pacific: { code: '2076-8', text: 'Native Hawaiian or Other Pacific Islander' },
}
const OTHER_RACE: Coded = { code: '2131-1', text: 'Other Race' }
const HISPANIC: Coded = { code: '2135-2', text: 'Hispanic or Latino' }
const NOT_HISPANIC: Coded = { code: '2186-5', text: 'Not Hispanic or Latino' }

const ENGLISH = { tag: 'en', iso639: 'ENG', text: 'English' }
const LANGUAGES: Partial<Record<Community, { share: number; language: SyntheticPerson['language'] }>> = {
  hispanic: { share: 0.4, language: { tag: 'es', iso639: 'SPA', text: 'Spanish' } },
  chinese: { share: 0.38, language: { tag: 'zh', iso639: 'CHI', text: 'Chinese' } },
  vietnamese: { share: 0.42, language: { tag: 'vi', iso639: 'VIE', text: 'Vietnamese' } },
  indian: { share: 0.18, language: { tag: 'hi', iso639: 'HIN', text: 'Hindi' } },
  korean: { share: 0.36, language: { tag: 'ko', iso639: 'KOR', text: 'Korean' } },
  filipino: { share: 0.18, language: { tag: 'tl', iso639: 'TGL', text: 'Tagalog' } },
}

function backgroundOf(
  random: Random,
  community: Community,
  age: number,
): Pick<SyntheticPerson, 'race' | 'ethnicity' | 'language'> {
  const race = random.chance(community === 'hispanic' ? 0.36 : 0.02) ? OTHER_RACE : RACES[community]
  const ethnicity = community === 'hispanic' ? HISPANIC : NOT_HISPANIC
  const own = LANGUAGES[community]
  // The old keep the language they came with; children mostly do not.
  const kept = random.chance((own?.share ?? 0) * (age > 60 ? 1.6 : age < 20 ? 0.45 : 1))
  return { race, ethnicity, language: own !== undefined && kept ? own.language : ENGLISH }
}

function maritalStatus(
  random: Random,
  household: Household,
  member: Member,
  age: number,
): SyntheticPerson['maritalStatus'] {
  const point = random.next()
  if (member.role === 'child' || age < 19) return 'S'
  const paired =
    household.members.some((one) => one.role === 'spouse') &&
    (member.role === 'head' || member.role === 'spouse')
  if (paired) return point < 0.85 ? 'M' : 'S'
  if (age > 72) return point < 0.65 ? 'W' : 'D'
  if (age > 40) return point < 0.5 ? 'D' : 'S'
  return point < 0.12 ? 'D' : 'S'
}

function kinOf(household: Household, place: number): Kin | null {
  const member = memberAt(household, place)
  const find = (...roles: Member['role'][]): number =>
    household.members.findIndex((one, i) => i !== place && roles.includes(one.role))
  const kin = (index: number, relation: Kin['relation']): Kin | null =>
    index < 0 ? null : { person: household.first + index, relation }
  switch (member.role) {
    case 'head':
      return (
        kin(find('spouse'), 'SPO') ??
        kin(find('parent'), 'PAR') ??
        kin(find('child'), 'CHD') ??
        kin(find('housemate'), 'FND')
      )
    case 'spouse':
      return kin(find('head'), 'SPO')
    case 'child': {
      const parent = find('head')
      return kin(parent, household.members[parent]?.sex === 'F' ? 'MTH' : 'FTH')
    }
    case 'parent':
      return kin(find('head'), 'CHD')
    case 'housemate':
      return kin(find('head'), 'FND')
  }
}

function primaryProvider(random: Random, clinic: ClinicId, age: number, sex: string): string {
  const fitting = PROVIDERS.filter(
    (one) => one.clinic === clinic && one.sees !== 'women' && mayBeSeenBy(one, age, sex),
  )
  // Children mostly have a pediatrician where the clinic has one.
  const pediatric = fitting.filter((one) => one.sees === 'children')
  return random.pick(pediatric.length > 0 && random.chance(0.7) ? pediatric : fitting).id
}

function visitWeight(age: number, conditions: number): number {
  const byAge = age < 3 ? 1.1 : age < 18 ? 0.45 : age < 45 ? 0.4 : age < 65 ? 0.6 : 0.9
  return Math.min(2, byAge + conditions * 0.15)
}
