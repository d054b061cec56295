import { Button } from '@mantine/core'
import { IconArrowDownLeft, IconArrowUp, IconArrowUpRight } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import type { Exchange } from '../../../contract/exchanges.ts'
import { exchangeList, exchanges, type LogFilters } from '../../api/queries.ts'
import { useIsWide, WithInspector } from '../../parts/inspector.tsx'
import { memory } from '../../parts/memory.ts'
import { More } from '../../parts/more.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { NothingMatches, NothingYet, Ready } from '../../parts/states.tsx'
import { StatePill } from '../../parts/state-pill.tsx'
import { Time, ZoneName } from '../../parts/time.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { plural } from '../../parts/words.ts'
import type { LogSearch } from '../../router.tsx'
import { useMay } from '../../shell/session.ts'
import { ExchangePreview } from './exchange-preview.tsx'
import { Filters, filtersOf } from './filters.tsx'
import css from './logs.module.css'

const mrnTerm = memory('')

/** How many messages came since the list was read. The rows stay where they are until the reader asks. */
function NewRows({
  filters,
  newest,
  onShow,
}: {
  filters: LogFilters
  newest: Exchange | undefined
  onShow: () => void
}) {
  const LIMIT = 100
  const query = useQuery({
    queryKey: ['exchanges', 'new', filters, newest?.id],
    queryFn: ({ signal }) => exchangeList(filters, undefined, LIMIT, signal),
    refetchInterval: 4_000,
    // An audit line is written for each look by MRN, so such lists are not polled.
    enabled: filters.mrn === undefined && filters.patient_id === undefined && filters.record_id === undefined,
  })
  const items = query.data?.items ?? []
  const index = newest === undefined ? items.length : items.findIndex((one) => one.id === newest.id)
  const fresh = index < 0 ? items.length : index
  if (fresh === 0) return <span role="status" />
  return (
    <span role="status">
      <Button size="compact-xs" radius="xl" leftSection={<IconArrowUp size={13} />} onClick={onShow}>
        {fresh >= LIMIT ? `${LIMIT}+ new` : `${fresh} new`}
      </Button>
    </span>
  )
}

const DIRECTIONS = {
  in: { icon: IconArrowDownLeft, label: 'in' },
  out: { icon: IconArrowUpRight, label: 'out' },
} as const
function Direction({ direction }: { direction: Exchange['direction'] }) {
  const { icon: Sign, label } = DIRECTIONS[direction]
  return (
    <span
      className={css.direction}
      data-direction={direction}
      title={direction === 'in' ? 'Came in' : 'Went out'}
    >
      <Sign size={14} stroke={2} role="img" aria-label={label} />
    </span>
  )
}

