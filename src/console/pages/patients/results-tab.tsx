import { Modal, Spoiler } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPaperclip } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Observation, Report } from '../../../contract/observations.ts'
import { reportsOf } from '../../api/queries.ts'
import { NothingYet, Ready } from '../../parts/states.tsx'
import { StatusText } from '../../parts/state-pill.tsx'
import { Time } from '../../parts/time.tsx'
import { WhereFrom } from '../../parts/where-from.tsx'
import { bytes, personName } from '../../parts/words.ts'
import {
  barOf,
  flagsOf,
  numberOf,
  readRange,
  STRUCK,
  trendsOf,
  valueOf,
  type Point,
} from './results-model.ts'
import { Sparkline, TrendChart } from './trend.tsx'
import css from './results.module.css'

function RangeBar({ line }: { line: Observation }) {
  const value = numberOf(line)
  const range = readRange(line.reference_range)
  if (value === null || range === null) return null
  const bar = barOf(value, range)
  const out = (range.low !== null && value < range.low) || (range.high !== null && value > range.high)
  return (
    <svg width="84" height="12" className={css.range} aria-hidden="true">
      <rect x="0" y="4.5" width="84" height="3" rx="1.5" className={css.rangeTrack} />
      <rect
        x={bar.low * 84}
        y="4.5"
        width={Math.max(2, (bar.high - bar.low) * 84)}
        height="3"
        className={css.rangeGood}
      />
      <circle cx={3 + bar.value * 78} cy="6" r="4" className={css.rangeDot} data-out={out} />
    </svg>
  )
}

function Flags({ line }: { line: Observation }) {
  return flagsOf(line).map(({ label, tone }) => (
    <span key={label} className="pill" data-tone={tone}>
      {label.includes('high') ? (
        <IconArrowUp size={12} aria-hidden="true" />
      ) : label.includes('low') ? (
        <IconArrowDown size={12} aria-hidden="true" />
      ) : null}
      {label}
    </span>
  ))
}

function Line({
  line,
  trend,
  onTrend,
}: {
  line: Observation
  trend: Point[] | undefined
  onTrend: () => void
}) {
  const name = line.code.text ?? line.code.code ?? 'Result'
  const struck = STRUCK.has(line.status)
  return (
    <tr data-struck={struck}>
      <th scope="row">
        <span className={struck ? 'struck' : undefined}>{name}</span>
        <span className={`mono ${css.code}`}>{line.code.code}</span>
      </th>
      <td className={css.value}>
        {line.attachment === undefined ? (
          <>
            <strong className={struck ? 'struck' : undefined}>{valueOf(line)}</strong>{' '}
            <span className="dim">{line.quantity?.unit}</span>
          </>
        ) : (
          <span className={css.attachment}>
            <IconPaperclip size={14} aria-hidden="true" />
            {line.attachment.title ?? 'Attachment'}{' '}
            <span className="dim">
              {[line.attachment.media_type, bytes(line.attachment.size_bytes)].filter(Boolean).join(', ')}
            </span>
          </span>
        )}
        {line.previous?.map((old, index) => (
          <div key={index} className={css.previous}>
            <del>
              {valueOf(old)} {old.quantity?.unit}
            </del>{' '}
            <span>{old.status}, before correction</span>
          </div>
        ))}
        {line.notes?.map((note) => (
          <div key={note} className={css.note}>
            {note}
          </div>
        ))}
      </td>
      <td className="nowrap">
        <Flags line={line} />
        {line.status !== 'final' && <StatusText status={line.status} />}
      </td>
      <td className="nowrap">
        <RangeBar line={line} />
        <span className={css.rangeText}>{line.reference_range}</span>
      </td>
      <td>
        {trend !== undefined && trend.length > 1 && (
          <button
            type="button"
            className={css.trend}
            onClick={onTrend}
            aria-label={`Trend of ${name}, ${trend.length} results`}
          >
            <Sparkline points={trend} range={readRange(line.reference_range)} />
          </button>
        )}
      </td>
    </tr>
  )
}

function ReportCard({
  report,
  trends,
  onTrend,
}: {
  report: Report
  trends: Map<string, Point[]>
  onTrend: (line: Observation) => void
}) {
  const title = report.code?.text ?? report.code?.code ?? 'Report'
  return (
    <article className="card" aria-label={title}>
      <div className={`cardHead ${css.reportHead}`}>
        <h2>{title}</h2>
        <StatusText status={report.status} />
        <span className="dim">
          <Time at={report.effective_at} />
        </span>
        <span className={`dim ${css.by}`}>
          {[
            personName(report.performer),
            report.ordering_provider === null ? '' : `ordered by ${personName(report.ordering_provider)}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
        <WhereFrom
          field={title}
          from={report.provenance['observations'] ?? report.provenance['code'] ?? report.provenance['status']}
        />
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label={`Lines of ${title}`}>
        <table className={`grid ${css.lines}`}>
          <thead>
            <tr>
              <th scope="col">Test</th>
              <th scope="col">Value</th>
              <th scope="col">Flag</th>
              <th scope="col">Reference</th>
              <th scope="col">Trend</th>
            </tr>
          </thead>
          <tbody>
            {report.observations.map((line) => (
              <Line
                key={line.id}
                line={line}
                trend={trends.get(line.code.code ?? '')}
                onTrend={() => onTrend(line)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {report.notes !== null && (
        <Spoiler className={css.notes} maxHeight={60} showLabel="Show all" hideLabel="Show less">
          {report.notes}
        </Spoiler>
      )}
    </article>
  )
}

export function ResultsTab({ id }: { id: string }) {
  const query = useQuery(reportsOf(id))
  const [opened, setOpened] = useState<Observation | null>(null)
  return (
    <Ready query={query} rows={10}>
      {(reports) => {
        if (reports.length === 0)
          return (
            <div className="card">
              <NothingYet title="No result yet">Results come with ORU messages.</NothingYet>
            </div>
          )
        const trends = trendsOf(reports)
        const newest = [...reports].sort((a, b) => (b.effective_at ?? '').localeCompare(a.effective_at ?? ''))
        return (
          <div className={css.reports}>
            {newest.map((report) => (
              <ReportCard key={report.id} report={report} trends={trends} onTrend={setOpened} />
            ))}
            <Modal
              opened={opened !== null}
              onClose={() => setOpened(null)}
              size="lg"
              title={`${opened?.code.text ?? opened?.code.code ?? 'Result'} over time`}
              closeButtonProps={{ 'aria-label': 'Close' }}
            >
              {opened !== null && (
                <TrendChart
                  points={trends.get(opened.code.code ?? '') ?? []}
                  range={readRange(opened.reference_range)}
                  unit={opened.quantity?.unit ?? ''}
                />
              )}
            </Modal>
          </div>
        )
      }}
    </Ready>
  )
}
