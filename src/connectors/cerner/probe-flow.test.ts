import { expect, test } from 'vitest'
import { cernerSettings } from './definition.ts'
import type { FlowState } from './probe-course.ts'
import { lookAtFlow } from './probe-flow.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const MINUTE = 60_000
const settings = cernerSettings.parse({ fhir: { base: 'https://fhir-ehr.cerner.com/r4/t' } })
const flow = (changes: Partial<FlowState> = {}): FlowState => ({
  enabled: true,
  cursors: [
    { resource: 'Appointment', pulledToMs: NOW - MINUTE },
    { resource: 'Patient', pulledToMs: null },
  ],
  lastRun: { kind: 'delta', state: 'done', startedAtMs: NOW - MINUTE, says: '', todo: '' },
  outbox: { queued: 2, parked: 0 },
  ...changes,
})

test('what was pulled a minute ago with nothing parked flows', () => {
  expect(lookAtFlow(flow(), settings, NOW)).toMatchObject({
    outcome: 'passed',
    evidence: 'Last pulled 60 s ago. Outbound: 2 changes on the way, 0 parked.',
  })
})

test.each<[string, Partial<FlowState>, RegExp]>([
  ['a connection that is switched off', { enabled: false }, /switched off/],
  [
    'changes that wait for a person',
    { outbox: { queued: 0, parked: 3 } },
    /3 changes made here did not reach/,
  ],
  ['nothing pulled yet', { cursors: [], lastRun: null }, /Nothing has been pulled/],
  [
    'a last pull that is nine minutes old',
    { cursors: [{ resource: 'Appointment', pulledToMs: NOW - 9 * MINUTE }] },
    /behind/,
  ],
  [
    'a last pull that failed',
    {
      lastRun: {
        kind: 'full',
        state: 'failed',
        startedAtMs: NOW,
        says: 'It needs a scope.',
        todo: 'Ask for it.',
      },
    },
    /last pull failed/,
  ],
])('%s is a warning', (_name, changes, meaning) => {
  const found = lookAtFlow(flow(changes), settings, NOW)
  expect(found).toMatchObject({ outcome: 'warning', acts: 'practice' })
  expect(found.meaning).toMatch(meaning)
  expect(found.remedy).not.toBe('')
})

test('a pull that is under way is not behind', () => {
  const cursors = [{ resource: 'Appointment', pulledToMs: NOW - 60 * MINUTE }]
  const lastRun = { kind: 'full', state: 'running' as const, startedAtMs: NOW, says: '', todo: '' }
  expect(lookAtFlow(flow({ cursors, lastRun }), settings, NOW).outcome).toBe('passed')
})

test('where pulling is off an old pull is no fault', () => {
  const off = cernerSettings.parse({
    fhir: { base: 'https://fhir-ehr.cerner.com/r4/t' },
    pull: { enabled: false },
  })
  expect(lookAtFlow(flow({ cursors: [] }), off, NOW)).toMatchObject({ outcome: 'passed' })
})
