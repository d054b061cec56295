import { isPossiblePhoneNumber } from 'libphonenumber-js'
import { expect, test } from 'vitest'
import { isCalendarDay } from '../kernel/calendar-date.ts'
import { duplicateRegistration } from './duplicates.ts'
import { ageIn } from './households.ts'
import { people, personAt } from './population.ts'
import { PROVIDERS } from './staff.ts'

const SEED = 11
const sample = [...people(SEED, 12_000)]
const share = (fits: (person: (typeof sample)[number]) => boolean): number =>
  sample.filter(fits).length / sample.length

test('a person is the same whether reached alone or after all those before', () => {
  for (const n of [0, 1, 23, 24, 25, 4711, 11_999]) expect(personAt(SEED, n)).toEqual(sample[n])
})

test('another seed gives another population', () => {
  const others = [...people(SEED + 1, 200)]
  expect(
    others.filter((one, n) => one.family === sample[n]?.family && one.birthDate === sample[n]?.birthDate),
  ).toHaveLength(0)
})

test('person 123,456 of seed 7 is who they were when this test was written', () => {
  const { family, given, birthDate, sex, mrn, personId, address, phoneMobile } = personAt(7, 123_456)
  expect({ family, given, birthDate, sex, mrn, personId, line1: address.line1, phoneMobile }).toEqual(GOLDEN)
})

const GOLDEN = {
  family: 'Ward',
  given: 'Linda',
  birthDate: '1947-07-13',
  sex: 'F',
  mrn: '90941287',
  personId: '55601988',
  line1: '106 W 5th St',
  phoneMobile: '+13095557830',
}

test('medical record numbers, person ids and community numbers are never shared', () => {
  for (const id of ['mrn', 'personId', 'cmrn'] as const)
    expect(new Set(sample.map((one) => one[id])).size).toBe(sample.length)
})

test('a second registration has numbers that no first registration can have', () => {
  const again = duplicateRegistration(SEED, personAt(SEED, 5))
  expect(again.mrn).toHaveLength(9)
  expect(sample.every((one) => one.mrn.length === 8)).toBe(true)
  expect(again.birthDate).toBe(personAt(SEED, 5).birthDate)
})

test('social security numbers lie in the area that is never issued and are no taxpayer numbers', () => {
  for (const { ssn } of sample)
    if (ssn !== null) expect(ssn).toMatch(/^9\d\d-(0[1-9]|[1-4]\d)-(?!0000)\d{4}$/)
})

test('every telephone number is possible and rings in exchange 555', () => {
  const numbers = sample
    .slice(0, 1500)
    .flatMap((one) => [one.phoneHome, one.phoneMobile, one.phoneWork])
    .filter((one) => one !== null)
  expect(numbers.length).toBeGreaterThan(1000)
  for (const number of numbers) {
    expect(number).toMatch(/^\+1\d{3}555\d{4}$/)
    expect(isPossiblePhoneNumber(number)).toBe(true)
  }
})

test('mail goes to the example domains only', () => {
  for (const { email } of sample)
    if (email !== null) expect(email).toMatch(/^[a-z0-9._]+@example\.(com|org|net)$/)
})

test('every birth date is a day of the calendar before the population day', () => {
  for (const { birthDate } of sample) {
    const [year = 0, month = 0, day = 0] = birthDate.split('-').map(Number)
    expect(isCalendarDay(year, month, day)).toBe(true)
    expect(year).toBeLessThan(2026)
    expect(year).toBeGreaterThan(1915)
  }
})

test('ages, sexes and origins are roughly those of the United States', () => {
  expect(share((one) => ageIn(2026, one) < 18)).toBeGreaterThan(0.17)
  expect(share((one) => ageIn(2026, one) < 18)).toBeLessThan(0.33)
  expect(share((one) => ageIn(2026, one) >= 65)).toBeGreaterThan(0.09)
  expect(share((one) => ageIn(2026, one) >= 65)).toBeLessThan(0.24)
  expect(share((one) => one.sex === 'F')).toBeGreaterThan(0.46)
  expect(share((one) => one.sex === 'F')).toBeLessThan(0.56)
  expect(share((one) => one.sex === 'O' || one.sex === 'U')).toBeLessThan(0.015)
  expect(share((one) => one.race.code === '2106-3')).toBeGreaterThan(0.6)
  expect(share((one) => one.ethnicity.code === '2135-2')).toBeGreaterThan(0.07)
  expect(share((one) => one.family === 'Smith')).toBeLessThan(0.03)
})

test('people who share a household share address and landline, and mostly the surname', () => {
  const byHousehold = Map.groupBy(sample, (one) => one.household)
  const pairs = [...byHousehold.values()].filter((members) => members.length > 1)
  for (const members of pairs)
    expect(new Set(members.map((one) => one.address.line1 + one.address.postalCode)).size).toBe(1)
  const sameName =
    pairs.filter((members) => new Set(members.map((one) => one.family)).size === 1).length / pairs.length
  expect(sameName).toBeGreaterThan(0.5)
})

test('there are twins, born on one day in one household', () => {
  const second = sample.filter((one) => one.birthOrder === 2)
  expect(second.length).toBeGreaterThan(10)
  for (const twin of second) {
    const first = sample.find(
      (one) => one.household === twin.household && one.birthOrder === 1 && one.birthDate === twin.birthDate,
    )
    expect(first?.given).not.toBe(twin.given)
    expect(first).toBeDefined()
  }
})

test('a junior lives with a father of the same name', () => {
  const juniors = sample.filter(
    (one) => one.suffix === 'Jr' && ageIn(2026, one) < 24 && one.nextOfKin?.relation !== 'CHD',
  )
  expect(juniors.length).toBeGreaterThan(5)
  for (const junior of juniors) {
    expect(
      sample.some(
        (one) =>
          one.household === junior.household &&
          one.n !== junior.n &&
          one.given === junior.given &&
          one.family === junior.family,
      ),
    ).toBe(true)
  }
})

test('names come with hyphens, apostrophes, accents and two words', () => {
  for (const form of [/-/, /'/, /[áéíóúñ]/i, / /])
    expect(sample.some((one) => form.test(one.family))).toBe(true)
})

test('a dependant is insured by somebody of the household under a number with their own ending', () => {
  const dependants = sample.filter((one) => one.coverage.some((policy) => policy.relation !== 'self'))
  expect(dependants.length).toBeGreaterThan(500)
  for (const one of dependants) {
    for (const policy of one.coverage) {
      const holder = personAt(SEED, policy.subscriber)
      expect(holder.household).toBe(one.household)
      const own = holder.coverage.find((other) => other.payer.id === policy.payer.id)
      if (own !== undefined) expect(own.memberId.slice(0, -2)).toBe(policy.memberId.slice(0, -2))
    }
  }
})

test('the primary provider works at the clinic of the town and sees that age', () => {
  for (const one of sample.slice(0, 3000)) {
    const provider = PROVIDERS.find((other) => other.id === one.primaryProvider)
    expect(provider?.clinic).toBe(one.clinic)
    if (provider?.sees === 'children') expect(ageIn(2026, one)).toBeLessThan(18)
  }
})
