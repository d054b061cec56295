import type { DriftDetail, DriftReport, SyncRun, SyncStep } from '../../../contract/sync.ts'
import { fieldName, valueText } from '../../parts/words.ts'

/** Share of a step that is done, 0 to 1; null while its size is not known. */
export function shareOf({ state, done, total }: SyncStep): number | null {
  if (state === 'done' || state === 'skipped') return 1
  if (total === null) return state === 'waiting' ? 0 : null
  return total === 0 ? 1 : Math.min(1, done / total)
}

/** Each step counts the same, for its size is often known only when it starts. */
export function shareOfRun({ steps }: Pick<SyncRun, 'steps'>): number {
  if (steps.length === 0) return 0
  return steps.reduce((sum, step) => sum + (shareOf(step) ?? 0), 0) / steps.length
}

/**
 * Seconds until a run is done, if it goes on as it went.
 *
 * @returns null while too little is done to say (under 3 %)
 */
export function secondsLeft(run: Pick<SyncRun, 'steps' | 'started_at'>, now: number): number | null {
  const share = shareOfRun(run)
  const gone = (now - Date.parse(run.started_at)) / 1_000
  return share < 0.03 || gone <= 0 ? null : Math.max(0, (gone * (1 - share)) / share)
}

/** "45 s", "3 min", "2 h 10 min" */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const tookOf = ({ started_at: from, finished_at: to }: SyncRun): string =>
  to === null ? '' : duration((Date.parse(to) - Date.parse(from)) / 1_000)

export const KINDS = ['only_here', 'only_there', 'differs'] as const
/** How many records the two sides disagree about. */
export const differences = ({ counts }: Pick<DriftReport, 'counts'>): number =>
  counts.reduce((sum, one) => sum + one.only_here + one.only_there + one.differs, 0)

const KIND_CELLS = { only_here: 'only here', only_there: 'only at Cerner', differs: 'differs' } as const
/** One row for each field that differs; a record that only one side has is a row without fields. */
export function driftRows(report: DriftDetail): string[][] {
  return [
    ['resource', 'what', 'title', 'record_id', 'field', 'here', 'there'],
    ...report.items.flatMap(({ resource, kind, title, record, fields }) => {
      const head = [resource, KIND_CELLS[kind], title, record?.id ?? '']
      return fields.length === 0
        ? [[...head, '', '', '']]
        : fields.map(({ field, here, there }) => [
            ...head,
            fieldName(field),
            valueText(here),
            valueText(there),
          ])
    }),
  ]
}
