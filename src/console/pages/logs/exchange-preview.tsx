import { Button } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Exchange } from '../../../contract/exchanges.ts'
import { exchange } from '../../api/queries.ts'
import { BeforeAfter } from '../../parts/before-after.tsx'
import { ErrorCard } from '../../parts/error-card.tsx'
import { Facts, Inspector } from '../../parts/inspector.tsx'
import { Ready } from '../../parts/states.tsx'
import { StatePill } from '../../parts/state-pill.tsx'
import { Time } from '../../parts/time.tsx'
import { bytes, count } from '../../parts/words.ts'
import { took } from '../exchange/took.ts'

/** The docked preview of a row of the log. */
export function ExchangePreview({ one }: { one: Exchange }) {
  const query = useQuery(exchange(one.id))
  return (
    <Inspector
      label="Message preview"
      title={
        <>
          <strong className="mono">{one.kind}</strong> <StatePill state={one.state} />
        </>
      }
      actions={
        <Button
          component={Link}
          to={`/exchanges/${one.id}`}
          variant="light"
          size="compact-xs"
          rightSection={<IconArrowRight size={13} />}
        >
          Open
        </Button>
      }
    >
      {one.error !== null && <ErrorCard error={one.error} />}
      <Facts
        rows={[
          [
            'Control id',
            <span key="v" className="mono">
              {one.control_id}
            </span>,
          ],
          ['Connection', one.connection_name],
          [
            one.direction === 'out' ? 'To' : 'From',
            <span key="v" className="mono">
              {one.remote}
            </span>,
          ],
          [
            one.direction === 'out' ? 'Begun' : 'Received',
            <Time key="v" at={one.received_at} shape="stamp" />,
          ],
          ['Finished', one.finished_at === null ? 'not yet' : took(one.received_at, one.finished_at)],
          ...(one.channel === 'hl7v2'
            ? [['Acknowledged', `${one.ack_code ?? 'none'}, ${one.ack_outcome}`] as const]
            : []),
          ['Attempts', count(one.attempts)],
          ['Size', bytes(one.size_bytes)],
        ]}
      />
      <Ready query={query} rows={4}>
        {({ changes }) => {
          const changed = changes.filter((change) => change.outcome === 'changed')
          return changed.length === 0 ? (
            <p className="dim" style={{ margin: 0, fontSize: '0.75rem' }}>
              It changed no field.
            </p>
          ) : (
            <BeforeAfter changes={changed.slice(0, 8)} label="What it changed" />
          )
        }}
      </Ready>
    </Inspector>
  )
}
