import { useElementSize } from '@mantine/hooks'
import { VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import type { MetricsSummary } from '../../../contract/metrics.ts'
import { Time } from '../../parts/time.tsx'
import { count } from '../../parts/words.ts'
import { format } from '../../time/zone.ts'
import { useZone } from '../../time/zone-choice.ts'
import css from './today.module.css'

const OUTCOMES = [
  ['applied', 'Applied'],
  ['ignored', 'Ignored'],
  ['duplicate', 'Duplicate'],
  ['parked', 'Parked'],
] as const
const HEIGHT = 190
// Room for five digits and a comma.
const PAD = { left: 52, right: 6, top: 10, bottom: 22 }

/** 1, 2 or 5 times a power of ten, at least a quarter of the top. */
export function niceStep(top: number): number {
  const raw = Math.max(1, top) / 3
  const power = 10 ** Math.floor(Math.log10(raw))
  return Math.max(1, ([1, 2, 5, 10].find((step) => step * power >= raw) ?? 10) * power)
}

function Bars({
  now,
  width,
  over,
  onOver,
}: {
  now: MetricsSummary
  width: number
  over: number | null
  onOver: (bucket: number | null) => void
}) {
  const { zone } = useZone()
  const per = 60 / now.bucket_seconds
  const sums = now.series.map((bucket) => OUTCOMES.reduce((sum, [key]) => sum + bucket[key], 0) * per)
  const step = niceStep(Math.max(...sums, 4))
  const top = Math.ceil(Math.max(...sums, 1) / step) * step
  const plot = { width: width - PAD.left - PAD.right, height: HEIGHT - PAD.top - PAD.bottom }
  const slot = plot.width / Math.max(1, now.series.length)
  const y = (value: number) => PAD.top + plot.height * (1 - value / top)
  const every = Math.ceil(80 / slot)
  return (
    <svg
      width={width}
      height={HEIGHT}
      aria-hidden="true"
      onPointerLeave={() => onOver(null)}
      onPointerMove={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left - PAD.left
        const bucket = Math.floor(x / slot)
        onOver(bucket >= 0 && bucket < now.series.length ? bucket : null)
      }}
    >
      {Array.from({ length: Math.round(top / step) + 1 }, (_, line) => (
        <g key={line}>
          <line
            x1={PAD.left}
            x2={width - PAD.right}
            y1={y(line * step)}
            y2={y(line * step)}
            className={css.gridLine}
          />
          <text x={PAD.left - 6} y={y(line * step) + 4} textAnchor="end" className={css.axis}>
            {count(line * step)}
          </text>
        </g>
      ))}
      {over !== null && (
        <rect x={PAD.left + over * slot} y={PAD.top} width={slot} height={plot.height} className={css.over} />
      )}
      {now.series.map((bucket, index) => {
        let base = 0
        return (
          <g key={bucket.at}>
            {OUTCOMES.map(([key]) => {
              const value = bucket[key] * per
              base += value
              return value === 0 ? null : (
                <rect
                  key={key}
                  x={PAD.left + index * slot + slot * 0.12}
                  width={Math.max(1, slot * 0.76)}
                  y={y(base)}
                  height={Math.max(0.8, (plot.height * value) / top)}
                  fill={`var(--c-${key})`}
                />
              )
            })}
            {index % every === 0 && index * slot < plot.width - 30 && (
              <text x={PAD.left + index * slot} y={HEIGHT - 6} className={css.axis}>
                {format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
                  new Date(bucket.at),
                )}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}

/** Messages per minute by what became of them. The same numbers stand in a table for screen readers. */
export function MinuteChart({ now }: { now: MetricsSummary }) {
  const { ref, width } = useElementSize()
  const [over, setOver] = useState<number | null>(null)
  const bucket = over === null ? undefined : now.series[over]
  return (
    <section className="card" aria-labelledby="minutes-title">
      <div className="cardHead">
        <h2 id="minutes-title">Messages per minute</h2>
        <span className={css.legend}>
          {OUTCOMES.map(([key, label]) => (
            <span key={key}>
              <i style={{ background: `var(--c-${key})` }} aria-hidden="true" />
              {label}
              {bucket !== undefined && <strong className="num">{count(bucket[key])}</strong>}
            </span>
          ))}
        </span>
      </div>
      <div className={css.chart} ref={ref}>
        {width > 0 && <Bars now={now} width={width} over={over} onOver={setOver} />}
        {bucket !== undefined && (
          <p className={css.tip}>
            from <Time at={bucket.at} shape="time" />,{' '}
            {now.bucket_seconds < 120 ? 'one minute' : `${Math.round(now.bucket_seconds / 60)} minutes`}:{' '}
            {count(bucket.received)} received
          </p>
        )}
      </div>
      <VisuallyHidden>
        <table>
          <caption>Messages by outcome, last {Math.min(12, now.series.length)} intervals</caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              {OUTCOMES.map(([key, label]) => (
                <th key={key} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {now.series.slice(-12).map((row) => (
              <tr key={row.at}>
                <th scope="row">
                  <Time at={row.at} shape="time" />
                </th>
                {OUTCOMES.map(([key]) => (
                  <td key={key}>{row[key]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </VisuallyHidden>
    </section>
  )
}
