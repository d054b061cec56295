import type { CernerSettings } from './definition.ts'
import type { FlowState } from './probe-course.ts'
import { count, duration, passed, skipped, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

/** A pull may be this many turns late before it is said. */
const LATE_TURNS = 3
const GRACE_MS = 5 * 60_000

/** What flows: when it was pulled last, and what of ours waits. */
export function lookAtFlow(flow: FlowState | null, { pull, fhir }: CernerSettings, nowMs: number): Finding {
  if (flow === null) return skipped('The connection is not stored yet.', 'Nothing can have flowed.')
  const { queued, parked } = flow.outbox
  const waits = `Outbound: ${count(queued, 'change')} on the way, ${parked} parked.`
  const pulled = newestOf(flow)
  const last = pulled === null ? 'Never pulled.' : `Last pulled ${duration(nowMs - pulled)} ago.`
  const evidence = `${last} ${waits}`
  if (!flow.enabled)
    return warning({
      evidence,
      meaning: 'The connection is switched off: nothing is pulled or sent.',
      remedy: 'Switch it on in Settings > Integrations > Cerner when the rungs below hold.',
      acts: 'practice',
    })
  if (flow.lastRun?.state === 'failed') return lastFailed(flow.lastRun, evidence)
  if (parked > 0)
    return warning({
      evidence,
      meaning: `${count(parked, 'change')} made here did not reach Cerner and waits for a person.`,
      remedy: 'Look at the parked changes in Logs, and send or withdraw each.',
      acts: 'practice',
    })
  if (!pull.enabled || fhir.base === '') return passed(`${evidence} Pulling is off.`, 'Nothing waits.')
  if (pulled === null && flow.lastRun === null)
    return warning({
      evidence,
      meaning: 'Nothing has been pulled over this connection yet.',
      remedy: 'Start a full pull: practice-studio sync --full, or Settings > Integrations > Synchronisation.',
      acts: 'practice',
    })
  const allowedMs = turnSeconds(pull) * 1000 * LATE_TURNS + GRACE_MS
  if (pulled !== null && nowMs - pulled > allowedMs && flow.lastRun?.state !== 'running')
    return warning({
      evidence,
      meaning: 'Pulling is behind: changes at Cerner are not seen here.',
      remedy:
        'Check that a process runs with the part “engine”. If the rungs below hold, start a pull by hand.',
      acts: 'practice',
    })
  return passed(evidence, 'Changes flow both ways, and nothing waits.')
}

function lastFailed({ kind, says, todo }: NonNullable<FlowState['lastRun']>, evidence: string): Finding {
  return warning({
    evidence: `${evidence} The last pull (${kind}) failed${says === '' ? '.' : `: ${says}`}`,
    meaning: 'The last pull failed, so changes at Cerner are missing here.',
    remedy: todo === '' ? 'Look at its steps under Synchronisation.' : todo,
    acts: 'practice',
  })
}

const turnSeconds = ({
  appointmentsEverySeconds,
  chartEverySeconds,
  resources,
}: CernerSettings['pull']): number =>
  resources.includes('Appointment') ? appointmentsEverySeconds : chartEverySeconds

function newestOf({ cursors }: FlowState): number | null {
  const times = cursors.flatMap(({ pulledToMs }) => (pulledToMs === null ? [] : [pulledToMs]))
  return times.length === 0 ? null : Math.max(...times)
}
