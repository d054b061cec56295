import type { Observation, Report } from '../../../contract/observations.ts'

/** A reference range as numbers: `70-99`, `<5.7`, `>= 60`. */
export interface Range {
  low: number | null
  high: number | null
}
export function readRange(text: string | undefined): Range | null {
  const number = '(-?\\d+(?:\\.\\d+)?)'
  const between = new RegExp(`^\\s*${number}\\s*(?:-|–|to)\\s*${number}\\b`).exec(text ?? '')
  if (between !== null) return { low: Number(between[1]), high: Number(between[2]) }
  const below = new RegExp(`^\\s*(?:<=?|≤)\\s*${number}`).exec(text ?? '')
  if (below !== null) return { low: null, high: Number(below[1]) }
  const above = new RegExp(`^\\s*(?:>=?|≥)\\s*${number}`).exec(text ?? '')
  return above === null ? null : { low: Number(above[1]), high: null }
}

export const numberOf = (one: Pick<Observation, 'quantity'>): number | null => {
  const value = Number(one.quantity?.value)
  return one.quantity === undefined || Number.isNaN(value) ? null : value
}

/** Where a value and its range stand on a bar of 0 to 1; the range takes the middle half. */
export function barOf(value: number, { low, high }: Range): { value: number; low: number; high: number } {
  const span = low !== null && high !== null ? high - low : Math.abs(high ?? low ?? 1) || 1
  const floor = low !== null ? low - span / 2 : (high ?? 0) - span * 1.5
  const roof = high !== null ? high + span / 2 : (low ?? 0) + span * 1.5
  const place = (at: number): number => Math.min(1, Math.max(0, (at - floor) / (roof - floor || 1)))
  return { value: place(value), low: low === null ? 0 : place(low), high: high === null ? 1 : place(high) }
}

// prettier-ignore
const FLAGS: Record<string, { label: string; tone: 'bad' | 'warn' }> = {
  H: { label: 'high', tone: 'warn' }, L: { label: 'low', tone: 'warn' }, HH: { label: 'critically high', tone: 'bad' },
  LL: { label: 'critically low', tone: 'bad' }, A: { label: 'abnormal', tone: 'warn' }, AA: { label: 'critical', tone: 'bad' },
  '>': { label: 'above scale', tone: 'warn' }, '<': { label: 'below scale', tone: 'warn' }, R: { label: 'resistant', tone: 'warn' },
}
export const flagsOf = (one: Pick<Observation, 'interpretation'>) =>
  (one.interpretation ?? []).flatMap((code) => FLAGS[code] ?? [])

export const valueOf = (one: Pick<Observation, 'quantity' | 'text' | 'codes'>): string =>
  one.quantity !== undefined
    ? `${one.quantity.comparator ?? ''}${one.quantity.value}`
    : (one.text ?? one.codes?.map((code) => code.text ?? code.code).join(', ') ?? '')

export interface Point {
  at: string
  value: number
}
/** Numeric results by code, oldest first; struck lines (in error, cancelled) are left out. */
export function trendsOf(reports: Report[]): Map<string, Point[]> {
  const trends = new Map<string, Point[]>()
  for (const report of reports)
    for (const line of report.observations) {
      const value = numberOf(line)
      const at = line.effective_at ?? report.effective_at
      if (value === null || at === null || line.code.code === undefined || STRUCK.has(line.status)) continue
      trends.set(line.code.code, [...(trends.get(line.code.code) ?? []), { at, value }])
    }
  for (const points of trends.values()) points.sort((a, b) => a.at.localeCompare(b.at))
  return trends
}
export const STRUCK = new Set(['entered-in-error', 'cancelled'])
