import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { CernerStatus } from '../../../contract/cerner.ts'
import type { Connection } from '../../../contract/connections.ts'
import { runningSyncs } from '../../api/cerner.ts'
import { useMay } from '../../shell/session.ts'
import type { CernerSearch } from '../../router.tsx'
import { CursorsCard } from './cursors-card.tsx'
import { DriftList, DriftView } from './drift.tsx'
import { RunningCard } from './run-card.tsx'
import { RunsList } from './runs-list.tsx'
import { StartCard } from './start-card.tsx'
import css from './sync.module.css'

const HERE = '/settings/integrations/cerner'
/** Pulls of a connection: start one, see it run, look back, and see where the two sides differ. */
export function PullsTab({ one, status }: { one: Connection; status: CernerStatus }) {
  const search = useSearch({ from: HERE })
  const navigate = useNavigate({ from: HERE })
  const mayStop = useMay('sync.run')
  const running = useQuery(runningSyncs(one.id))
  const put = (change: Partial<CernerSearch>): void =>
    void navigate({
      to: `${HERE}/pulls`,
      search: { ...search, ...change },
      replace: true,
      resetScroll: false,
    })
  if (search.drift !== undefined) return <DriftView id={search.drift} search={search} onSearch={put} />
  const runs = running.data ?? []
  const cursors = <CursorsCard cursors={status.cursors} known={status.known} />
  return (
    <div className={css.page}>
      <div className={css.top}>
        <div className={css.stack}>
          {runs.map((run) => (
            <RunningCard key={run.id} run={run} mayStop={mayStop} />
          ))}
          {runs.length === 0 && cursors}
        </div>
        <div className={css.stack}>
          <StartCard one={one} status={status} running={runs.map(({ kind }) => kind)} />
          <DriftList connectionId={one.id} />
        </div>
      </div>
      <RunsList connectionId={one.id} chosenId={search.run} onChoose={(run) => put({ run })} />
      {runs.length > 0 && cursors}
    </div>
  )
}
