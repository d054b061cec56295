import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, ruleOf } from './rules.ts'
import type { Rule, RuleSettings, Verdict } from './rules.ts'
import { equal, meetingOf, threeWay } from './three-way.ts'

const value = fc.constantFrom(null, 'a', 'b', 'c', true, '2026-03-08T08:00:00Z', '2026-03-08T08:00:00.000Z')
const side = fc.dictionary(fc.constantFrom('start_time', 'end_time', 'phone_home', 'email'), value)
const sides = fc.record({ before: side, ours: side, theirs: side })
const verdicts: Verdict[] = ['ours', 'theirs', 'ask']

test('a change that one side alone made stands, whoever made it', () => {
  fc.assert(
    fc.property(sides, (given) => {
      const { values, send, decided } = threeWay(given, () => 'ask')
      for (const field of Object.keys(values)) {
        const meeting = meetingOf({
          before: given.before[field],
          ours: given.ours[field],
          theirs: given.theirs[field],
        })
        if (meeting === 'ours') expect(equal(values[field], given.ours[field])).toBe(true)
        if (meeting === 'theirs') expect(equal(values[field], given.theirs[field])).toBe(true)
        expect(send.includes(field)).toBe(meeting === 'ours')
        expect(decided.some((one) => one.field === field)).toBe(meeting === 'both')
      }
    }),
  )
})

test('neither side is lost without a decision that names the field', () => {
  fc.assert(
    fc.property(sides, fc.constantFrom(...verdicts), (given, verdict) => {
      const { values, decided } = threeWay(given, () => verdict)
      for (const [name, one] of [
        ['ours', given.ours],
        ['theirs', given.theirs],
      ] as const) {
        for (const field of Object.keys(values)) {
          const changed = !equal(one[field], given.before[field])
          const kept = equal(values[field], one[field])
          const named = decided.some((each) => each.field === field && each.verdict !== name)
          if (changed && !kept) expect(named).toBe(true)
        }
      }
    }),
  )
})

test('with the sides exchanged the same comes out, with the decisions exchanged', () => {
  const other = { ours: 'theirs', theirs: 'ours', ask: 'ask' } as const
  fc.assert(
    fc.property(sides, fc.constantFrom(...verdicts), ({ before, ours, theirs }, verdict) => {
      const one = threeWay({ before, ours, theirs }, () => verdict)
      const two = threeWay({ before, ours: theirs, theirs: ours }, () => other[verdict])
      for (const field of Object.keys(one.values))
        expect(equal(one.values[field], two.values[field])).toBe(true)
      expect(two.decided.map(({ field }) => field)).toEqual(one.decided.map(({ field }) => field))
    }),
  )
})

test('what both sides changed to the same value is no conflict', () => {
  expect(meetingOf({ before: 'a', ours: 'b', theirs: 'b' })).toBe('same')
  expect(threeWay({ before: { x: 'a' }, ours: { x: 'b' }, theirs: { x: 'b' } }, () => 'ask')).toEqual({
    values: { x: 'b' },
    send: [],
    decided: [],
  })
})

test('one instant is the same however it is written, and another hour of the same wall time is not', () => {
  expect(equal('2026-11-01T06:30:00Z', '2026-11-01T06:30:00.000Z')).toBe(true)
  expect(equal('2026-11-01T01:30:00-05:00', '2026-11-01T06:30:00Z')).toBe(true)
  expect(equal('2026-11-01T06:30:00Z', '2026-11-01T07:30:00Z')).toBe(false)
  expect(equal('1980-05-15', '1980-05-15')).toBe(true)
})

test('a person is the same by id, whatever the name is written like', () => {
  expect(equal({ id: '9', last_name: 'CAREFUL' }, { id: '9', last_name: 'Careful, Ann' })).toBe(true)
  expect(equal({ id: '9' }, { id: '8' })).toBe(false)
  expect(equal({ last_name: 'A' }, { last_name: 'B' })).toBe(false)
  expect(equal(undefined, null)).toBe(true)
})

const rules = (over: Partial<RuleSettings> = {}): RuleSettings => ({
  appointment: 'ask',
  patient: 'newest',
  fields: {},
  ...over,
})

test('a field takes its own rule, then that of its structure, then that of its record', () => {
  const fields: Record<string, Rule> = { address: 'cerner', 'address.city': 'studio' }
  expect(ruleOf(rules({ fields }), 'patient', 'address.city')).toBe('studio')
  expect(ruleOf(rules({ fields }), 'patient', 'address.line1')).toBe('cerner')
  expect(ruleOf(rules(), 'patient', 'email')).toBe('newest')
  expect(ruleOf(rules(), 'appointment', 'start_time')).toBe('ask')
  expect(ruleOf(rules(), 'report', 'status')).toBe('cerner')
})

test('the newest wins, and at the same instant Cerner does', () => {
  expect(decide('newest', { oursMs: 2, theirsMs: 1 })).toBe('ours')
  expect(decide('newest', { oursMs: 1, theirsMs: 2 })).toBe('theirs')
  expect(decide('newest', { oursMs: 1, theirsMs: 1 })).toBe('theirs')
  expect(decide('cerner', { oursMs: 2, theirsMs: 1 })).toBe('theirs')
  expect(decide('studio', { oursMs: 1, theirsMs: 2 })).toBe('ours')
  expect(decide('ask', { oursMs: 1, theirsMs: 2 })).toBe('ask')
})
