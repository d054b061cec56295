import { daysInMonth, type CalendarDate } from '../kernel/calendar-date.ts'
import { givenName, surname, type Community } from './names.ts'
import { drawAddress, drawTown, fictionalPhone, type Address, type Town } from './places.ts'
import { frequencies, randomFor, type Random } from './random.ts'

export type Role = 'head' | 'spouse' | 'child' | 'parent' | 'housemate'

/** What the household decides about a person: who they are among those who share an address. */
export interface Member {
  readonly role: Role
  readonly sex: 'F' | 'M'
  readonly birthDate: CalendarDate
  readonly family: string
  readonly given: string
  readonly suffix: string | null
  /** Family name before marriage, where it changed. */
  readonly maiden: string | null
  readonly community: Community
  /** 1 or 2 for twins. */
  readonly birthOrder: number | null
}

/** People at one address with one landline. Persons are numbered through, household after household. */
export interface Household {
  readonly key: string
  /** Number of the first member in the population. */
  readonly first: number
  readonly town: Town
  readonly address: Address
  readonly landline: string | null
  readonly insured: 'commercial' | 'medicaid' | 'none'
  readonly members: readonly Member[]
}

/** Ages are as of this year; births and moves after it are events, not population. */
export const POPULATION_YEAR = 2026

// Households are cut from blocks of this many persons, so that person n is found without counting those before.
const BLOCK = 24

const SIZES = frequencies([
  [1, 28],
  [2, 35],
  [3, 15],
  [4, 13],
  [5, 6],
  [6, 2],
  [7, 1],
])
const COMMUNITIES = frequencies<Community>([
  ['white', 66],
  ['black', 13.5],
  ['hispanic', 12],
  ['chinese', 1.6],
  ['indian', 2],
  ['filipino', 1.1],
  ['vietnamese', 1],
  ['korean', 0.7],
  ['native', 1.2],
  ['pacific', 0.4],
])
// Age of the first member of a household living alone or as a pair, and of parents with children at home.
const GROWN_AGES = frequencies([
  [[19, 29], 17],
  [[30, 44], 19],
  [[45, 59], 24],
  [[60, 74], 26],
  [[75, 84], 10],
  [[85, 97], 4],
] as const)
const PARENT_AGES = frequencies([
  [[21, 29], 15],
  [[30, 39], 40],
  [[40, 49], 33],
  [[50, 58], 12],
] as const)
const PAIRS = frequencies([
  ['couple', 62],
  ['parent_and_child', 20],
  ['with_old_parent', 6],
  ['housemates', 12],
] as const)

/** The household of person `n` and that person's place in it. */
export function householdOf(seed: number, n: number): { household: Household; place: number } {
  const block = Math.floor(n / BLOCK)
  const sizes = randomFor(seed, 'sizes', block)
  let first = block * BLOCK
  for (;;) {
    const size = Math.min(sizes.draw(SIZES), (block + 1) * BLOCK - first)
    if (n < first + size) return { household: buildHousehold(seed, first, size), place: n - first }
    first += size
  }
}

function buildHousehold(seed: number, first: number, size: number): Household {
  const random = randomFor(seed, 'household', first)
  const community = random.draw(COMMUNITIES)
  const town = drawTown(random)
  const address = drawAddress(random, town)
  const landline = random.chance(0.45) ? fictionalPhone(random, town.areaCode) : null
  const means = random.next()
  const insured = means < 0.66 ? 'commercial' : means < 0.9 ? 'medicaid' : 'none'
  const members = membersOf(random, community, size)
  return { key: `${seed}:${first}`, first, town, address, landline, insured, members }
}

function membersOf(random: Random, community: Community, size: number): Member[] {
  if (size === 1) return [adult(random, community, 'head', drawAge(random, GROWN_AGES))]
  if (size > 2) return family(random, community, size)
  switch (random.draw(PAIRS)) {
    case 'couple':
      return couple(random, community, drawAge(random, GROWN_AGES))
    case 'parent_and_child':
      return family(random, community, 2)
    case 'with_old_parent':
      return withOldParent(random, community)
    default: {
      const head = adult(random, community, 'head', random.between(19, 34))
      return [head, adult(random, random.draw(COMMUNITIES), 'housemate', random.between(19, 34))]
    }
  }
}

function couple(random: Random, community: Community, age: number): Member[] {
  const head = adult(random, community, 'head', age)
  const mixed = random.chance(0.12) ? random.draw(COMMUNITIES) : community
  const sameSex = random.chance(0.03)
  const sex = (head.sex === 'F') !== sameSex ? 'M' : 'F'
  const partner = adult(random, mixed, 'spouse', Math.max(19, age + random.between(-5, 5)), sex)
  return [head, married(random, head, partner)]
}

function married(random: Random, head: Member, partner: Member): Member {
  const point = random.next()
  if (point < 0.2) return partner
  if (point < 0.28 && !/[-\s]/.test(head.family + partner.family)) {
    return { ...partner, family: `${partner.family}-${head.family}`, maiden: partner.family }
  }
  return { ...partner, family: head.family, maiden: partner.sex === 'F' ? partner.family : null }
}

