/** The offset in force at a local time, and whether that time was skipped or comes twice. */
export interface ZoneOffset {
  readonly offsetMs: number
  readonly note: 'gap' | 'overlap' | null
}

/** A stretch of local time in which a zone has one offset and every local time exists once. */
interface Stretch {
  readonly fromMs: number
  readonly toMs: number
  readonly offset: ZoneOffset
}

const STRETCHES = new Map<string, Stretch[]>()
const ZONES_KEPT = 100
const STRETCHES_KEPT = 64

/**
 * The offset of a zone at a local time.
 *
 * In a gap the time moves forward by the gap (its offset is the one before it), in an overlap the earlier of the
 * two instants is taken.
 *
 * @param zone IANA name
 * @param localMs the local date and time as if it were UTC, in milliseconds since 1970
 * @throws RangeError when the zone is unknown
 */
export function offsetMsAt(zone: string, localMs: number): ZoneOffset {
  const known = STRETCHES.get(zone)
  const last = known?.[known.length - 1]
  // Times in a message lie close together, so the last stretch is nearly always the right one.
  if (last !== undefined && localMs >= last.fromMs && localMs < last.toMs) return last.offset
  const found = known?.find((stretch) => localMs >= stretch.fromMs && localMs < stretch.toMs)
  return found?.offset ?? lookUp(zone, localMs)
}

function lookUp(zone: string, localMs: number): ZoneOffset {
  const local = Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO('UTC').toPlainDateTime()
  const zoned = local.toZonedDateTime(zone, { disambiguation: 'compatible' })
  const offsetMs = zoned.offsetNanoseconds / 1e6
  const isGap = !zoned.toPlainDateTime().equals(local)
  // `compatible` moves a skipped time forward, so the offset to subtract is that of before the gap.
  if (isGap) return { offsetMs: localMs - zoned.epochMilliseconds, note: 'gap' }
  const isOverlap = !local.toZonedDateTime(zone, { disambiguation: 'later' }).equals(zoned)
  if (isOverlap) return { offsetMs, note: 'overlap' }
  const offset = { offsetMs, note: null }
  remember(zone, stretchAround(zoned, offset))
  return offset
}

// Between two changes of the offset, less the hours next to them that are skipped or come twice.
function stretchAround(zoned: Temporal.ZonedDateTime, offset: ZoneOffset): Stretch {
  const before = zoned.add({ nanoseconds: 1 }).getTimeZoneTransition('previous')
  const after = zoned.getTimeZoneTransition('next')
  const offsetBefore = before === null ? 0 : before.subtract({ nanoseconds: 1 }).offsetNanoseconds / 1e6
  const offsetAfter = after === null ? 0 : after.offsetNanoseconds / 1e6
  return {
    fromMs: before === null ? -Infinity : before.epochMilliseconds + Math.max(offset.offsetMs, offsetBefore),
    toMs: after === null ? Infinity : after.epochMilliseconds + Math.min(offset.offsetMs, offsetAfter),
    offset,
  }
}

function remember(zone: string, stretch: Stretch): void {
  let stretches = STRETCHES.get(zone)
  if (stretches === undefined) {
    if (STRETCHES.size >= ZONES_KEPT) STRETCHES.clear()
    stretches = []
    STRETCHES.set(zone, stretches)
  }
  if (stretches.length >= STRETCHES_KEPT) stretches.shift()
  stretches.push(stretch)
}
