import { CloseButton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import css from './inspector.module.css'

/** Wide enough for a table and a docked preview beside it. */
export const useIsWide = (): boolean =>
  useMediaQuery('(min-width: 75em)', undefined, { getInitialValueInEffect: false })

/** A page with a docked preview on the right; on narrow screens rows open their page instead. */
export function WithInspector({ inspector, children }: { inspector: ReactNode; children: ReactNode }) {
  const docked = inspector !== null
  return (
    <div className={css.split} data-docked={docked}>
      <div className={css.main}>{children}</div>
      {docked && inspector}
    </div>
  )
}

interface InspectorProps {
  label: string
  title: ReactNode
  actions?: ReactNode
  onClose?: () => void
  children: ReactNode
}
export function Inspector({ label, title, actions, onClose, children }: InspectorProps) {
  return (
    <aside className={`card ${css.dock}`} aria-label={label}>
      <div className={css.top}>
        <div className={css.title}>{title}</div>
        {actions}
        {onClose !== undefined && <CloseButton aria-label="Close preview" size="sm" onClick={onClose} />}
      </div>
      {/* Scrollable regions are reachable by keyboard. */}
      <div className={css.content} tabIndex={0} role="group" aria-label={`${label}, details`}>
        {children}
      </div>
    </aside>
  )
}

export function Facts({ rows }: { rows: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value === null || value === undefined || value === '' ? <span className="dim">–</span> : value}
          </dd>
        </div>
      ))}
    </dl>
  )
}
