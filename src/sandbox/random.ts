/**
 * Seeded randomness for synthetic data.
 *
 * Everything here is integer arithmetic or IEEE 754 `+ - * /`, so one seed gives one population on every
 * version of Node: `Math.exp`, `Math.log` and `Math.pow` may differ in the last bit and are not used.
 */
export type Key = string | number

export interface Random {
  /** A number from 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  draw<T>(table: Frequencies<T>): T
  /** Close to a normal deviate with mean 0 and deviation 1, never beyond ±6 (sum of twelve uniforms). */
  normal(): number
}

/** Values with their cumulative weights. */
export interface Frequencies<T> {
  readonly values: readonly T[]
  readonly upTo: readonly number[]
  readonly total: number
}

export function frequencies<T>(pairs: readonly (readonly [T, number])[]): Frequencies<T> {
  let total = 0
  const upTo = pairs.map(([, weight]) => (total += weight))
  return { values: pairs.map(([value]) => value), upTo, total }
}

/** A table whose weights fall with rank as names do (Zipf and Mandelbrot): 1 / (rank + flatness). */
export const ranked = <T>(values: readonly T[], flatness = 8): Frequencies<T> =>
  frequencies(values.map((value, rank) => [value, 1 / (rank + flatness)] as const))

/** A random source for one thing: the same key always gives the same numbers. */
export function randomFor(...key: Key[]): Random {
  let [a, b, c, counter] = mix(key)
  // sfc32: 128 bits of state, passes PractRand; see Chris Doty-Humphrey's PractRand documentation.
  const next32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let round = 0; round < 8; round += 1) next32()
  const next = (): number => next32() / 4_294_967_296
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => next() < probability,
    pick: (list) => at(list, below(list.length)),
    draw: (table) => drawFrom(table, next() * table.total),
    normal: () => {
      let sum = -6
      for (let i = 0; i < 12; i += 1) sum += next()
      return sum
    },
  }
}

/** One number from 0 up to 1 for a key, where a whole source would be too much. */
export const chanceFor = (...key: Key[]): number => (mix(key)[0] >>> 0) / 4_294_967_296

/**
 * A one-to-one shuffle of 0 … size − 1: the `index`-th place holds each number once. With it a walk over the
 * population needs no memory of who was seen.
 */
export function shuffled(size: number, ...key: Key[]): (index: number) => number {
  const random = randomFor('shuffle', ...key)
  let step = 1 + random.below(Math.max(1, size - 1))
  while (greatestCommonDivisor(step, size) !== 1) step += 1
  const start = random.below(size)
  return (index) => (start + multiplyModulo(index % size, step, size)) % size
}

function drawFrom<T>(table: Frequencies<T>, point: number): T {
  let low = 0
  let high = table.upTo.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((table.upTo[middle] ?? 0) > point) high = middle
    else low = middle + 1
  }
  return at(table.values, low)
}

function at<T>(list: readonly T[], index: number): T {
  if (list.length === 0) throw new RangeError('an empty list has nothing to pick')
  return list[index] as T
}

/** 128 bits from a key (MurmurHash3's finisher over four lanes). */
function mix(key: readonly Key[]): [number, number, number, number] {
  let h1 = 0x9e3779b9
  let h2 = 0x243f6a88
  let h3 = 0xb7e15162
  let h4 = 0x6a09e667
  const absorb = (word: number): void => {
    h1 = Math.imul(h1 ^ word, 0x85ebca6b) ^ (h2 >>> 13)
    h2 = Math.imul(h2 ^ word, 0xc2b2ae35) ^ (h3 >>> 16)
    h3 = Math.imul(h3 ^ word, 0x27d4eb2f) ^ (h4 >>> 15)
    h4 = Math.imul(h4 ^ word, 0x165667b1) ^ (h1 >>> 14)
  }
  for (const part of key) {
    if (typeof part === 'number') {
      absorb(part | 0)
      absorb(Math.floor(part / 4_294_967_296) | 0)
    } else {
      for (let i = 0; i < part.length; i += 1) absorb(part.charCodeAt(i))
    }
    absorb(0x5bd1e995) // ends the part, so that ('ab', 'c') and ('a', 'bc') differ
  }
  return [finish(h1 ^ h4), finish(h2 ^ h1), finish(h3 ^ h2), finish(h4 ^ h3)]
}

function finish(word: number): number {
  let w = word
  w = Math.imul(w ^ (w >>> 16), 0x85ebca6b)
  w = Math.imul(w ^ (w >>> 13), 0xc2b2ae35)
  return w ^ (w >>> 16)
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b)

// Sizes stay below 2^26 in practice, where the product is exact; beyond that BigInt keeps it so.
const multiplyModulo = (a: number, b: number, size: number): number =>
  size < 67_108_864 ? (a * b) % size : Number((BigInt(a) * BigInt(b)) % BigInt(size))
