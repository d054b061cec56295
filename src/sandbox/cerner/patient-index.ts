import { setImmediate as immediate } from 'node:timers/promises'
import { pastOf } from '../history.ts'
import { unaccented } from '../names.ts'
import type { SyntheticPerson } from '../population.ts'
import { chanceFor, randomFor, shuffled } from '../random.ts'
import { DAY_MS } from '../practice-calendar.ts'
import type { World } from '../world.ts'

/**
 * Every record of a person that the hospital keeps: the person `n`, or the mistaken second registration of `n` as
 * `n + TWIN`.
 */
export type Card = number
export const TWIN = 1_000_000_000

/** What a search for patients asks; every given member has to hold. */
export interface Wanted {
  readonly mrn?: string
  readonly cmrn?: string
  readonly ssn?: string
  /** Beginning of any part of the name. */
  readonly name?: string
  readonly family?: string
  readonly given?: string
  /** Whole words instead of beginnings. */
  readonly exact?: boolean
  readonly birthFrom?: string
  readonly birthTo?: string
  /** Ten digits. */
  readonly phone?: string
  readonly email?: string
  readonly postalCode?: string
  readonly sex?: string
}

export interface PatientIndex {
  /** Number of the person with this PERSON_ID, undefined for nobody and for second registrations. */
  numberOf(personId: string): number | undefined
  cardOf(personId: string): Card | undefined
  person(card: Card): SyntheticPerson | undefined
  /** The record that a second registration was merged into, where it was. */
  mergedInto(card: Card): number | undefined
  find(wanted: Wanted, limit: number): readonly Card[]
  /** A person became known or changed. */
  touch(n: number): void
  /** Takes in a person beyond the population, and gives the number. */
  admit(change: Partial<SyntheticPerson>): number
  /** How many persons there are, the admitted included. */
  size(): number
  registeredAt(n: number): number
  warm(): Promise<void>
}

const NUMBERS = 90_000_000
/** Share of persons registered twice, as the history draws it. */
const REGISTERED_TWICE = 0.012

export function openPatientIndex(world: World, openedAt: number): PatientIndex {
  const { cast } = world
  const personNumber = inverse('person_id', cast.seed)
  const mrnNumber = inverse('mrn', cast.seed)
  const cmrnNumber = inverse('cmrn', cast.seed)
  const given = new Map<string, number>()
  // Kept whole, so that a search need not draw each of them again.
  const changed = new Map<number, SyntheticPerson>()
  let admitted = 0
  let built: Built | null = null
  const size = (): number => cast.population + admitted
  const within = (n: number | undefined): number | undefined =>
    n !== undefined && n < size() ? n : undefined

  const numberOf = (personId: string): number | undefined => {
    const own = given.get(personId)
    if (own !== undefined) return own
    if (!/^\d{8}$/.test(personId)) return undefined
    const n = within(personNumber(Number(personId) - 10_000_000))
    // A person of the guide keeps the number that the guide gives.
    return n !== undefined && (n < cast.population || world.person(n).personId === personId) ? n : undefined
  }
  const twinOf = (personId: string): Card | undefined => {
    const n = /^2\d{8}$/.test(personId) ? numberOf(String(Number(personId) - 200_000_000)) : undefined
    return n !== undefined && isTwice(cast.seed, n) && pastTwin(n) !== null ? n + TWIN : undefined
  }
  const pastTwin = (n: number): { merged: boolean } | null => {
    if (n >= cast.population) return null
    const events = pastOf(cast, n, openedAt)
    if (!events.some((event) => event.kind === 'register_again')) return null
    return { merged: events.some((event) => event.kind === 'merge') }
  }
  const person = (card: Card): SyntheticPerson | undefined => {
    const n = within(card % TWIN)
    if (n === undefined) return undefined
    return card >= TWIN ? world.twinRecord(n) : world.person(n)
  }
  const mergedInto = (card: Card): number | undefined =>
    card >= TWIN && pastTwin(card - TWIN)?.merged === true ? card - TWIN : undefined
  const cards = function* (): Generator<Card> {
    for (let n = 0; n < cast.population; n += 1) {
      yield n
      if (isTwice(cast.seed, n) && pastTwin(n)?.merged === false) yield n + TWIN
    }
  }
  const index = (): Built => {
    if (built !== null) return built
    const making = startBuild()
    for (const card of cards()) making.add(card, person(card))
    return (built = making.end())
  }
  const candidates = (wanted: Wanted): Iterable<Card> => {
    const numbers = byNumber(wanted)
    if (numbers !== null) return numbers
    return index().lookUp(wanted)
  }
  const byNumber = ({ mrn, cmrn }: Wanted): Card[] | null => {
    if (mrn === undefined && cmrn === undefined) return null
    const found =
      mrn !== undefined
        ? mrnNumber(Number(mrn.slice(-8)) - 10_000_000)
        : cmrnNumber(Number(cmrn?.slice(1) ?? ''))
    const n = within(found)
    return n === undefined
      ? []
      : [n, ...(isTwice(cast.seed, n) && pastTwin(n)?.merged === false ? [n + TWIN] : [])]
  }

  return {
    numberOf,
    cardOf: (personId) => numberOf(personId) ?? twinOf(personId),
    person,
    mergedInto,
    find(wanted, limit) {
      const found = new Set<Card>()
      const test = (card: Card): void => {
        const one = person(card)
        if (one !== undefined && fits(one, wanted)) found.add(card)
      }
      for (const [n, one] of changed) if (fits(one, wanted)) found.add(n)
      for (const card of candidates(wanted)) {
        if (found.size > limit) break
        test(card)
      }
      return [...found]
    },
    touch: (n) => void changed.set(n, world.person(n)),
    admit(change) {
      const n = size()
      admitted += 1
      const person = world.amend(n, change)
      given.set(person.personId, n)
      changed.set(n, person)
      return n
    },
    size,
    registeredAt: (n) =>
      Date.UTC(new Date(openedAt).getUTCFullYear() - 1, 0, 2) +
      Math.floor(chanceFor(cast.seed, 'registered', n) * 60 * DAY_MS),
    async warm() {
      if (built !== null) return
      const making = startBuild()
      let done = 0
      for (const card of cards()) {
        making.add(card, person(card))
        if ((done += 1) % 2000 === 0) await immediate()
      }
      built ??= making.end()
    },
  }
}

