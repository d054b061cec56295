import { expect, test } from 'vitest'
import { vitalSignsRequest } from '../../../contract/outbound.ts'
import { doubtsOf, emptyDraft, faultsOf, PRESSURE, signsOf, type Draft } from './vital-signs-model.ts'

const draft = (values: Record<string, string>, more: Partial<Draft> = {}): Draft => ({
  ...emptyDraft,
  values,
  ...more,
})

test('a height of 180.0 cm keeps its digit', () => {
  expect(signsOf(draft({ '8302-2': ' 180.0 ' }))).toEqual([{ code: '8302-2', value: '180.0', unit: 'cm' }])
})

test('what is sent is what the contract takes, in the unit that is filed', () => {
  const signs = signsOf(
    draft(
      { '8310-5': '98,6', '29463-7': '' },
      { units: { '8310-5': '[degF]' }, systolic: '120', diastolic: '80' },
    ),
  )
  expect(signs).toEqual([
    { code: '8310-5', value: '37.0', unit: 'Cel' },
    { code: PRESSURE, systolic: '120', diastolic: '80', unit: 'mm[Hg]' },
  ])
  expect(vitalSignsRequest.safeParse({ taken_at: '2026-11-20T15:00:00Z', signs }).success).toBe(true)
})

test('inches and pounds are filed as centimetres and kilograms, a newborn to ten grams', () => {
  const filed = (pounds: string) =>
    signsOf(
      draft({ '8302-2': '70', '29463-7': pounds }, { units: { '8302-2': '[in_i]', '29463-7': '[lb_av]' } }),
    ).map(({ value, unit }) => [value, unit])
  expect(filed('165')).toEqual([
    ['177.8', 'cm'],
    ['74.8', 'kg'],
  ])
  expect(filed('7.25')[1]).toEqual(['3.29', 'kg'])
})

test('an unusual value is a doubt and no fault', () => {
  const tall = draft({ '8302-2': '18.0' })
  expect(faultsOf(tall)).toEqual({})
  expect(doubtsOf(tall)['8302-2']).toContain('Unusual')
  expect(doubtsOf(draft({ '8310-5': '98.6' }))['8310-5']).toContain('Is the unit right?')
  expect(doubtsOf(draft({ '8310-5': '98.6' }, { units: { '8310-5': '[degF]' } }))).toEqual({})
})

test('what is no number, or half a blood pressure, is a fault', () => {
  expect(faultsOf(draft({ '8867-4': 'fast' }))['8867-4']).toBeDefined()
  expect(faultsOf(draft({}, { systolic: '120' }))[PRESSURE]).toBe('Both values are needed')
  expect(doubtsOf(draft({}, { systolic: '80', diastolic: '120' }))[PRESSURE]).toContain('swapped')
})
