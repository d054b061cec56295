import { cpus } from 'node:os'
import { printJson } from '../output.ts'

/** One measured figure; `conditions` says what it was measured under. */
export interface Figure {
  name: string
  value: number
  unit: string
  conditions: string
}

/** What every figure was measured on. */
export const machine = (): string => {
  const [cpu] = cpus()
  return `${cpus().length} cores ${cpu?.model.trim() ?? ''}, Node ${process.versions.node}, embedded PostgreSQL, fsync on`
}

export const tell = (name: string, value: number, unit: string, conditions: string): void => {
  printJson({ name, value: Number(value.toFixed(value < 100 ? 2 : 0)), unit, conditions } satisfies Figure)
}