const isTwice = (seed: number, n: number): boolean => randomFor(seed, 'twice', n).chance(REGISTERED_TWICE)

/**
 * Undoes the shuffle that gave persons their numbers: it is a step along a circle, so its way back is the step's
 * inverse modulo the circle.
 */
function inverse(key: string, seed: number): (value: number) => number | undefined {
  const forward = shuffled(NUMBERS, seed, key)
  const start = forward(0)
  const step = (forward(1) - start + NUMBERS) % NUMBERS
  const back = BigInt(inverseModulo(step, NUMBERS))
  return (value) =>
    Number.isInteger(value) && value >= 0 && value < NUMBERS
      ? Number((BigInt(value - start + NUMBERS) * back) % BigInt(NUMBERS))
      : undefined
}

function inverseModulo(a: number, modulus: number): number {
  let [r0, r1, s0, s1] = [a, modulus, 1, 0]
  while (r1 !== 0) {
    const q = Math.floor(r0 / r1)
    ;[r0, r1, s0, s1] = [r1, r0 - q * r1, s1, s0 - q * s1]
  }
  return ((s0 % modulus) + modulus) % modulus
}

// --- the index ---

interface Built {
  /** Cards that may fit; each is tested again. */
  lookUp(wanted: Wanted): Iterable<Card>
}

interface Row {
  readonly key: string
  readonly card: Card
}

function startBuild(): { add(card: Card, person: SyntheticPerson | undefined): void; end(): Built } {
  const families: Row[] = []
  const givens: Row[] = []
  const births: Row[] = []
  const phones: Row[] = []
  const emails: Row[] = []
  const zips: Row[] = []
  const socials: Row[] = []
  return {
    add(card, person) {
      if (person === undefined) return
      for (const key of [person.family, person.maiden])
        if (key !== null) families.push({ key: folded(key), card })
      for (const key of [person.given, person.middle])
        if (key !== null) givens.push({ key: folded(key), card })
      births.push({ key: person.birthDate, card })
      for (const key of phonesOf(person)) phones.push({ key, card })
      if (person.email !== null) emails.push({ key: person.email.toLowerCase(), card })
      zips.push({ key: person.address.postalCode, card })
      if (person.ssn !== null) socials.push({ key: person.ssn.replace(/-/g, ''), card })
    },
    end() {
      const lists = { families, givens, births, phones, emails, zips, socials }
      for (const list of Object.values(lists))
        list.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      return { lookUp: (wanted) => narrowest(lists, wanted) }
    },
  }
}

