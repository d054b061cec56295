import { Button, MultiSelect } from '@mantine/core'
import { IconArrowsDiff, IconCloudDown, IconFileZip, IconRefresh, type Icon } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { CernerStatus } from '../../../contract/cerner.ts'
import type { Connection } from '../../../contract/connections.ts'
import type { SyncRun } from '../../../contract/sync.ts'
import { startSync } from '../../api/cerner.ts'
import { Refused } from '../../parts/states.tsx'
import { useMay } from '../../shell/session.ts'
import { RUN_KINDS } from './run-card.tsx'
import css from './sync.module.css'

const ICONS: Record<SyncRun['kind'], Icon> = {
  delta: IconRefresh,
  full: IconCloudDown,
  bulk: IconFileZip,
  compare: IconArrowsDiff,
}

/** Why a kind of pull cannot be started, or null when it can. */
function reasonAgainst(
  kind: SyncRun['kind'],
  one: Connection,
  status: CernerStatus,
  running: SyncRun['kind'][],
): string | null {
  if (!one.enabled) return 'The connection is switched off.'
  if (status.endpoints === null) return 'The FHIR address is not set up yet.'
  if (running.includes(kind)) return 'Such a pull is running.'
  const bulk = status.profile.features.find(({ feature }) => feature === 'bulk_export')
  if (kind === 'bulk' && bulk?.state === 'off') return bulk.says
  return null
}

export function StartCard({
  one,
  status,
  running,
}: {
  one: Connection
  status: CernerStatus
  running: SyncRun['kind'][]
}) {
  const client = useQueryClient()
  const allowed = useMay('sync.run')
  const [resources, setResources] = useState<string[]>([])
  const start = useMutation({
    mutationFn: (kind: SyncRun['kind']) => startSync(one.id, { kind, resources }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['sync-runs'] }),
  })
  const types = status.known.map(({ type }) => type)
  return (
    <section className="card" aria-labelledby="start">
      <div className="cardHead">
        <h2 id="start">Start a pull</h2>
        <span className="dim">
          {!allowed
            ? 'your role may look, not start'
            : running.length > 0
              ? 'another one waits for the running one'
              : ''}
        </span>
      </div>
      <div className="cardBody">
        {types.length > 0 && (
          <MultiSelect
            size="xs"
            mb="sm"
            label="Resources"
            description="Empty pulls all that the settings name."
            data={types}
            value={resources}
            onChange={setResources}
            disabled={!allowed}
            clearable
            searchable
            clearButtonProps={{ 'aria-label': 'All resources' }}
            placeholder={resources.length === 0 ? 'All' : undefined}
          />
        )}
        <ul className={css.starts}>
          {(Object.keys(RUN_KINDS) as SyncRun['kind'][]).map((kind) => {
            const Sign = ICONS[kind]
            const against = reasonAgainst(kind, one, status, running)
            return (
              <li key={kind}>
                <Button
                  variant={kind === 'delta' ? 'filled' : 'default'}
                  fullWidth
                  justify="flex-start"
                  leftSection={<Sign size={14} />}
                  disabled={!allowed || against !== null}
                  loading={start.isPending && start.variables === kind}
                  onClick={() => start.mutate(kind)}
                  aria-describedby={`start-${kind}`}
                >
                  {RUN_KINDS[kind].label}
                </Button>
                <span id={`start-${kind}`}>{against ?? RUN_KINDS[kind].means}</span>
              </li>
            )
          })}
        </ul>
        {start.isError && <Refused error={start.error} />}
      </div>
    </section>
  )
}
