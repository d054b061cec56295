/**
 * Seconds until a local time of day comes next.
 *
 * @param time `02:30`
 * @param zone IANA name; where the clock jumps over the time, the moment after the jump counts
 */
export function nextLocalTime(nowMs: number, time: string, zone: string): number {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone)
  const today = now
    .toPlainDate()
    .toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) })
  const next =
    today.epochMilliseconds > nowMs
      ? today
      : now
          .toPlainDate()
          .add({ days: 1 })
          .toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) })
  return Math.max(1, Math.ceil((next.epochMilliseconds - nowMs) / 1000))
}
