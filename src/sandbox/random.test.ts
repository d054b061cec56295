import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frequencies, randomFor, shuffled } from './random.ts'

test('the same key gives the same numbers on every machine', () => {
  const random = randomFor(7, 'person', 42)
  expect([random.below(1_000_000), random.below(1_000_000), random.below(1_000_000)]).toEqual(GOLDEN)
})

const GOLDEN = [981_133, 925_554, 583_567]

test('keys that differ only in where one part ends give different numbers', () => {
  expect(randomFor('ab', 'c').next()).not.toBe(randomFor('a', 'bc').next())
})

test('a shuffle holds every number once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer(), (size, seed) => {
      const place = shuffled(size, seed, 'any')
      const seen = new Set(Array.from({ length: size }, (_, i) => place(i)))
      expect(seen.size).toBe(size)
      expect(Math.max(...seen)).toBe(size - 1)
    }),
  )
})

test('a shuffle of a hundred million stays exact', () => {
  const place = shuffled(90_000_000, 1, 'big')
  const seen = new Set(Array.from({ length: 5000 }, (_, i) => place(89_995_000 + i)))
  expect(seen.size).toBe(5000)
  expect([...seen].every((n) => Number.isInteger(n) && n >= 0 && n < 90_000_000)).toBe(true)
})

test('a frequency table is drawn from in proportion', () => {
  const table = frequencies([
    ['common', 9],
    ['rare', 1],
  ])
  const random = randomFor(1, 'draws')
  const rare = Array.from({ length: 20_000 }, () => random.draw(table)).filter((one) => one === 'rare').length
  expect(rare / 20_000).toBeCloseTo(0.1, 1)
})

test('normal deviates have mean 0 and deviation 1', () => {
  const random = randomFor(2, 'normal')
  const values = Array.from({ length: 20_000 }, () => random.normal())
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length
  expect(Math.abs(mean)).toBeLessThan(0.05)
  expect(Math.abs(variance - 1)).toBeLessThan(0.05)
})
