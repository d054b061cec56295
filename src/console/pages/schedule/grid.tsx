import { useEffect, useRef, useState, type MouseEvent } from 'react'
import type { Appointment } from '../../../contract/appointments.ts'
import { pendingLook } from '../../parts/pending.tsx'
import { appointmentLook } from '../../parts/state-pill.tsx'
import { useNow } from '../../parts/time.tsx'
import { zonedParts } from '../../time/zone.ts'
import { clock, hoursOf, place, type Placed } from './day-layout.ts'
import css from './schedule.module.css'

export interface Column {
  key: string
  title: string
  note?: string
  date: string
  /** Provider of the column, where it stands for one. */
  practitioner?: string | undefined
  appointments: Appointment[]
}
// A quarter of an hour is 24 px high and so large enough to be pressed (WCAG 2.5.8).
const HOUR = 100

function Block({
  span: { one, from, to, lane, lanes },
  first,
  chosen,
  onChoose,
}: {
  span: Placed
  first: number
  chosen: boolean
  onChoose: () => void
}) {
  const look = appointmentLook(one.status)
  const pending = one.pending === null ? null : pendingLook(one.pending)
  const Sign = pending?.icon ?? look.icon
  const gone = one.status === 'cancelled' || one.status === 'entered-in-error'
  const height = ((to - from) / 60) * HOUR
  return (
    <button
      type="button"
      className={css.block}
      data-tone={pending?.tone ?? look.tone}
      data-gone={gone}
      data-pending={pending !== null}
      data-tight={height < 38}
      aria-pressed={chosen}
      onClick={onChoose}
      aria-label={`${clock(from)} to ${clock(to)}, ${one.patient_name ?? 'patient'}, ${one.appointment_type ?? ''}, ${look.label}${pending === null ? '' : `, ${pending.label}`}`}
      style={{
        top: ((from - first * 60) / 60) * HOUR,
        height: height - 1,
        left: `calc(${(lane / lanes) * 100}% + 2px)`,
        width: `calc(${100 / lanes}% - 4px)`,
      }}
    >
      <span className={css.blockHead}>
        <Sign size={12} aria-hidden="true" />
        <span className={css.blockTime}>{clock(from)}</span>{' '}
        <span className={css.blockName}>{one.patient_name ?? 'Patient'}</span>
      </span>
      <span className={css.blockNote}>
        {one.appointment_type}
        {pending === null ? look.label !== 'Booked' && ` · ${look.label}` : ` · ${pending.label}`}
      </span>
    </button>
  )
}

const QUARTER = 15

/** What lies under the appointments of a column: it shows the time below the pointer, and takes the press. */
function FreeStretch({
  first,
  from,
  onPress,
}: {
  first: number
  /** Minute of the day from which may be booked. */
  from: number
  onPress: (minute: number) => void
}) {
  const [minute, setMinute] = useState<number | null>(null)
  const at = ({ nativeEvent }: MouseEvent): number | null => {
    const pointed = first * 60 + Math.floor((nativeEvent.offsetY / HOUR) * (60 / QUARTER)) * QUARTER
    return pointed < from ? null : pointed
  }
  const press = (event: MouseEvent): void => {
    const pressed = at(event)
    if (pressed !== null) onPress(pressed)
  }
  return (
    <div
      className={css.stretch}
      data-open={minute !== null}
      aria-hidden="true"
      onMouseMove={(event) => setMinute(at(event))}
      onMouseLeave={() => setMinute(null)}
      onClick={press}
    >
      {minute !== null && (
        <span className={css.ghost} style={{ top: ((minute - first * 60) / 60) * HOUR }}>
          Book {clock(minute)}
        </span>
      )}
    </div>
  )
}

