import { expect, test } from 'vitest'
import type { MetricsSummary } from '../../../contract/metrics.ts'
import { byConnection, column, draw, familyOf, flowOf, receivedOf } from './flow-layout.ts'
import { niceStep } from './minute-chart.tsx'

const channel = (id: string, state: 'up' | 'down', parked: number, kinds: [string, number][]) =>
  ({
    connection_id: id,
    state,
    parked,
    kinds: kinds.map(([kind, received]) => ({ kind, received })),
  }) as MetricsSummary['channels'][number]

test('messages of one type flow together, and parked ones to a person', () => {
  const { families, links } = flowOf([
    channel('one', 'up', 3, [
      ['ADT^A04', 10],
      ['ADT^A08', 20],
      ['ORU^R01', 5],
    ]),
    channel('two', 'down', 0, [['ORU^R01', 7]]),
  ])
  expect(families).toEqual([
    { family: 'ADT', amount: 30 },
    { family: 'ORU', amount: 12 },
  ])
  expect(links).toContainEqual({ from: 'one', to: 'person', amount: 3, tone: 'bad' })
  expect(links).toContainEqual({ from: 'two', to: 'ORU', amount: 7, tone: 'still' })
  expect(links).toContainEqual({ from: 'ORU', to: 'results', amount: 12, tone: 'flow' })
})

test('a type that nobody named is kept and shown as such', () => {
  expect(familyOf('ZZZ^Z01')).toBe('Other')
  expect(['Patient', 'Condition', 'Organization'].map(familyOf)).toEqual(['Patient', 'Chart', 'Other'])
})

test('a connection that pulls and calls is one, and its calls are not received', () => {
  const [pulled, called] = [
    channel('one', 'up', 1, [['Patient', 12]]),
    channel('one', 'up', 2, [['GET Patient', 3]]),
  ]
  const channels = [
    { ...called, direction: 'out' as const, received: 3, applied: 3 },
    { ...pulled, direction: 'in' as const, received: 12, applied: 11 },
  ] as MetricsSummary['channels']
  expect(byConnection(channels)).toMatchObject([
    { connection_id: 'one', received: 12, calls: 3, parked: 3, kinds: [{ kind: 'Patient', received: 12 }] },
  ])
  expect(receivedOf(channels)).toEqual({ received: 12, applied: 11 })
})

test('bands leave and reach their nodes without crossing at the edge', () => {
  const nodes = [...column(['a'], 0, 300, 60), ...column(['x', 'y'], 1, 300, 60)]
  const drawn = draw(
    [
      { from: 'a', to: 'y', amount: 4, tone: 'flow' },
      { from: 'a', to: 'x', amount: 1, tone: 'flow' },
    ],
    nodes,
    [0, 400],
    100,
  )
  const startOf = (to: string): number =>
    Number(/^M100 ([\d.]+)C/.exec(drawn.find((link) => link.to === to)?.path ?? '')?.[1])
  expect(startOf('x')).toBeLessThan(startOf('y'))
})

test('the scale of the chart climbs in ones, twos and fives', () => {
  expect([4, 30, 170, 900, 4_000].map(niceStep)).toEqual([2, 10, 100, 500, 2_000])
})
