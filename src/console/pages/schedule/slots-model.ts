import type { Slot } from '../../../contract/scheduling.ts'
import { addDays, format, formatDate, zonedParts } from '../../time/zone.ts'
import { clock } from './day-layout.ts'

/** A free time as people read it: on the clock of its location, and on the reader's own where that differs. */
export interface FreeTime {
  slot: Slot
  clock: string
  /** "CST" of the location at that instant. */
  zoneName: string
  /** "16:00", with the weekday where it falls on another day; null where both clocks agree. */
  mine: string | null
}
export interface FreeDay {
  /** YYYY-MM-DD at the location. */
  date: string
  times: FreeTime[]
}

export const zoneNameAt = (at: string, zone: string): string =>
  format(zone, { timeZoneName: 'short' })
    .formatToParts(Date.parse(at))
    .find((part) => part.type === 'timeZoneName')?.value ?? zone

const weekday = (date: string): string => formatDate(date, { weekday: 'short' })

/** The same instant on another clock, or null when that clock shows the same. */
export function onClockOf(at: string, zone: string, other: string): string | null {
  const shown = shownBy(at, zone, other)
  return shown === null ? null : `${shown} ${zoneNameAt(at, other)}`
}
function shownBy(at: string, zone: string, other: string): string | null {
  const here = zonedParts(at, zone)
  const there = zonedParts(at, other)
  if (here.date === there.date && here.minute === there.minute) return null
  const day = here.date === there.date ? '' : `${weekday(there.date)} `
  return `${day}${clock(there.minute)}`
}

/**
 * Free times by day of their location, each day once and in order, also the days without any.
 *
 * @param from first day of the window, YYYY-MM-DD
 */
export function freeDays(slots: readonly Slot[], from: string, days: number, viewerZone: string): FreeDay[] {
  const dates = Array.from({ length: days }, (_, index) => addDays(from, index))
  const byDate = new Map<string, FreeTime[]>(dates.map((date) => [date, []]))
  for (const slot of [...slots].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const { date, minute } = zonedParts(slot.start, slot.time_zone)
    const times = byDate.get(date) ?? []
    times.push({
      slot,
      clock: clock(minute),
      zoneName: zoneNameAt(slot.start, slot.time_zone),
      mine: shownBy(slot.start, slot.time_zone, viewerZone),
    })
    byDate.set(date, times)
  }
  // A location further east or west may add a day at either end of the window.
  return [...byDate]
    .map(([date, times]) => ({ date, times }))
    .filter(({ date, times }) => dates.includes(date) || times.length > 0)
    .sort((a, b) => a.date.localeCompare(b.date))
}

/** The zone is written at each time only where one clock would not say it: two zones, or the day the clocks change. */
export const needsZone = (days: readonly FreeDay[]): boolean =>
  new Set(days.flatMap(({ times }) => times.map(({ zoneName }) => zoneName))).size > 1

/** The first free time at or after an instant, else the last one before it. */
export function nearest(days: readonly FreeDay[], at: string): Slot | undefined {
  const all = days.flatMap(({ times }) => times.map(({ slot }) => slot))
  return all.find(({ start }) => Date.parse(start) >= Date.parse(at)) ?? all.at(-1)
}

/** "Mon, Nov 23, 2026, 09:00–09:30 CST" */
export function slotText({ start, end, time_zone: zone }: Pick<Slot, 'start' | 'end' | 'time_zone'>): string {
  const from = zonedParts(start, zone)
  const day = formatDate(from.date, { weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' })
  return `${day}, ${clock(from.minute)}–${clock(zonedParts(end, zone).minute)} ${zoneNameAt(start, zone)}`
}
