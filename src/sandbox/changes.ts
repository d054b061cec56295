import { drawCommercial, memberId } from './payers.ts'
import { drawAddress, drawTown, fictionalPhone } from './places.ts'
import type { SyntheticPerson } from './population.ts'
import { frequencies, randomFor } from './random.ts'

const KINDS = frequencies([
  ['mobile', 34],
  ['address', 24],
  ['email', 16],
  ['coverage', 12],
  ['landline', 6],
  ['marital', 4],
  ['work', 4],
] as const)

/** What somebody tells the front desk has changed: the fields with their new values. Pure by `key`. */
export function drawChange(seed: number, person: SyntheticPerson, key: string): Partial<SyntheticPerson> {
  const random = randomFor(seed, 'change', person.n, key)
  const areaCode = person.phoneHome?.slice(2, 5) ?? (person.address.state === 'IN' ? '812' : '217')
  switch (random.draw(KINDS)) {
    case 'mobile':
      return { phoneMobile: fictionalPhone(random, areaCode) }
    case 'landline':
      // Landlines are mostly given up.
      return { phoneHome: random.chance(0.7) ? null : fictionalPhone(random, areaCode) }
    case 'work':
      return { phoneWork: fictionalPhone(random, areaCode) }
    case 'email':
      return {
        email: `${person.given.toLowerCase().replace(/[^a-z]/g, '') || 'mail'}${random.between(100, 9999)}@example.org`,
      }
    case 'marital':
      return { maritalStatus: person.maritalStatus === 'M' ? 'D' : 'M' }
    case 'address':
      return { address: drawAddress(random, drawTown(random)) }
    case 'coverage': {
      const payer = drawCommercial(random, person.address.state)
      const [old] = person.coverage
      const next = {
        payer,
        memberId: memberId(random, payer, 0),
        groupNumber: `${payer.planId.slice(0, 2)}${random.between(7100, 7400)}`,
        groupName: null,
        subscriber: person.n,
        relation: 'self',
        from: old?.from ?? '2025-01-01',
      } as const
      return { coverage: [next, ...person.coverage.slice(1)] }
    }
  }
}