interface RowsProps {
  items: Exchange[]
  chosen: string | undefined
  onChoose: (id: string) => void
  onPreview: (id: string) => void
}
function Rows({ items, chosen, onChoose, onPreview }: RowsProps) {
  const table = useRef<HTMLTableElement>(null)
  useRowKeys(table)
  return (
    <div className="scroll">
      <table className="grid" ref={table}>
        <caption>Messages, newest first. j and k move, Enter opens.</caption>
        <thead>
          <tr>
            <th scope="col" aria-sort="descending">
              Time (<ZoneName />)
            </th>
            <th scope="col">State</th>
            <th scope="col">Kind</th>
            <th scope="col">Control id</th>
            <th scope="col" className={css.roomy}>
              Connection
            </th>
            <th scope="col" className={css.roomy}>
              What happened
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id} data-row data-chosen={one.id === chosen} onClick={() => onChoose(one.id)}>
              <td>
                <Time at={one.received_at} shape="stamp" />
              </td>
              <td>
                <StatePill state={one.state} />
              </td>
              <td className="nowrap">
                <Direction direction={one.direction} />
                <Link
                  className="rowLink mono"
                  data-row-link
                  to="/exchanges/$id"
                  params={{ id: one.id }}
                  onFocus={() => onPreview(one.id)}
                  onClick={(event) => event.stopPropagation()}
                >
                  {one.kind}
                </Link>
              </td>
              <td className="mono nowrap">{one.control_id}</td>
              <td className={`nowrap ${css.roomy}`}>{one.connection_name}</td>
              <td className={`${css.roomy} ${css.happened}`}>
                {one.error !== null ? (
                  one.error.says
                ) : one.records.length > 0 ? (
                  <span className="dim">{plural(one.records.length, 'record')}</span>
                ) : one.duplicate_of !== null ? (
                  <span className="dim">repeat of an earlier message</span>
                ) : null}
                {one.replay_of !== null && (
                  <span className="pill" data-tone="info">
                    replay
                  </span>
                )}
                {one.direction === 'in' && one.channel === 'hl7v2' && one.ack_outcome !== 'sent' && (
                  <span className="pill" data-tone="warn">
                    ack {one.ack_outcome}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function LogsPage() {
  const search = useSearch({ from: '/settings/integrations/logs' })
  const navigate = useNavigate({ from: '/settings/integrations/logs' })
  const [mrn, setMrn] = mrnTerm.use()
  const [openedAt, setOpenedAt] = useState(() => Math.floor(Date.now() / 60_000) * 60_000)
  const filters = filtersOf(search, mrn, openedAt)
  const client = useQueryClient()
  const seesMetrics = useMay('metrics.read')
  // The rows stay where they are: the list is read again only when asked for.
  const query = useInfiniteQuery({ ...exchanges(filters), staleTime: Infinity })
  const wide = useIsWide()
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  const chosen = wide ? (items.find((one) => one.id === search.at) ?? items[0]) : undefined
  const narrowed = Object.keys(filters).length > 0
  const put = (next: LogSearch): unknown => navigate({ search: next, replace: true, resetScroll: false })
  const preview = (id: string): void => void (wide && put({ ...search, at: id }))
  const refresh = (): void => {
    setOpenedAt(Math.floor(Date.now() / 60_000) * 60_000)
    void client.resetQueries({ queryKey: ['exchanges', filters], exact: true })
  }
  return (
    <>
      <PageHead
        title="Logs"
        trail="Settings › Integrations"
        note="Every message, in and out, with what became of it"
      >
        {seesMetrics && query.isSuccess && <NewRows filters={filters} newest={items[0]} onShow={refresh} />}
        <Button variant="default" onClick={refresh}>
          Refresh
        </Button>
      </PageHead>
      <Filters
        search={search}
        mrn={mrn}
        onMrn={setMrn}
        onReplace={put}
        onSearch={(change) => put({ ...search, ...change, at: undefined })}
      />
      <WithInspector inspector={chosen === undefined ? null : <ExchangePreview one={chosen} />}>
        <section className="card" aria-label="Messages">
          <Ready query={query} rows={14}>
            {() =>
              items.length > 0 ? (
                <>
                  <Rows
                    items={items}
                    chosen={chosen?.id}
                    onPreview={preview}
                    onChoose={(id) =>
                      wide ? preview(id) : void navigate({ to: '/exchanges/$id', params: { id } })
                    }
                  />
                  <More query={query} shown={items.length} one="message" />
                </>
              ) : narrowed ? (
                <NothingMatches
                  onClear={() => {
                    setMrn('')
                    put({})
                  }}
                >
                  No message has all of these. Control id and MRN need the whole value.
                </NothingMatches>
              ) : (
                <NothingYet
                  title="No message yet"
                  action={
                    <Button component={Link} to="/settings/integrations/hl7" variant="default">
                      Look at the listener
                    </Button>
                  }
                >
                  Everything that the listener takes is kept here from the first byte on.
                </NothingYet>
              )
            }
          </Ready>
        </section>
      </WithInspector>
    </>
  )
}
