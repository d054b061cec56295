import { Button } from '@mantine/core'
import { IconFileText, IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import type { Connection } from '../../../contract/connections.ts'
import { connections } from '../../api/queries.ts'
import { CopyButton } from '../../parts/copy.tsx'
import { saveText } from '../../parts/download.ts'
import { Ladder, RUNG_LOOKS } from '../../parts/ladder.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Failed, Loading, NothingYet, Ready } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { channelName } from '../../parts/where-from.tsx'
import { useMay } from '../../shell/session.ts'
import css from './connectivity.module.css'
import { history, pastOf, reportText, type PastProbe } from './probe-history.ts'
import { runProbe, useProbeRuns, type ProbeRun } from './probe-runs.ts'

function OutcomePill({ past }: { past: PastProbe | undefined }) {
  if (past === undefined) return <span className="dim">not tested yet</span>
  const look = RUNG_LOOKS[past.outcome]
  return (
    <span className="pill" data-tone={look.tone}>
      <look.icon size={13} stroke={2} aria-hidden="true" />
      {past.rung === '' ? look.label : `${look.label} at: ${past.rung}`}
    </span>
  )
}

const newest = (id: string, run: ProbeRun | undefined): PastProbe | undefined =>
  run?.result === null || run?.result === undefined ? history(id)[0] : pastOf(run.at, run.result)

function Rows({
  list,
  runs,
  chosen,
  onChoose,
}: {
  list: Connection[]
  runs: ReadonlyMap<string, ProbeRun>
  chosen: string
  onChoose: (id: string) => void
}) {
  const table = useRef<HTMLTableElement>(null)
  useRowKeys(table)
  return (
    <section className="card" aria-label="Connections">
      <div className="scroll" tabIndex={0} role="group" aria-label="Connections, scrollable">
        <table className="grid" ref={table}>
          <caption>j and k move between connections.</caption>
          <thead>
            <tr>
              <th scope="col">Connection</th>
              <th scope="col">Last test</th>
            </tr>
          </thead>
          <tbody>
            {list.map((one) => {
              const run = runs.get(one.id)
              const past = newest(one.id, run)
              return (
                <tr key={one.id} data-row data-chosen={one.id === chosen} onClick={() => onChoose(one.id)}>
                  <td>
                    <Link
                      className="rowLink"
                      data-row-link
                      to="/settings/integrations/connectivity"
                      search={{ connection: one.id }}
                      replace
                      resetScroll={false}
                      aria-current={one.id === chosen}
                      onFocus={() => onChoose(one.id)}
                    >
                      {one.name}
                    </Link>
                    <span className={css.channel}>
                      {channelName(one.channel)}
                      {!one.enabled && ', switched off'}
                    </span>
                  </td>
                  <td>
                    {run?.running === true ? (
                      <span className="dim">testing…</span>
                    ) : (run?.problem ?? null) !== null ? (
                      <span className="pill" data-tone="bad">
                        could not be asked
                      </span>
                    ) : (
                      <OutcomePill past={past} />
                    )}
                    {past !== undefined && (
                      <span className={css.channel}>
                        <Time at={past.at} shape="ago" />
                      </span>
                    )}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Past({ items }: { items: PastProbe[] }) {
  if (items.length === 0) return null
  return (
    <section className="card" aria-labelledby="past">
      <div className="cardHead">
        <h2 id="past">Earlier tests</h2>
        <span className="dim">kept in this browser</span>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label="Earlier tests, scrollable">
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">At</th>
              <th scope="col">Outcome</th>
              <th scope="col" className="num">
                Rungs
              </th>
              <th scope="col" className="num">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((past) => (
              <tr key={past.at}>
                <td>
                  <Time at={past.at} shape="stamp" />
                </td>
                <td>
                  <OutcomePill past={past} />
                </td>
                <td className="num">
                  {past.passed} of {past.of}
                </td>
                <td className="num nowrap">{Math.round(past.took_ms)} ms</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Test({ one, run, allowed }: { one: Connection; run: ProbeRun | undefined; allowed: boolean }) {
  const result = run?.result ?? null
  const problem = run?.problem ?? null
  return (
    <section className="card" aria-labelledby="test">
      <div className={`cardHead ${css.head}`}>
        <h2 id="test">{one.name}</h2>
        {run !== undefined && !run.running && (
          <span className="dim">
            <Time at={run.at} shape="seconds" />
          </span>
        )}
        <span className={css.tools}>
          {run !== undefined && result !== null && !run.running && (
            <>
              <CopyButton text={reportText(one.name, run.at, result)} what="the test" label="Copy as text" />
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<IconFileText size={13} />}
                onClick={() =>
                  saveText(
                    `connectivity-${run.at.slice(0, 16).replaceAll(':', '')}.txt`,
                    reportText(one.name, run.at, result),
                  )
                }
              >
                Save as text
              </Button>
            </>
          )}
          <Button
            size="compact-xs"
            leftSection={<IconPlayerPlay size={13} />}
            disabled={!allowed}
            loading={run?.running === true}
            onClick={() => void runProbe(one.id)}
          >
            Test
          </Button>
        </span>
      </div>
      <div className="cardBody" aria-live="polite" aria-busy={run?.running === true}>
        {run?.running === true ? (
          <Loading rows={6} label="Testing the connection" />
        ) : problem !== null ? (
          <Failed problem={problem} onRetry={() => void runProbe(one.id)} />
        ) : result !== null ? (
          <Ladder key={run?.at} {...result} />
        ) : (
          <NothingYet title="Not tested since this window was opened">
            The test goes up rung by rung: name, port, certificate, log-in, rights, one read. It writes
            nothing at the other side.
          </NothingYet>
        )}
      </div>
    </section>
  )
}

/** Every connection, tested rung by rung. */
export function ConnectivityPage() {
  const query = useQuery(connections)
  const search = useSearch({ from: '/settings/integrations/connectivity' })
  const navigate = useNavigate({ from: '/settings/integrations/connectivity' })
  const runs = useProbeRuns()
  const allowed = useMay('connections.write')
  const list = query.data ?? []
  const one = list.find(({ id }) => id === search.connection) ?? list[0]
  const choose = (id: string): void => {
    if (id !== search.connection)
      void navigate({ search: { connection: id }, replace: true, resetScroll: false })
  }
  return (
    <>
      <PageHead
        title="Connectivity Test"
        trail="Settings › Integrations"
        note="Where a connection breaks, what that means, and who has to act"
      >
        <Button
          leftSection={<IconPlayerPlay size={14} />}
          disabled={!allowed || list.length === 0}
          loading={list.some(({ id }) => runs.get(id)?.running === true)}
          onClick={() => list.forEach(({ id }) => void runProbe(id))}
        >
          Test all
        </Button>
      </PageHead>
      <Ready query={query} rows={8}>
        {() =>
          one === undefined ? (
            <div className="card">
              <NothingYet
                title="No connection yet"
                action={
                  <Button component={Link} to="/settings/integrations/cerner" variant="default">
                    Add a Cerner connection
                  </Button>
                }
              >
                There is nothing to test until a connection is set up.
              </NothingYet>
            </div>
          ) : (
            <div className={css.page}>
              <Rows list={list} runs={runs} chosen={one.id} onChoose={choose} />
              <div className={css.side}>
                <Test one={one} run={runs.get(one.id)} allowed={allowed} />
                <Past items={history(one.id)} />
              </div>
            </div>
          )
        }
      </Ready>
    </>
  )
}
