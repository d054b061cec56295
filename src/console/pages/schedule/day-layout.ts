import type { Appointment } from '../../../contract/appointments.ts'
import { zonedParts } from '../../time/zone.ts'

/** An appointment on the grid: minutes of the day in the practice's zone, and its share of the column's width. */
export interface Placed {
  one: Appointment
  from: number
  to: number
  lane: number
  lanes: number
}

const SHORTEST = 15

/** Lays appointments of one day and column side by side where they overlap. */
export function place(appointments: Appointment[], date: string, zone: string): Placed[] {
  const spans = appointments
    .flatMap((one) => {
      if (one.start_time === null) return []
      const start = zonedParts(one.start_time, zone)
      if (start.date !== date) return []
      const length =
        one.end_time === null ? 30 : (Date.parse(one.end_time) - Date.parse(one.start_time)) / 60_000
      return [
        {
          one,
          from: start.minute,
          to: Math.min(1_440, start.minute + Math.max(SHORTEST, length)),
          lane: 0,
          lanes: 1,
        },
      ]
    })
    .sort((a, b) => a.from - b.from || b.to - a.to)
  let group: Placed[] = []
  let end = -1
  const close = (): void => {
    const lanes = Math.max(1, ...group.map(({ lane }) => lane + 1))
    for (const span of group) span.lanes = lanes
    group = []
  }
  for (const span of spans) {
    if (span.from >= end) close()
    const taken = new Set(group.filter(({ to }) => to > span.from).map(({ lane }) => lane))
    while (taken.has(span.lane)) span.lane++
    group.push(span)
    end = Math.max(end, span.to)
  }
  close()
  return spans
}

/** Whole hours that the grid shows: office hours, widened by what is booked outside of them. */
export function hoursOf(spans: Placed[]): { first: number; last: number } {
  const first = Math.min(8, ...spans.map(({ from }) => Math.floor(from / 60)))
  const last = Math.max(17, ...spans.map(({ to }) => Math.ceil(to / 60)))
  return { first, last }
}

export const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
