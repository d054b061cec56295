import { expect, test } from 'vitest'
import { pastOf } from '../history.ts'
import { openWorld } from '../world.ts'
import { openPatientIndex, TWIN } from './patient-index.ts'

const NOW = Date.parse('2026-03-04T16:00:00Z')
const open = (population = 3000) => {
  const world = openWorld({ seed: 7, population })
  return { world, index: openPatientIndex(world, NOW) }
}

test('a PERSON_ID leads back to its person, and a number of nobody to none', () => {
  const { world, index } = open()
  for (let n = 0; n < 3000; n += 17) expect(index.numberOf(world.person(n).personId)).toBe(n)
  expect(index.numberOf(world.person(3000).personId)).toBeUndefined()
  expect(index.numberOf('abc')).toBeUndefined()
})

test('a medical record number finds its person alone', () => {
  const { world, index } = open()
  for (let n = 0; n < 3000; n += 113) {
    expect(index.find({ mrn: world.person(n).mrn }, 10)).toEqual([n])
    expect(index.find({ cmrn: world.person(n).cmrn }, 10)).toContain(n)
  }
  expect(index.find({ mrn: '00000000' }, 10)).toEqual([])
})

test('second registrations are those of the history, with a record of their own until they are merged', () => {
  const { world, index } = open()
  let merged = 0
  for (let n = 0; n < 3000; n += 1) {
    const past = pastOf(world.cast, n, NOW)
    const twice = past.some(({ kind }) => kind === 'register_again')
    const twin = world.twinRecord(n)
    expect(index.cardOf(twin.personId)).toBe(twice ? n + TWIN : undefined)
    if (!twice) continue
    const into = past.some(({ kind }) => kind === 'merge') ? n : undefined
    merged += into === undefined ? 0 : 1
    expect(index.mergedInto(n + TWIN)).toBe(into)
    expect(index.find({ mrn: twin.mrn }, 10)).toEqual(into === undefined ? [n + TWIN] : [])
  }
  expect(merged).toBeGreaterThan(3)
})

test('a search finds whom a look at everyone finds', () => {
  const { world, index } = open(1500)
  const everyone = Array.from({ length: 1500 }, (_, n) => world.person(n))
  const numbers = (found: readonly number[]): number[] => found.filter((n) => n < TWIN).sort((a, b) => a - b)
  const smi = everyone.filter(({ family, maiden }) =>
    [family, maiden].some((one) => one?.toUpperCase().startsWith('SM')),
  )
  expect(numbers(index.find({ family: 'sm' }, 5000))).toEqual(smi.map(({ n }) => n))
  const spring = everyone.filter(({ birthDate }) => birthDate >= '1980-03-01' && birthDate <= '1981-05-31')
  expect(numbers(index.find({ birthFrom: '1980-03-01', birthTo: '1981-05-31' }, 5000))).toEqual(
    spring.map(({ n }) => n),
  )
  const women = spring.filter(({ sex }) => sex === 'F')
  expect(numbers(index.find({ birthFrom: '1980-03-01', birthTo: '1981-05-31', sex: 'F' }, 5000))).toEqual(
    women.map(({ n }) => n),
  )
  const [one] = everyone
  expect(index.find({ name: `${one?.given ?? ''} ${one?.family ?? ''}` }, 5000)).toContain(0)
})

test('a person who changed is found by the new value and no more by the old', () => {
  const { world, index } = open(500)
  const old = world.person(12).phoneMobile?.slice(2) ?? ''
  index.find({ family: 'A' }, 10)
  world.amend(12, { phoneMobile: '+12175550142', family: 'Zzyzyx' })
  index.touch(12)
  expect(index.find({ phone: '2175550142' }, 10)).toContain(12)
  expect(index.find({ family: 'zzyz' }, 10)).toEqual([12])
  expect(index.find({ phone: old, family: 'zzyz' }, 10)).toEqual([])
})

test('warming a piece at a time finds the same', async () => {
  const { index } = open(500)
  const cold = open(500).index.find({ postalCode: '627' }, 1000)
  await index.warm()
  expect(index.find({ postalCode: '627' }, 1000)).toEqual(cold)
})
