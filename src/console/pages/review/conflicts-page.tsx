import { SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import type { Conflict } from '../../../contract/conflicts.ts'
import { openConflicts, resolvedConflicts } from '../../api/booking.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { NothingYet, NotPermitted, Ready } from '../../parts/states.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { plural } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { ConflictCard } from './conflict-card.tsx'
import css from './review.module.css'

/** What both sides changed, waiting for a person; and what was decided. */
export function ConflictsPage() {
  const { state = 'open', at } = useSearch({ from: '/review/conflicts' })
  const navigate = useNavigate({ from: '/review/conflicts' })
  const may = useMay('conflicts.read')
  const query = useQuery({ ...(state === 'open' ? openConflicts : resolvedConflicts), enabled: may })
  return (
    <>
      <PageHead
        title="Conflicts"
        trail="Review"
        note="The same field was changed here and at Cerner, and no rule decides. Nothing is overwritten until you choose."
      >
        <SegmentedControl
          size="xs"
          aria-label="Which conflicts"
          value={state}
          onChange={(next) =>
            void navigate({ search: { state: next === 'resolved' ? 'resolved' : undefined }, replace: true })
          }
          data={[
            { value: 'open', label: 'Open' },
            { value: 'resolved', label: 'Decided' },
          ]}
        />
      </PageHead>
      {may ? (
        <Ready query={query} rows={10}>
          {(items) => (
            <List
              items={items}
              state={state}
              at={at}
              onChoose={(id) =>
                void navigate({ search: (now) => ({ ...now, at: id }), replace: true, resetScroll: false })
              }
            />
          )}
        </Ready>
      ) : (
        <div className="card">
          <NotPermitted
            problem={{
              detail: 'Your role does not include conflicts.read.',
              todo: 'Ask an administrator for a role that includes it.',
            }}
          />
        </div>
      )}
    </>
  )
}

function List({
  items,
  state,
  at,
  onChoose,
}: {
  items: Conflict[]
  state: 'open' | 'resolved'
  at: string | undefined
  onChoose: (id: string) => void
}) {
  const list = useRef<HTMLDivElement>(null)
  useRowKeys(list)
  if (items.length === 0)
    return (
      <div className="card">
        {state === 'open' ? (
          <NothingYet title="Nothing to decide">
            When both sides change the same field of one record, it waits here with both values.
          </NothingYet>
        ) : (
          <NothingYet title="Nothing was decided yet">
            Decisions stand here with who made them and when.
          </NothingYet>
        )}
      </div>
    )
  const decided = (one: Conflict, choice: 'studio' | 'cerner'): void => {
    const index = items.findIndex(({ id }) => id === one.id)
    const next = items[index + 1] ?? items[index - 1]
    notifications.show({
      title: choice === 'studio' ? 'Ours is kept' : 'Cerner’s is taken',
      message:
        choice === 'studio' ? 'It is sent to Cerner on their newest version.' : 'Our change is not sent.',
      closeButtonProps: { 'aria-label': 'Close' },
    })
    // The next one is chosen, so that a row of decisions needs no mouse.
    if (next !== undefined)
      list.current?.querySelector<HTMLElement>(`[data-conflict="${next.id}"] [data-row-link]`)?.focus()
  }
  return (
    <div className={css.list} ref={list}>
      <p className={css.count} role="status">
        {state === 'open'
          ? `${plural(items.length, 'conflict')} to decide. j and k move, 1 keeps ours, 2 takes Cerner’s.`
          : `${plural(items.length, 'conflict')} decided.`}
      </p>
      {items.map((one) => (
        <div key={one.id} data-conflict={one.id} data-chosen={one.id === at}>
          <ConflictCard
            one={one}
            chosen={one.id === at}
            onChoose={() => one.id !== at && onChoose(one.id)}
            onResolved={(choice) => decided(one, choice)}
          />
        </div>
      ))}
    </div>
  )
}
