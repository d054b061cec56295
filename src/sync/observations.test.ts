import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OBSERVATION_STATUS } from '../model/values.ts'
import type { Observation, ObservationStatus } from '../model/values.ts'
import { mergeObservations } from './observations.ts'

const line = (status: ObservationStatus, value: string, hour: number, key = 'LN|718-7|'): Observation => ({
  key,
  code: { code: '718-7', system: 'LN' },
  status,
  quantity: { value },
  reported_at: `2026-03-10T${String(hour).padStart(2, '0')}:00:00.000Z`,
})
const newer = { isNewer: true }
const story = (...versions: Observation[]): Observation[] =>
  versions.reduce<Observation[]>((stored, version) => mergeObservations(stored, [version], newer), [])
const shown = ([current]: Observation[]) => [current?.status, current?.quantity?.value]
const before = ([current]: Observation[]) =>
  current?.previous?.map(({ status, quantity }) => [status, quantity?.value])

describe('results of one report over time', () => {
  test('a final result replaces a preliminary one and leaves no trace of it', () => {
    const merged = story(line('preliminary', '5', 8), line('final', '6', 9))
    expect(shown(merged)).toEqual(['final', '6'])
    expect(before(merged)).toBeUndefined()
  })

  test('a late preliminary result does not replace a final one, even with a newer time', () => {
    expect(shown(story(line('final', '6', 9), line('preliminary', '5', 10)))).toEqual(['final', '6'])
  })

  test('a correction is a new version, and the old one is kept', () => {
    const merged = story(line('final', '6', 9), line('corrected', '7', 10))
    expect(shown(merged)).toEqual(['corrected', '7'])
    expect(before(merged)).toEqual([['final', '6']])
  })

  test('a correction may come before what it corrects', () => {
    const merged = story(line('corrected', '7', 10), line('final', '6', 9))
    expect(shown(merged)).toEqual(['corrected', '7'])
    expect(before(merged)).toEqual([['final', '6']])
  })

  test('two corrections go by when they were reported', () => {
    const [first, second] = [line('corrected', '7', 10), line('corrected', '8', 11)]
    expect(shown(story(first, second))).toEqual(['corrected', '8'])
    expect(story(second, first)).toEqual(story(first, second))
  })

  test('a deleted result is kept as an error, with what it said', () => {
    const merged = story(line('final', '6', 9), line('entered-in-error', '6', 10))
    expect(shown(merged)).toEqual(['entered-in-error', '6'])
    expect(before(merged)).toEqual([['final', '6']])
  })

  test('the same value with the same status is no new version', () => {
    const stored = story(line('final', '6', 9))
    expect(mergeObservations(stored, [line('final', '6', 9)], newer)[0]).toBe(stored[0])
    const later = mergeObservations(stored, [line('final', '6', 10)], newer)
    expect(before(later)).toBeUndefined()
    expect(later[0]?.reported_at).toBe('2026-03-10T10:00:00.000Z')
  })

  test('"status only" keeps the value that was reported before', () => {
    const { quantity: _none, ...statusOnly } = line('final', '', 9)
    expect(shown(mergeObservations(story(line('preliminary', '5', 8)), [statusOnly], newer))).toEqual([
      'final',
      '5',
    ])
  })

  test('lines without a time of their own go by the message', () => {
    const bare = (status: ObservationStatus, value: string): Observation => {
      const { reported_at: _none, ...rest } = line(status, value, 0)
      return rest
    }
    const stored = [bare('final', '6')]
    expect(shown(mergeObservations(stored, [bare('final', '7')], { isNewer: true }))).toEqual(['final', '7'])
    expect(shown(mergeObservations(stored, [bare('final', '7')], { isNewer: false }))).toEqual(['final', '6'])
  })

  test('lines of other results are left as they are, and new ones come after them', () => {
    const stored = [line('final', '1', 8, 'A'), line('final', '2', 8, 'B')]
    const merged = mergeObservations(
      stored,
      [line('final', '3', 9, 'C'), line('corrected', '9', 9, 'A')],
      newer,
    )
    expect(merged.map(({ key }) => key)).toEqual(['A', 'B', 'C'])
    expect(merged[1]).toBe(stored[1])
  })

  test('any order of arrival ends in one state', () => {
    const statuses = Object.values(OBSERVATION_STATUS)
    const versions = fc.uniqueArray(
      fc.record({
        status: fc.constantFrom(...statuses),
        value: fc.constantFrom('5', '6', '7'),
        hour: fc.nat({ max: 23 }),
      }),
      { selector: ({ hour }) => hour, maxLength: 7 },
    )
    const shuffled = versions.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([inOrder, mixed]) => {
        const end = (all: typeof inOrder) => story(...all.map((v) => line(v.status, v.value, v.hour)))
        expect(end(mixed)).toEqual(end(inOrder))
      }),
      { numRuns: 1000 },
    )
  })
})
