import type { ProbeResult } from '../../../contract/connections.ts'
import { ACTORS, RUNG_LOOKS } from '../../parts/ladder.tsx'

/** What is kept of a test: how far it came, and nothing of what it found. */
export interface PastProbe {
  at: string
  outcome: 'passed' | 'warning' | 'failed'
  /** The rung that failed or warned first; empty when all passed. */
  rung: string
  passed: number
  of: number
  took_ms: number
}
const KEPT = 12
const keyOf = (id: string): string => `practice-studio.probes.${id}`

export function pastOf(at: string, { steps }: ProbeResult): PastProbe {
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  const warned = steps.find(({ outcome }) => outcome === 'warning')
  return {
    at,
    outcome: failed !== undefined ? 'failed' : warned !== undefined ? 'warning' : 'passed',
    rung: failed?.name ?? warned?.name ?? '',
    passed: steps.filter(({ outcome }) => outcome === 'passed' || outcome === 'warning').length,
    of: steps.length,
    took_ms: steps.reduce((sum, { took_ms = 0 }) => sum + took_ms, 0),
  }
}

/** Newest first; kept in this browser. */
export function history(id: string): PastProbe[] {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(keyOf(id)) ?? '[]')
    return Array.isArray(stored) ? (stored as PastProbe[]).filter((one) => typeof one?.at === 'string') : []
  } catch {
    return []
  }
}
export function remember(id: string, past: PastProbe): void {
  try {
    window.localStorage.setItem(keyOf(id), JSON.stringify([past, ...history(id)].slice(0, KEPT)))
  } catch {
    // A browser that keeps nothing still shows the test itself.
  }
}

/** A test as plain text, for a ticket or a file. */
export function reportText(name: string, at: string, { steps }: ProbeResult): string {
  const lines = steps.flatMap((step, index) => [
    `${index + 1}. ${step.name}: ${RUNG_LOOKS[step.outcome].label}${step.took_ms === undefined ? '' : ` (${Math.round(step.took_ms)} ms)`}`,
    ...(step.evidence === '' ? [] : [`   Found: ${step.evidence}`]),
    ...(step.outcome === 'passed' || step.outcome === 'skipped'
      ? []
      : [
          `   Means: ${step.meaning}`,
          ...(step.remedy === '' ? [] : [`   What to do: ${step.remedy}`]),
          ...(step.acts === undefined || step.acts === 'nobody' ? [] : [`   Who acts: ${ACTORS[step.acts]}`]),
        ]),
  ])
  return [`Connectivity test of ${name}`, `At ${at}`, '', ...lines, ''].join('\n')
}
