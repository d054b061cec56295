import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import css from './error-card.module.css'

// prettier-ignore
const KINDS = {
  transient: 'Surely not processed. It is tried again by itself.',
  ambiguous: 'Perhaps processed. It is tried again only where that is safe.',
  permanent: 'Trying again will not help. A person decides.',
} as const

interface ErrorCardProps {
  error: { code: string; says: string; todo: string; place?: string | null; kind?: keyof typeof KINDS }
  children?: ReactNode
}
/** A failure: sentence, what to do, code and place. */
export function ErrorCard({ error, children }: ErrorCardProps) {
  return (
    <div className={css.card} data-kind={error.kind ?? 'permanent'}>
      <IconAlertTriangle size={18} aria-hidden="true" className={css.icon} />
      <div>
        <p className={css.says}>{error.says}</p>
        <p>
          <strong>What to do:</strong> {error.todo}
        </p>
        <p className={css.code}>
          <code>{error.code}</code>
          {error.place !== undefined && error.place !== null && error.place !== '' && (
            <>
              {' '}
              at <code>{error.place}</code>
            </>
          )}
          {error.kind !== undefined && <> · {KINDS[error.kind]}</>}
        </p>
        {children}
      </div>
    </div>
  )
}
