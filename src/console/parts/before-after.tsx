import { IconArrowRight } from '@tabler/icons-react'
import { fieldName, valueText } from './words.ts'
import css from './before-after.module.css'

export interface ChangeRow {
  field: string
  before: unknown
  after: unknown
  place: string
  outcome?: 'changed' | 'same' | 'older'
}
// prettier-ignore
const OUTCOMES = {
  changed: null,
  same: { label: 'same', means: 'The value was already stored.' },
  older: { label: 'older', means: 'Newer news was already stored, so this value was not taken.' },
} as const

/** Fields with both values. Shown as old → new, never by colour alone. */
export function BeforeAfter({ changes, label }: { changes: readonly ChangeRow[]; label: string }) {
  return (
    <div className={css.rows} role="table" aria-label={label}>
      <div role="row" className={css.headRow}>
        <span role="columnheader">Field</span>
        <span role="columnheader">Before and after</span>
        <span role="columnheader">Place</span>
      </div>
      {changes.map((change, index) => {
        const outcome = OUTCOMES[change.outcome ?? 'changed']
        const [before, after] = [valueText(change.before), valueText(change.after)]
        return (
          <div
            role="row"
            className={css.row}
            key={`${change.field} ${index}`}
            data-outcome={change.outcome ?? 'changed'}
          >
            <span role="cell" className={css.field}>
              {fieldName(change.field)}
            </span>
            <span role="cell" className={css.values}>
              {outcome?.label === 'same' ? (
                <span>{after}</span>
              ) : (
                <>
                  <del>{before === '' ? <span className={css.none}>empty</span> : before}</del>
                  <IconArrowRight size={13} aria-label="becomes" className={css.arrow} />
                  <ins>{after === '' ? <span className={css.none}>empty</span> : after}</ins>
                </>
              )}
              {outcome !== null && (
                <span className="pill" data-tone="mute" title={outcome.means}>
                  {outcome.label === 'older' ? 'not taken: older' : outcome.label}
                </span>
              )}
            </span>
            <span role="cell">
              <span className="place">{change.place}</span>
            </span>
          </div>
        )
      })}
    </div>
  )
}