type Lists = Readonly<
  Record<'families' | 'givens' | 'births' | 'phones' | 'emails' | 'zips' | 'socials', readonly Row[]>
>

// The shortest list of candidates that any given member allows.
function narrowest(lists: Lists, wanted: Wanted): Iterable<Card> {
  const spans: [readonly Row[], number, number][] = []
  const prefix = (list: readonly Row[], key: string | undefined): void => {
    if (key !== undefined) spans.push([list, first(list, key), first(list, `${key}\uffff`)])
  }
  prefix(lists.socials, wanted.ssn)
  prefix(lists.families, wanted.family && folded(wanted.family))
  prefix(lists.givens, wanted.given && folded(wanted.given))
  prefix(lists.phones, wanted.phone)
  prefix(lists.emails, wanted.email?.toLowerCase())
  prefix(lists.zips, wanted.postalCode)
  if (wanted.birthFrom !== undefined || wanted.birthTo !== undefined)
    spans.push([
      lists.births,
      first(lists.births, wanted.birthFrom ?? ''),
      first(lists.births, `${wanted.birthTo ?? '9'}\uffff`),
    ])
  const [best] = spans.sort((a, b) => a[2] - a[1] - (b[2] - b[1]))
  if (best !== undefined) return cardsIn(...best)
  if (wanted.name === undefined) return cardsIn(lists.births, 0, lists.births.length)
  return eitherName(lists, folded(wanted.name))
}

function* cardsIn(list: readonly Row[], from: number, to: number): Generator<Card> {
  for (let i = from; i < to; i += 1) yield (list[i] as Row).card
}

function* eitherName(lists: Lists, name: string): Generator<Card> {
  // `name` is one word or several, in any order.
  const [word = ''] = name.split(/[\s,]+/)
  for (const list of [lists.families, lists.givens])
    yield* cardsIn(list, first(list, word), first(list, `${word}\uffff`))
}

function first(list: readonly Row[], key: string): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle]?.key ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

export const folded = (text: string): string => unaccented(text).toUpperCase()

/** The ten digits of an American number, whatever surrounds them. */
export const tenDigits = (text: string): string => text.replace(/\D/g, '').slice(-10)

const phonesOf = (person: SyntheticPerson): string[] =>
  [person.phoneHome, person.phoneMobile, person.phoneWork].flatMap((one) =>
    one === null ? [] : [tenDigits(one)],
  )

function fits(person: SyntheticPerson, wanted: Wanted): boolean {
  const word = (have: string | null, want: string): boolean =>
    have !== null &&
    (wanted.exact === true ? folded(have) === folded(want) : folded(have).startsWith(folded(want)))
  const any = (want: string | undefined, ...have: (string | null)[]): boolean =>
    want === undefined || have.some((one) => word(one, want))
  return (
    (wanted.mrn === undefined || person.mrn === wanted.mrn) &&
    (wanted.cmrn === undefined || person.cmrn === wanted.cmrn) &&
    (wanted.ssn === undefined || person.ssn?.replace(/-/g, '') === wanted.ssn) &&
    any(wanted.family, person.family, person.maiden) &&
    any(wanted.given, person.given, person.middle) &&
    (wanted.name ?? '')
      .split(/[\s,]+/)
      .every((part) => any(part === '' ? undefined : part, person.family, person.given, person.middle)) &&
    (wanted.birthFrom === undefined || person.birthDate >= wanted.birthFrom) &&
    (wanted.birthTo === undefined || person.birthDate <= wanted.birthTo) &&
    (wanted.phone === undefined || phonesOf(person).includes(wanted.phone)) &&
    (wanted.email === undefined || person.email?.toLowerCase() === wanted.email.toLowerCase()) &&
    (wanted.postalCode === undefined || person.address.postalCode.startsWith(wanted.postalCode)) &&
    (wanted.sex === undefined || person.sex === wanted.sex)
  )
}
