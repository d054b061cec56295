import { useEffect, useState } from 'react'
import { ago, format, formatDate, isCalendarDate } from '../time/zone.ts'
import { useZone } from '../time/zone-choice.ts'

// prettier-ignore
const SHAPES = {
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  stamp: { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  full: { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>
const PRECISE = { dateStyle: 'full', timeStyle: 'long' } as const

/** A clock that ticks for "3 s ago". */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

function Ago({ at, title }: { at: string; title: string }) {
  const now = useNow(5_000)
  return (
    <time dateTime={at} title={title}>
      {ago(at, now)}
    </time>
  )
}

/** Every time of the console: in the chosen zone, with the whole of it on hover. A calendar date stays as it is. */
export function Time({
  at,
  shape = 'full',
}: {
  at: string | null | undefined
  shape?: keyof typeof SHAPES | 'ago'
}) {
  const { zone } = useZone()
  if (at === null || at === undefined || at === '') return <span className="dim">–</span>
  if (isCalendarDate(at)) return <time dateTime={at}>{formatDate(at)}</time>
  const instant = new Date(at)
  if (Number.isNaN(instant.getTime())) return <span>{at}</span>
  const title = `${format(zone, PRECISE).format(instant)} (${zone})`
  if (shape === 'ago') return <Ago at={at} title={title} />
  return (
    <time dateTime={at} title={title} className="nowrap">
      {format(zone, SHAPES[shape]).format(instant)}
    </time>
  )
}

/** "CST", for the head of a column of times. */
export function ZoneName({ at = Date.now() }: { at?: number }) {
  const { zone } = useZone()
  const name = format(zone, { timeZoneName: 'short' })
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')
  return <span title={zone}>{name?.value ?? zone}</span>
}