/** Columns on a grid of hours, in the zone of the practice. */
export function Grid({
  columns,
  zone,
  today,
  chosen,
  onChoose,
  onFree,
}: {
  columns: Column[]
  zone: string
  today: string
  chosen: string | undefined
  onChoose: (id: string) => void
  /** A free stretch was pressed; absent where the role books nothing. Keyboards book by `b`. */
  onFree?: (column: Column, minute: number) => void
}) {
  const now = zonedParts(useNow(30_000), zone)
  const placed = columns.map((column) => ({ column, spans: place(column.appointments, column.date, zone) }))
  const { first, last } = hoursOf(placed.flatMap(({ spans }) => spans))
  const height = (last - first) * HOUR
  const line = ((now.minute - first * 60) / 60) * HOUR
  const scroller = useRef<HTMLDivElement>(null)
  const shownDay = columns.find(({ date }) => date === now.date)?.date
  // A day opens an hour before now; only when the day changes, so that it never moves under the reader.
  useEffect(() => {
    if (shownDay !== undefined && scroller.current !== null)
      scroller.current.scrollTop = Math.max(0, line - HOUR)
  }, [shownDay])
  return (
    <div ref={scroller} className={css.gridScroll} tabIndex={0} role="group" aria-label="Time grid">
      <div
        className={css.grid}
        style={{ gridTemplateColumns: `52px repeat(${columns.length}, minmax(148px, 1fr))` }}
      >
        <div className={css.corner} />
        {placed.map(({ column, spans }) => (
          <div key={column.key} className={css.columnHead} data-today={column.date === today}>
            <h2>{column.title}</h2>
            <span className="dim">
              {column.note ?? `${spans.filter(({ one }) => one.status !== 'cancelled').length} booked`}
            </span>
          </div>
        ))}
        <div className={css.hours} style={{ height }}>
          {Array.from({ length: last - first }, (_, hour) => (
            <span key={hour} style={{ top: hour * HOUR }}>
              {hour === 0 ? '' : clock((first + hour) * 60)}
            </span>
          ))}
        </div>
        {placed.map(({ column, spans }) => (
          <div
            key={column.key}
            className={css.column}
            role="group"
            aria-label={column.title}
            style={{ height, backgroundSize: `100% ${HOUR}px` }}
          >
            {column.date === now.date && line >= 0 && line <= height && (
              <div className={css.now} style={{ top: line }} aria-hidden="true" />
            )}
            {onFree !== undefined && (
              <FreeStretch
                first={first}
                from={column.date < now.date ? Infinity : column.date === now.date ? now.minute : 0}
                onPress={(minute) => onFree(column, minute)}
              />
            )}
            {spans.map((span) => (
              <Block
                key={span.one.id}
                span={span}
                first={first}
                chosen={span.one.id === chosen}
                onChoose={() => onChoose(span.one.id)}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

/** The same day as a list, for narrow screens. */
export function Agenda({
  columns,
  zone,
  onChoose,
}: {
  columns: Column[]
  zone: string
  onChoose: (id: string) => void
}) {
  return columns.map((column) => {
    const spans = place(column.appointments, column.date, zone)
    return (
      <section key={column.key} className={`card ${css.agenda}`} aria-label={column.title}>
        <div className="cardHead">
          <h2>{column.title}</h2>
          <span className="dim">{column.note ?? `${spans.length} in all`}</span>
        </div>
        {spans.length === 0 ? (
          <p className={css.free}>Nothing booked</p>
        ) : (
          <ul>
            {spans.map(({ one, from, to }) => {
              const look = one.pending === null ? appointmentLook(one.status) : pendingLook(one.pending)
              const Sign = look.icon
              return (
                <li key={one.id}>
                  <button
                    type="button"
                    onClick={() => onChoose(one.id)}
                    className={css.agendaRow}
                    data-gone={one.status === 'cancelled'}
                  >
                    <span className="num">
                      {clock(from)}
                      <small>{clock(to)}</small>
                    </span>
                    <span>
                      <span className={css.blockName}>{one.patient_name ?? 'Patient'}</span>
                      <small>{one.appointment_type}</small>
                    </span>
                    <span className="pill" data-tone={look.tone}>
                      <Sign size={13} aria-hidden="true" />
                      {look.label}
                    </span>
                  </button>
                </li>
              )
            })}
          </ul>
        )}
      </section>
    )
  })
}
