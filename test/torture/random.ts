/** A small generator of numbers (mulberry32), so that a run can be told by its seed. */
export interface Random {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number
  /** True this often, from 0 to 1. */
  chance(share: number): boolean
}

export function openRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { below: (below) => Math.floor(next() * below), chance: (share) => next() < share }
}
