import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { MetricsSummary } from '../../../contract/metrics.ts'
import { useLive } from '../../api/live.ts'
import { summary } from '../../api/queries.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Ready } from '../../parts/states.tsx'
import { Time } from '../../parts/time.tsx'
import { count, shortCount } from '../../parts/words.ts'
import { useMay } from '../../shell/session.ts'
import { Failures, Ticker } from './exchanges.tsx'
import { receivedOf } from './flow-layout.ts'
import { FlowPicture } from './flow-picture.tsx'
import { Figure, Figures } from './figures.tsx'
import { MinuteChart } from './minute-chart.tsx'
import css from './today.module.css'

const RANGES: [minutes: number, label: string][] = [
  [15, '15 min'],
  [60, '1 hour'],
  [240, '4 hours'],
  [1440, '24 hours'],
]
const ms = (value: number | null): string =>
  value === null ? '–' : value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`
const age = (seconds: number | null): string =>
  seconds === null
    ? 'nothing waits'
    : seconds < 1
      ? 'oldest under 1 s'
      : seconds < 90
        ? `oldest ${Math.round(seconds)} s`
        : `oldest ${Math.round(seconds / 60)} min`

function Numbers({ now, minutes }: { now: MetricsSummary; minutes: number }) {
  const { flow } = useLive()
  const { received, applied } = receivedOf(now.channels)
  const label = RANGES.find(([value]) => value === minutes)?.[1] ?? ''
  const waiting = flow !== null && Date.parse(flow.at) > Date.parse(now.at) ? flow.waiting : now.queue.waiting
  return (
    <Figures>
      <Figure
        label="Arriving now"
        value={now.per_second.toFixed(now.per_second < 10 ? 1 : 0)}
        unit="per second"
        live
      />
      <Figure
        label="Waiting"
        value={count(waiting)}
        unit={age(now.queue.oldest_seconds)}
        tone={(now.queue.oldest_seconds ?? 0) > 60 ? 'warn' : undefined}
      />
      <Figure
        label="From received to applied"
        value={ms(now.delay_ms.mean)}
        unit={`slowest ${ms(now.delay_ms.max)}`}
      />
      <Figure
        label="Needs a person"
        value={count(now.open_errors)}
        unit={`${count(now.queue.retrying)} retrying by itself`}
        tone={now.open_errors > 0 ? 'bad' : undefined}
        to={{ to: '/settings/integrations/logs', search: { state: 'parked' } }}
      />
      <Figure
        label={`Received, ${label}`}
        value={shortCount(received)}
        unit={`${shortCount(applied)} applied`}
      />
      <Figure
        label="Appointments today"
        value={count(now.records.appointments_today)}
        unit="all providers"
        to={{ to: '/schedule' }}
      />
    </Figures>
  )
}

export function TodayPage() {
  const { minutes = 60 } = useSearch({ from: '/today' })
  const navigate = useNavigate({ from: '/today' })
  const query = useQuery(summary(minutes))
  const seesLog = useMay('exchanges.read')
  return (
    <>
      <PageHead
        title="Today"
        note={
          query.data === undefined ? (
            'What flows between Cerner and the practice'
          ) : (
            <>
              What flows between Cerner and the practice, as of <Time at={query.data.at} shape="seconds" />
            </>
          )
        }
      >
        <SegmentedControl
          size="xs"
          aria-label="Time range"
          value={String(minutes)}
          onChange={(value) =>
            void navigate({ search: value === '60' ? {} : { minutes: Number(value) }, replace: true })
          }
          data={RANGES.map(([value, label]) => ({ value: String(value), label }))}
        />
      </PageHead>
      <Ready query={query} rows={12}>
        {(now) => (
          <div className={css.page}>
            <Numbers now={now} minutes={minutes} />
            <FlowPicture now={now} />
            <div className={css.pair}>
              <MinuteChart now={now} />
              {seesLog && <Failures />}
            </div>
            {seesLog && <Ticker />}
          </div>
        )}
      </Ready>
    </>
  )
}
