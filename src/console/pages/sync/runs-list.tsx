import { CloseButton } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef } from 'react'
import type { SyncRun } from '../../../contract/sync.ts'
import { syncRuns } from '../../api/cerner.ts'
import { Inspector, useIsWide, WithInspector } from '../../parts/inspector.tsx'
import { More } from '../../parts/more.tsx'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { count } from '../../parts/words.ts'
import { RUN_KINDS, RunFacts, RunPill } from './run-card.tsx'
import css from './sync.module.css'
import { tookOf } from './sync-model.ts'

function Rows({
  items,
  chosen,
  onChoose,
}: {
  items: SyncRun[]
  chosen?: string
  onChoose: (id: string) => void
}) {
  const table = useRef<HTMLTableElement>(null)
  useRowKeys(table)
  return (
    <div className="scroll">
      <table className="grid" ref={table}>
        <caption>Pulls, newest first. j and k move.</caption>
        <thead>
          <tr>
            <th scope="col" aria-sort="descending">
              Started (<ZoneName />)
            </th>
            <th scope="col">State</th>
            <th scope="col">Kind</th>
            <th scope="col" className={`num ${css.roomy}`}>
              Read
            </th>
            <th scope="col" className={`num ${css.roomy}`}>
              Changed
            </th>
            <th scope="col" className={`num ${css.roomy}`}>
              Took
            </th>
            <th scope="col" className={css.roomy}>
              Asked by
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((run) => (
            <tr key={run.id} data-row data-chosen={run.id === chosen} onClick={() => onChoose(run.id)}>
              <td>
                <Time at={run.started_at} shape="stamp" />
              </td>
              <td>
                <RunPill state={run.state} />
              </td>
              <td className="nowrap">
                <Link
                  className="rowLink"
                  data-row-link
                  to="/settings/integrations/cerner/pulls"
                  search={{ connection: run.connection_id, run: run.id }}
                  replace
                  resetScroll={false}
                  onFocus={() => onChoose(run.id)}
                  onClick={(event) => event.stopPropagation()}
                >
                  {RUN_KINDS[run.kind].label}
                </Link>
              </td>
              <td className={`num ${css.roomy}`}>{count(run.seen)}</td>
              <td className={`num ${css.roomy}`}>{count(run.changed)}</td>
              <td className={`num nowrap ${css.roomy}`}>{tookOf(run) || '–'}</td>
              <td className={css.roomy}>{run.asked_by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

// Stable, so that it acts when the card appears and not with each drawing.
const intoView = (card: HTMLElement | null): void => card?.scrollIntoView({ block: 'nearest' })

/** The runs of a connection, with the chosen one beside them, or above them where there is no room. */
export function RunsList({
  connectionId,
  chosenId,
  onChoose,
}: {
  connectionId: string
  chosenId: string | undefined
  onChoose: (id: string | undefined) => void
}) {
  const query = useInfiniteQuery({ ...syncRuns(connectionId), refetchInterval: 10_000 })
  const wide = useIsWide()
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const picked = items.find(({ id }) => id === chosenId)
  // What runs is told above; beside the list stands what has ended.
  const chosen = picked ?? (wide ? items.find(({ state }) => state !== 'running') : undefined)
  const title = chosen && (
    <>
      <strong>{RUN_KINDS[chosen.kind].label}</strong> <RunPill state={chosen.state} />
    </>
  )
  const inspector =
    chosen === undefined || !wide ? null : (
      <Inspector label="Pull" title={title}>
        <RunFacts run={chosen} />
      </Inspector>
    )
  return (
    <WithInspector inspector={inspector}>
      <div className={css.stack}>
        {!wide && chosen !== undefined && (
          <section key={chosen.id} className={`card ${css.detail}`} aria-label="Pull" ref={intoView}>
            <div className="cardHead">
              {title}
              <CloseButton
                ml="auto"
                size="sm"
                aria-label="Close preview"
                onClick={() => onChoose(undefined)}
              />
            </div>
            <div className={`cardBody ${css.stack}`}>
              <RunFacts run={chosen} />
            </div>
          </section>
        )}
        <section className="card" aria-label="Pulls">
          <Ready query={query} rows={6}>
            {() =>
              items.length === 0 ? (
                <NothingYet title="No pull yet">
                  Start with a full pull, or a bulk export where Cerner has made a group for it.
                </NothingYet>
              ) : (
                <>
                  <Rows
                    items={items}
                    chosen={chosen?.id}
                    onChoose={(id) => {
                      if (id !== chosenId) onChoose(id)
                    }}
                  />
                  <More query={query} shown={items.length} one="pull" />
                </>
              )
            }
          </Ready>
        </section>
      </div>
    </WithInspector>
  )
}
