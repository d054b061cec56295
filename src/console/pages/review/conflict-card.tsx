import { Button, Checkbox, Kbd } from '@mantine/core'
import { IconArrowsSplit2 } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Conflict } from '../../../contract/conflicts.ts'
import { resolveConflict } from '../../api/booking.ts'
import { appointment } from '../../api/queries.ts'
import { problemFrom } from '../../api/http.ts'
import { ErrorCard } from '../../parts/error-card.tsx'
import { useRefreshSides } from '../../parts/pending.tsx'
import { Time } from '../../parts/time.tsx'
import { fieldName } from '../../parts/words.ts'
import { useMay, useSession } from '../../shell/session.ts'
import { conflictValue, fieldNames, marked, wanted } from './conflict-model.ts'
import css from './review.module.css'

type Choice = 'studio' | 'cerner'

/** Zone of the location the conflict is about; that of the practice where there is none. */
function useZoneOf(one: Conflict): string {
  const site = useSession().practice.time_zone
  const sees = useMay('schedule.read')
  const about = one.record.type === 'appointment' && sees
  const query = useQuery({ ...appointment(one.record.id), enabled: about, retry: false })
  return query.data?.time_zone ?? site
}

function Value({
  field,
  value,
  before,
  zone,
}: {
  field: string
  value: unknown
  before?: unknown
  zone: string
}) {
  const text = conflictValue(field, value, zone)
  if (text === '') return <span className={css.none}>empty</span>
  if (before === undefined) return <span>{text}</span>
  const parts = marked(conflictValue(field, before, zone), text)
  const changed = parts.some((part) => part.changed)
  return (
    <span className={css.value} data-changed={changed}>
      {parts.map((part, index) =>
        part.changed ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
      )}
      {!changed && <small>as before</small>}
    </span>
  )
}

function Side({ side, name, zone }: { side: Conflict['ours']; name: string; zone: string }) {
  const seesLog = useMay('exchanges.read')
  return (
    <>
      <strong>{name}</strong>
      <small>
        {side.by === '' ? 'author unknown' : side.by}
        {side.at !== null && (
          <>
            , <time dateTime={side.at}>{conflictValue('at', side.at, zone)}</time>
          </>
        )}
        {side.exchange_id !== null && seesLog && (
          <>
            {' '}
            <Link to="/exchanges/$id" params={{ id: side.exchange_id }}>
              message
            </Link>
          </>
        )}
      </small>
    </>
  )
}

function Fields({ one }: { one: Conflict }) {
  const zone = useZoneOf(one)
  return (
    <div className={css.table} role="table" aria-label={`Both sides of ${one.title}`}>
      <div role="row" className={css.headRow}>
        <span role="columnheader">
          <strong>Field</strong>
        </span>
        <span role="columnheader">
          <strong>Before</strong>
          <small>what both sides agreed on</small>
        </span>
        <span role="columnheader" data-won={one.choice === 'studio'}>
          <Side side={one.ours} name="Ours" zone={zone} />
        </span>
        <span role="columnheader" data-won={one.choice === 'cerner'}>
          <Side side={one.theirs} name="Cerner’s" zone={zone} />
        </span>
      </div>
      {one.fields.map(({ field, before, ours, theirs, place }) => (
        <div role="row" className={css.row} key={field}>
          <span role="rowheader">
            {fieldName(field)} <span className="place">{place}</span>
          </span>
          <span role="cell" data-label="Before">
            <Value field={field} value={before} zone={zone} />
          </span>
          <span role="cell" data-label="Ours" data-won={one.choice === 'studio'}>
            <Value field={field} value={ours} before={before ?? ''} zone={zone} />
          </span>
          <span role="cell" data-label="Cerner’s" data-won={one.choice === 'cerner'}>
            <Value field={field} value={theirs} before={before ?? ''} zone={zone} />
          </span>
        </div>
      ))}
    </div>
  )
}

function RecordLink({ one }: { one: Conflict }) {
  if (one.record.type === 'patient')
    return (
      <Link to="/patients/$id" params={{ id: one.record.id }}>
        Patient
      </Link>
    )
  if (one.record.type === 'appointment')
    return (
      <Link to="/schedule" search={{ at: one.record.id }}>
        In the schedule
      </Link>
    )
  return null
}

