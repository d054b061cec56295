import { Time } from '../../parts/time.tsx'
import { formatDate } from '../../time/zone.ts'
import type { Point, Range } from './results-model.ts'
import css from './results.module.css'

interface Scale {
  x: (at: string) => number
  y: (value: number) => number
}
function scaleOf(
  points: Point[],
  range: Range | null,
  box: { left: number; right: number; top: number; bottom: number },
): Scale {
  const times = points.map(({ at }) => Date.parse(at))
  const values = [
    ...points.map(({ value }) => value),
    range?.low ?? Infinity,
    range?.high ?? -Infinity,
  ].filter(Number.isFinite)
  const [t0, t1] = [Math.min(...times), Math.max(...times)]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const room = (high - low) * 0.12 || 1
  return {
    x: (at) => box.left + ((box.right - box.left) * (Date.parse(at) - t0)) / (t1 - t0 || 1),
    y: (value) => box.bottom - ((box.bottom - box.top) * (value - low + room)) / (high - low + 2 * room),
  }
}

const inside = (value: number, range: Range | null): boolean =>
  range === null ||
  ((range.low === null || value >= range.low) && (range.high === null || value <= range.high))

export function Sparkline({ points, range }: { points: Point[]; range: Range | null }) {
  const { x, y } = scaleOf(points, range, { left: 4, right: 80, top: 3, bottom: 21 })
  const last = points.at(-1)
  return (
    <svg width="84" height="24" aria-hidden="true">
      {range !== null && <Band range={range} y={y} left={0} right={84} top={0} bottom={24} />}
      <polyline
        points={points.map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')}
        className={css.curve}
      />
      {last !== undefined && (
        <circle
          cx={x(last.at)}
          cy={y(last.value)}
          r="3"
          className={css.rangeDot}
          data-out={!inside(last.value, range)}
        />
      )}
    </svg>
  )
}

function Band({
  range,
  y,
  left,
  right,
  top,
  bottom,
}: {
  range: Range
  y: Scale['y']
  left: number
  right: number
  top: number
  bottom: number
}) {
  const from = range.high === null ? top : Math.max(top, y(range.high))
  const to = range.low === null ? bottom : Math.min(bottom, y(range.low))
  return <rect x={left} width={right - left} y={from} height={Math.max(0, to - from)} className={css.band} />
}

/** The same results as a chart and as a table. */
export function TrendChart({ points, range, unit }: { points: Point[]; range: Range | null; unit: string }) {
  const box = { left: 44, right: 560, top: 14, bottom: 190 }
  const { x, y } = scaleOf(points, range, box)
  const values = points.map(({ value }) => value)
  const marks = [
    ...new Set(
      [Math.min(...values), Math.max(...values), range?.low ?? NaN, range?.high ?? NaN].filter(
        Number.isFinite,
      ),
    ),
  ]
  return (
    <>
      <svg
        viewBox="0 0 580 220"
        width="100%"
        role="img"
        aria-label={`${points.length} results from ${Math.min(...values)} to ${Math.max(...values)} ${unit}`}
      >
        {range !== null && <Band range={range} y={y} {...box} />}
        {marks.map((mark) => (
          <g key={mark}>
            <line x1={box.left} x2={box.right} y1={y(mark)} y2={y(mark)} className={css.markLine} />
            <text x={box.left - 6} y={y(mark) + 4} textAnchor="end" className={css.axis}>
              {mark}
            </text>
          </g>
        ))}
        <polyline
          points={points.map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')}
          className={css.curve}
          strokeWidth="2"
        />
        {points.map(({ at, value }, index) => (
          <g key={at}>
            <circle
              cx={x(at)}
              cy={y(value)}
              r="4.5"
              className={css.rangeDot}
              data-out={!inside(value, range)}
            />
            {(index === 0 || index === points.length - 1) && (
              <text x={x(at)} y={210} textAnchor={index === 0 ? 'start' : 'end'} className={css.axis}>
                {formatDate(at.slice(0, 10))}
              </text>
            )}
          </g>
        ))}
      </svg>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col" className="num">
              Value
            </th>
            <th scope="col">In range</th>
          </tr>
        </thead>
        <tbody>
          {[...points].reverse().map(({ at, value }) => (
            <tr key={at}>
              <td>
                <Time at={at} />
              </td>
              <td className="num">
                {value} <span className="dim">{unit}</span>
              </td>
              <td>{range === null ? '' : inside(value, range) ? 'yes' : 'no'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
