import type { CalendarDate } from '../kernel/calendar-date.ts'
import { ageIn, memberAt, POPULATION_YEAR, yearOf, type Household, type Member } from './households.ts'
import {
  drawCommercial,
  MEDICARE,
  MEDICARE_ADVANTAGE,
  medicaidOf,
  memberId,
  SUPPLEMENT,
  type Payer,
} from './payers.ts'
import { randomFor, type Random } from './random.ts'

export interface Coverage {
  readonly payer: Payer
  readonly memberId: string
  readonly groupNumber: string | null
  readonly groupName: string | null
  /** Number of the person who holds the policy. */
  readonly subscriber: number
  readonly relation: 'self' | 'spouse' | 'child' | 'other'
  readonly from: CalendarDate
}

/** The policies of a member of a household, the first payer first. */
export function coverageOf(seed: number, household: Household, place: number): Coverage[] {
  const member = memberAt(household, place)
  const own = randomFor(seed, 'coverage', household.first, place)
  if (ageIn(POPULATION_YEAR, member) >= 65) return medicareOf(own, household.first + place, member)
  const policy = householdPolicy(seed, household)
  const dependant = member.role === 'spouse' || member.role === 'child'
  if (policy === null) return dependant && member.role === 'child' ? [medicaid(own, household, place)] : []
  if (household.insured === 'medicaid') return [medicaid(own, household, place)]
  if (!dependant && member.role !== 'head') return own.chance(0.6) ? [ownPolicy(own, household, place)] : []
  const relation = member.role === 'head' ? 'self' : member.role === 'spouse' ? 'spouse' : 'child'
  return [
    { ...policy, memberId: `${policy.memberId.slice(0, -2)}${String(place).padStart(2, '0')}`, relation },
  ]
}

/** The policy of the household's head under 65, on which spouse and children depend. */
function householdPolicy(seed: number, household: Household): Coverage | null {
  if (household.insured === 'none') return null
  const random = randomFor(seed, 'policy', household.first)
  return ownPolicy(random, household, 0)
}

const GROUPS = [
  'SYNTHETIC FOUNDRY',
  'EXAMPLE SCHOOLS',
  'SAMPLE LOGISTICS',
  'PLACEHOLDER GRAIN',
  'IMAGINARY STEEL',
  'MODEL CITY HALL',
]

function ownPolicy(random: Random, household: Household, place: number): Coverage {
  const payer = drawCommercial(random, household.town.state)
  const group = random.below(GROUPS.length)
  const from: CalendarDate = `${random.between(2019, 2025)}-01-01`
  const groupNumber = `${payer.planId.slice(0, 2)}${String(7100 + group * 37)}`
  return {
    payer,
    memberId: memberId(random, payer, place),
    groupNumber,
    groupName: GROUPS[group] ?? null,
    subscriber: household.first + place,
    relation: 'self',
    from,
  }
}

function medicaid(random: Random, household: Household, place: number): Coverage {
  const payer = medicaidOf(household.town.state)
  return {
    payer,
    memberId: memberId(random, payer, 0),
    groupNumber: null,
    groupName: null,
    subscriber: household.first + place,
    relation: 'self',
    from: `${random.between(2020, 2025)}-07-01`,
  }
}

function medicareOf(random: Random, subscriber: number, member: Member): Coverage[] {
  const from: CalendarDate = `${yearOf(member.birthDate) + 65}${member.birthDate.slice(4, 7)}-01`
  const none = { groupNumber: null, groupName: null, subscriber, relation: 'self', from } as const
  if (random.chance(0.45))
    return [{ payer: MEDICARE_ADVANTAGE, memberId: memberId(random, MEDICARE_ADVANTAGE, 0), ...none }]
  const medicare = { payer: MEDICARE, memberId: memberId(random, MEDICARE, 0), ...none }
  return random.chance(0.5)
    ? [medicare, { payer: SUPPLEMENT, memberId: memberId(random, SUPPLEMENT, 0), ...none }]
    : [medicare]
}