/** One conflict: what it is about, both sides field by field, and the decision. */
export function ConflictCard({
  one,
  chosen,
  onChoose,
  onResolved,
}: {
  one: Conflict
  chosen: boolean
  onChoose: () => void
  onResolved: (choice: Choice) => void
}) {
  const mayResolve = useMay('conflicts.resolve')
  const refresh = useRefreshSides()
  const [remember, setRemember] = useState(false)
  const send = useMutation({
    mutationFn: (choice: Choice) => resolveConflict(one.id, { choice, remember }),
    onSuccess: async (_answer, choice) => {
      onResolved(choice)
      await refresh()
    },
  })
  const open = one.state === 'open'
  const ready = open && mayResolve && !send.isPending
  useDecisionKeys(chosen && ready, send.mutate)
  const problem = send.isError ? problemFrom(send.error) : null
  return (
    <article className={`card ${css.card}`} data-chosen={chosen} aria-label={one.title}>
      <header className={css.top}>
        <IconArrowsSplit2 size={17} aria-hidden="true" className={css.sign} />
        <h2>
          <button
            type="button"
            data-row-link
            className={css.title}
            aria-current={chosen}
            onFocus={onChoose}
            onClick={onChoose}
          >
            {one.title}
          </button>
        </h2>
        <span className={css.about}>
          We wanted to {wanted(one.action)}; {one.connection_name} changed {fieldNames(one)} meanwhile.
        </span>
        <span className={css.when}>
          <RecordLink one={one} /> <Time at={one.created_at} shape="ago" />
        </span>
      </header>
      <Fields one={one} />
      {problem !== null && (
        <div role="alert" className={css.problem}>
          <ErrorCard error={{ code: problem.code, says: problem.detail, todo: problem.todo }} />
        </div>
      )}
      {!open ? (
        <footer className={css.decided}>
          <span className="pill" data-tone="mute">
            {one.choice === 'studio' ? 'Ours was kept' : 'Cerner’s was taken'}
          </span>
          <span>
            by {one.resolved_by ?? 'unknown'}, <Time at={one.resolved_at} />
          </span>
        </footer>
      ) : mayResolve ? (
        <footer className={css.decide}>
          <Button
            loading={send.isPending && send.variables === 'studio'}
            disabled={send.isPending}
            onClick={() => send.mutate('studio')}
            rightSection={
              chosen && (
                <Kbd size="xs" aria-hidden="true">
                  1
                </Kbd>
              )
            }
          >
            Keep ours
          </Button>
          <Button
            variant="default"
            loading={send.isPending && send.variables === 'cerner'}
            disabled={send.isPending}
            onClick={() => send.mutate('cerner')}
            rightSection={
              chosen && (
                <Kbd size="xs" aria-hidden="true">
                  2
                </Kbd>
              )
            }
          >
            Take Cerner’s
          </Button>
          <Checkbox
            size="xs"
            label={`Always decide like this for ${fieldNames(one)}`}
            checked={remember}
            onChange={(event) => setRemember(event.currentTarget.checked)}
          />
        </footer>
      ) : (
        <footer className={css.decided}>
          Your role sees conflicts; someone with conflicts.resolve decides.
        </footer>
      )}
    </article>
  )
}

/** 1 keeps ours, 2 takes Cerner's: for the chosen conflict, while nobody types. */
function useDecisionKeys(active: boolean, decide: (choice: Choice) => void): void {
  useEffect(() => {
    if (!active) return
    const onKey = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
      const box = event.target instanceof HTMLInputElement && event.target.type === 'checkbox'
      if ((typing && !box) || event.metaKey || event.ctrlKey || event.altKey || event.repeat) return
      if (document.querySelector('[role="dialog"][aria-modal="true"]') !== null) return
      if (event.key !== '1' && event.key !== '2') return
      event.preventDefault()
      decide(event.key === '1' ? 'studio' : 'cerner')
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [active, decide])
}
