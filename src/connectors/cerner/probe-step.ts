import type { ProbeResult } from '../../contract/connections.ts'

export type ProbeStep = ProbeResult['steps'][number]
export type Acts = NonNullable<ProbeStep['acts']>

/** What one rung of the connectivity test found. Places, numbers and codes only: never a secret, never a value of a patient. */
export interface Finding {
  outcome: ProbeStep['outcome']
  /** What was seen, with numbers. */
  evidence: string
  /** What that means, in one sentence. */
  meaning: string
  /** What to do; empty when nothing. */
  remedy: string
  acts: Acts
  /** What the ticket asks its reader to do, where that is not the remedy. */
  ask?: string
  /** Names of what else cannot be tried now, beside what stands on this rung. */
  stops?: readonly string[]
}

type Trouble = Omit<Finding, 'outcome' | 'remedy'> & { remedy: string }

export const passed = (evidence: string, meaning: string): Finding => ({
  outcome: 'passed',
  evidence,
  meaning,
  remedy: '',
  acts: 'nobody',
})
export const warning = (found: Trouble): Finding => ({ outcome: 'warning', ...found })
export const failed = (found: Trouble): Finding => ({ outcome: 'failed', ...found })
export const skipped = (evidence: string, meaning: string, remedy = ''): Finding => ({
  outcome: 'skipped',
  evidence,
  meaning,
  remedy,
  acts: remedy === '' ? 'nobody' : 'practice',
})

/** `1 address`, `2 addresses` */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** `system/Patient.read, system/Slot.read and 3 more` */
export function some(names: readonly string[], most = 6): string {
  const rest = names.length - most
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}

/** Milliseconds as people say them: `340 ms`, `12 s`, `9 min`. */
export function duration(ms: number): string {
  const size = Math.abs(ms)
  if (size < 1000) return `${Math.round(size)} ms`
  if (size < 120_000) return `${Math.round(size / 100) / 10} s`
  if (size < 7_200_000) return `${Math.round(size / 60_000)} min`
  if (size < 172_800_000) return `${Math.round(size / 3_600_000)} h`
  return `${Math.round(size / 86_400_000)} days`
}
