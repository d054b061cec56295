import { Button, Skeleton } from '@mantine/core'
import { IconAlertTriangle, IconInbox, IconLock, IconMapOff, IconSearchOff } from '@tabler/icons-react'
import type { UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'
import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Problem } from '../../contract/common.ts'
import { problemFrom } from '../api/http.ts'
import css from './states.module.css'

interface BlankProps {
  icon: ReactNode
  title: string
  children: ReactNode
  action?: ReactNode
  tone?: 'calm' | 'bad'
  role?: 'status' | 'alert'
}
function Blank({ icon, title, children, action, tone = 'calm', role = 'status' }: BlankProps) {
  return (
    <div className={css.blank} data-tone={tone} role={role}>
      <span className={css.icon} aria-hidden="true">
        {icon}
      </span>
      <p className={css.title}>{title}</p>
      <div className={css.body}>{children}</div>
      {action !== undefined && <div className={css.action}>{action}</div>}
    </div>
  )
}

/** First of four: there is nothing at all, and what would bring something. */
export const NothingYet = ({
  title,
  children,
  action,
}: {
  title: string
  children: ReactNode
  action?: ReactNode
}) => (
  <Blank icon={<IconInbox size={26} stroke={1.5} />} title={title} action={action}>
    {children}
  </Blank>
)

/** Second: there is something, but not for these filters. */
export const NothingMatches = ({ onClear, children }: { onClear?: () => void; children: ReactNode }) => (
  <Blank
    icon={<IconSearchOff size={26} stroke={1.5} />}
    title="Nothing matches"
    action={
      onClear && (
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      )
    }
  >
    {children}
  </Blank>
)

/** Third: the role does not include it. */
export const NotPermitted = ({ problem }: { problem: Pick<Problem, 'detail' | 'todo'> }) => (
  <Blank icon={<IconLock size={26} stroke={1.5} />} title="Not part of your role">
    <p>{problem.detail}</p>
    <p>{problem.todo}</p>
  </Blank>
)

/** Fourth: it failed; code, sentence, what to do, retry. */
export function Failed({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <Blank
      icon={<IconAlertTriangle size={26} stroke={1.5} />}
      title={problem.detail}
      tone="bad"
      role="alert"
      action={
        onRetry && (
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      <p>{problem.todo}</p>
      <p className={css.code}>
        <code>{problem.code}</code>
        {problem.trace_id !== undefined && <> · trace {problem.trace_id}</>}
      </p>
    </Blank>
  )
}

/** Any failed call, told by its status. */
export function Refused({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = problemFrom(error)
  if (problem.status === 403) return <NotPermitted problem={problem} />
  if (problem.status === 404)
    return (
      <Blank icon={<IconMapOff size={26} stroke={1.5} />} title={problem.detail}>
        {problem.todo}
      </Blank>
    )
  return <Failed problem={problem} onRetry={onRetry} />
}

export function Loading({ rows = 8, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div className={css.loading} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={13} width={`${96 - ((row * 17) % 38)}%`} radius="sm" />
      ))}
    </div>
  )
}

/** Loading, failed or there: the three turns of one query. */
export function Ready<T>({
  query,
  rows,
  children,
}: {
  query: UseQueryResult<T> | UseInfiniteQueryResult<T>
  rows?: number
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.isError) return <Refused error={query.error} onRetry={() => void query.refetch()} />
  return <Loading rows={rows} />
}

export function NoSuchPage() {
  return (
    <Blank icon={<IconMapOff size={26} stroke={1.5} />} title="There is no such page.">
      <p>
        Check the address, or go to <Link to="/today">Today</Link>.
      </p>
    </Blank>
  )
}

export function PageFault({ error, reset }: ErrorComponentProps) {
  return <Failed problem={problemFrom(error)} onRetry={reset} />
}
