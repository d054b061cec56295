import type { Appointment } from '../../../contract/appointments.ts'
import { plural } from '../../parts/words.ts'
import { addDays, formatDate } from '../../time/zone.ts'
import { place } from './day-layout.ts'
import css from './schedule.module.css'

interface WeekProps {
  providers: [key: string, title: string][]
  appointments: (provider: string) => Appointment[]
  monday: string
  today: string
  zone: string
  onOpen: (day: string, provider: string) => void
}
const [FIRST, LAST] = [7 * 60, 19 * 60]
const at = (minute: number): number => (Math.min(LAST, Math.max(FIRST, minute)) - FIRST) / (LAST - FIRST)

/** The week of everybody at a glance: each cell a day of one provider, drawn from 7:00 to 19:00. */
export function WeekTable({ providers, appointments, monday, today, zone, onOpen }: WeekProps) {
  const days = Array.from({ length: 7 }, (_, index) => addDays(monday, index))
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Week by provider">
      <table className={`grid ${css.week}`}>
        <caption>Each bar is a day from 7:00 to 19:00. Press a day to open it.</caption>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            {days.map((day) => (
              <th key={day} scope="col" data-today={day === today}>
                {formatDate(day, { weekday: 'short', month: 'short', day: 'numeric' })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {providers.map(([key, title]) => {
            const own = appointments(key)
            return (
              <tr key={key}>
                <th scope="row">{title}</th>
                {days.map((day) => {
                  const spans = place(own, day, zone)
                  const booked = spans.filter(({ one }) => one.status !== 'cancelled')
                  const cancelled = spans.length - booked.length
                  return (
                    <td key={day}>
                      {spans.length === 0 ? (
                        <span className="dim">–</span>
                      ) : (
                        <button
                          type="button"
                          className={css.weekCell}
                          onClick={() => onOpen(day, key)}
                          aria-label={`${title}, ${formatDate(day)}: ${booked.length} booked, ${cancelled} cancelled`}
                        >
                          <span>
                            <strong className="num">{booked.length}</strong> booked
                          </span>
                          <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
                            <rect width="100" height="14" className={css.weekTrack} />
                            {booked.map(({ one, from, to, lane, lanes }) => (
                              <rect
                                key={one.id}
                                x={at(from) * 100}
                                width={Math.max(0.8, (at(to) - at(from)) * 100 - 0.5)}
                                y={(lane / lanes) * 14}
                                height={14 / lanes}
                                className={css.weekBar}
                              />
                            ))}
                          </svg>
                          <small>{cancelled > 0 ? plural(cancelled, 'cancelled', 'cancelled') : ' '}</small>
                        </button>
                      )}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
