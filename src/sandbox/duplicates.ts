import { NICKNAMES, unaccented } from './names.ts'
import { duplicateMrn, type SyntheticPerson } from './population.ts'
import { randomFor, type Random } from './random.ts'

/**
 * What a hurried second registration of the same person looks like: another number, and one to three of the
 * small differences that keep two records apart (nickname, maiden name, typing slip, old phone, no SSN).
 */
export function duplicateRegistration(seed: number, person: SyntheticPerson): SyntheticPerson {
  const random = randomFor(seed, 'duplicate', person.n)
  const slip = random.below(4)
  const given =
    slip === 0
      ? (NICKNAMES[person.given] ?? person.given)
      : slip === 1
        ? transposed(random, person.given)
        : person.given
  return {
    ...person,
    personId: String(200_000_000 + Number(person.personId)),
    mrn: duplicateMrn(seed, person.n),
    cmrn: `2${person.cmrn.slice(1)}`,
    ssn: null,
    given: unaccented(given),
    middle: null,
    suffix: null,
    family: unaccented(slip === 2 && person.maiden !== null ? person.maiden : person.family),
    email: null,
    phoneHome: null,
    address:
      slip === 3
        ? {
            ...person.address,
            line1: person.address.line1.replace(/\bSt$/, 'Street').replace(/\bAve$/, 'Avenue'),
            line2: null,
          }
        : person.address,
  }
}

function transposed(random: Random, name: string): string {
  if (name.length < 4) return name
  const at = random.between(1, name.length - 3)
  return `${name.slice(0, at)}${name.charAt(at + 1)}${name.charAt(at)}${name.slice(at + 2)}`
}
