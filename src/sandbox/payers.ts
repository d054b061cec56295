import { frequencies, type Random } from './random.ts'

/** A health plan. All are invented but Medicare and Medicaid, which are programmes; ids are not real payer ids. */
export interface Payer {
  readonly id: string
  readonly name: string
  readonly plan: string
  readonly planId: string
  readonly kind: 'commercial' | 'medicare' | 'medicaid' | 'supplement' | 'self_pay'
  /** HL7 table 0064, PV1-20. */
  readonly financialClass: string
  readonly address: {
    readonly line1: string
    readonly city: string
    readonly state: string
    readonly postalCode: string
  }
  readonly phone: string
  readonly memberPrefix: string
}

// prettier-ignore
export const PAYERS: readonly Payer[] = [
  payer('SYN01', 'BLUE PRAIRIE',           'PPO FAMILY',     'BP100', 'commercial', 'B', 'BPX', 'Springfield',   'IL', '62701', 1),
  payer('SYN02', 'HEARTLAND MUTUAL',       'CHOICE HMO',     'HM210', 'commercial', 'C', 'HMM', 'Peoria',        'IL', '61604', 2),
  payer('SYN03', 'LINCOLN TRAIL HEALTH',   'STATE EMPLOYEE', 'LT330', 'commercial', 'C', 'LTH', 'Springfield',   'IL', '62702', 3),
  payer('SYN04', 'CORNERSTONE BENEFIT',    'HIGH DEDUCTIBLE','CB075', 'commercial', 'C', 'CBX', 'Bloomington',   'IL', '61701', 4),
  payer('SYN05', 'WABASH VALLEY CARE',     'SELECT EPO',     'WV120', 'commercial', 'C', 'WVC', 'Terre Haute',   'IN', '47807', 5),
  payer('SYN06', 'THREE RIVERS TRUST',     'UNION PLAN',     'TR440', 'commercial', 'C', 'TRT', 'Saint Louis',   'MO', '63109', 6),
  payer('SYN20', 'MEDICARE',               'PART B',         'MCRB',  'medicare',   'M', '',    'Springfield',   'IL', '62701', 7),
  payer('SYN21', 'SILVER PRAIRIE',         'ADVANTAGE PLUS', 'SP065', 'medicare',   'M', 'SPA', 'Decatur',       'IL', '62522', 8),
  payer('SYN30', 'MEDICAID ILLINOIS',      'STANDARD',       'MCDIL', 'medicaid',   'D', '',    'Springfield',   'IL', '62701', 9),
  payer('SYN31', 'MEDICAID INDIANA',       'STANDARD',       'MCDIN', 'medicaid',   'D', '',    'Terre Haute',   'IN', '47807', 10),
  payer('SYN40', 'GOLDEN ACRE SUPPLEMENT', 'PLAN G',         'GA00G', 'supplement', 'C', 'GAS', 'Peoria',        'IL', '61614', 11),
]

function payer(
  id: string,
  name: string,
  plan: string,
  planId: string,
  kind: Payer['kind'],
  financialClass: string,
  memberPrefix: string,
  city: string,
  state: string,
  postalCode: string,
  number: number,
): Payer {
  const phone = `+18005550${100 + number}`
  const address = { line1: `${100 + number * 10} Fictional Plaza`, city, state, postalCode }
  return { id, name, plan, planId, kind, financialClass, memberPrefix, address, phone }
}

const byId = (id: string): Payer => PAYERS.find((one) => one.id === id) as Payer
export const MEDICARE = byId('SYN20')
export const MEDICARE_ADVANTAGE = byId('SYN21')
export const SUPPLEMENT = byId('SYN40')

const COMMERCIAL_IL = frequencies([
  [byId('SYN01'), 38],
  [byId('SYN02'), 20],
  [byId('SYN03'), 22],
  [byId('SYN04'), 13],
  [byId('SYN06'), 7],
])
const COMMERCIAL_IN = frequencies([
  [byId('SYN05'), 55],
  [byId('SYN01'), 20],
  [byId('SYN04'), 15],
  [byId('SYN06'), 10],
])

export const drawCommercial = (random: Random, state: string): Payer =>
  random.draw(state === 'IN' ? COMMERCIAL_IN : COMMERCIAL_IL)
export const medicaidOf = (state: string): Payer => byId(state === 'IN' ? 'SYN31' : 'SYN30')

/** A member number in the manner of the plan; `dependant` 0 is the subscriber. */
export function memberId(random: Random, of: Payer, dependant: number): string {
  if (of.id === 'SYN20') return medicareId(random)
  const digits = String(random.between(100_000_000, 999_999_999))
  if (of.kind === 'medicaid') return digits
  return `${of.memberPrefix}${digits}${of.kind === 'commercial' ? String(dependant).padStart(2, '0') : ''}`
}

// A Medicare Beneficiary Identifier never has S, L, O, I, B or Z. The S in second place keeps these from being one.
function medicareId(random: Random): string {
  const letter = (): string => random.pick([...'ACDEFGHJKMNPQRTUVWXY'])
  const digit = (): number => random.below(10)
  return `${random.between(1, 9)}S${digit()}${digit()}${letter()}${digit()}${digit()}${letter()}${letter()}${digit()}${digit()}`
}