function family(random: Random, community: Community, size: number): Member[] {
  const parentAge = drawAge(random, PARENT_AGES)
  const both = size > 2 && random.chance(0.72)
  const parents = both
    ? couple(random, community, parentAge)
    : [adult(random, community, 'head', parentAge, random.chance(0.78) ? 'F' : 'M')]
  const grandparent = size > 3 && random.chance(0.1)
  const children = childrenOf(
    random,
    community,
    parents,
    size - parents.length - (grandparent ? 1 : 0),
    parentAge,
  )
  const old = grandparent
    ? [adult(random, community, 'parent', Math.min(95, parentAge + random.between(20, 34)))]
    : []
  return [...asSenior(parents, children), ...children, ...old]
}

function childrenOf(
  random: Random,
  community: Community,
  parents: readonly Member[],
  count: number,
  parentAge: number,
): Member[] {
  const father = parents.find((parent) => parent.sex === 'M')
  const familyName = (father ?? parents[0])?.family ?? ''
  const oldest = Math.min(23, parentAge - 19)
  const children: Member[] = []
  while (children.length < count) {
    const before = children.at(-1)
    const twin = before !== undefined && before.birthOrder === null && random.chance(0.034)
    if (twin && before !== undefined) {
      children[children.length - 1] = { ...before, birthOrder: 1 }
      children.push(twinOf(random, before, children))
      continue
    }
    children.push(
      child(random, community, familyName, random.between(0, Math.max(0, oldest)), father, children),
    )
  }
  return children
}

function child(
  random: Random,
  community: Community,
  family: string,
  age: number,
  father: Member | undefined,
  siblings: readonly Member[],
): Member {
  const sex = random.chance(0.512) ? 'M' : 'F'
  const birthDate = drawBirthDate(random, age)
  const junior =
    sex === 'M' && father !== undefined && random.chance(0.05) && siblings.every((one) => one.suffix === null)
  const given = junior ? father.given : freshName(random, community, sex, birthDate, siblings)
  const suffix = junior ? (random.chance(0.85) ? 'Jr' : 'III') : null
  return { role: 'child', sex, birthDate, family, given, suffix, maiden: null, community, birthOrder: null }
}

function twinOf(random: Random, first: Member, siblings: readonly Member[]): Member {
  const sex = random.chance(0.68) ? first.sex : first.sex === 'F' ? 'M' : 'F'
  const given = freshName(random, first.community, sex, first.birthDate, siblings)
  return { ...first, sex, given, suffix: null, birthOrder: 2 }
}

// A father whose son is Jr or III is told apart as Sr or Jr.
function asSenior(parents: readonly Member[], children: readonly Member[]): Member[] {
  const named = children.find((one) => one.suffix !== null)
  const suffix = named?.suffix === 'III' ? 'Jr' : 'Sr'
  return parents.map((one) =>
    named !== undefined && one.sex === 'M' && one.given === named.given && one.family === named.family
      ? { ...one, suffix }
      : one,
  )
}

function withOldParent(random: Random, community: Community): Member[] {
  const age = random.between(42, 66)
  const head = adult(random, community, 'head', age)
  const parent = adult(random, community, 'parent', Math.min(97, age + random.between(20, 32)))
  return [head, random.chance(0.6) ? { ...parent, family: head.family } : parent]
}

function adult(random: Random, community: Community, role: Role, age: number, given?: 'F' | 'M'): Member {
  // Women live longer, so that the oldest who live alone are mostly women.
  const sex = given ?? (random.chance(age > 74 ? 0.6 : 0.505) ? 'F' : 'M')
  const birthDate = drawBirthDate(random, age)
  const name = givenName(random, community, sex, yearOf(birthDate))
  return {
    role,
    sex,
    birthDate,
    family: surname(random, community),
    given: name,
    suffix: null,
    maiden: null,
    community,
    birthOrder: null,
  }
}

function freshName(
  random: Random,
  community: Community,
  sex: 'F' | 'M',
  birthDate: CalendarDate,
  siblings: readonly Member[],
): string {
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const name = givenName(random, community, sex, yearOf(birthDate))
    if (siblings.every((one) => one.given !== name)) return name
  }
  return sex === 'F' ? 'Marigold' : 'Thaddeus'
}

const drawAge = (random: Random, table: typeof GROWN_AGES | typeof PARENT_AGES): number => {
  const [low, high] = random.draw<readonly [number, number]>(table)
  return random.between(low, high)
}

/** A birthday that makes someone `age` years old at the end of the year before the population's. */
function drawBirthDate(random: Random, age: number): CalendarDate {
  const year = POPULATION_YEAR - 1 - age
  const month = random.between(1, 12)
  const day = random.between(1, daysInMonth(year, month))
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

export const yearOf = (date: CalendarDate): number => Number(date.slice(0, 4))

/** Whole years at the end of the year before `year`, which is when the population's ages were drawn. */
export const ageIn = (year: number, person: { readonly birthDate: CalendarDate }): number =>
  year - 1 - yearOf(person.birthDate)

export function memberAt(household: Household, place: number): Member {
  const member = household.members[place]
  if (member === undefined) throw new RangeError('no such member of the household')
  return member
}
