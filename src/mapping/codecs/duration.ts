/** Milliseconds in a unit of time as HL7 senders write it; undefined for a unit we do not know. */
export function unitMs(unit: string): number | undefined {
  return UNITS.get(unit.trim().toLowerCase())
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

// SCH-10, AIS-8 and their kin hold free units; these are the ones feeds send (hl7-v2.md §10.1).
const UNITS = new Map<string, number>(
  [
    { ms: SECOND, names: ['s', 'sec', 'secs', 'second', 'seconds'] },
    { ms: MINUTE, names: ['m', 'mi', 'min', 'mins', 'minute', 'minutes'] },
    { ms: HOUR, names: ['h', 'hr', 'hrs', 'hour', 'hours'] },
    { ms: DAY, names: ['d', 'day', 'days'] },
  ].flatMap(({ ms, names }) => names.map((name) => [name, ms] as const)),
)

/** A duration of TQ-3 and TQ1: a unit letter and a number, `M30`, `H1`, `S900`; undefined for anything else. */
export function readTimingDuration(text: string): number | undefined {
  const found = /^([SMHDW])(\d{1,6}(?:\.\d+)?)$/i.exec(text.trim())
  if (!found) return undefined
  const [, letter = '', amount = ''] = found
  const ms = letter.toUpperCase() === 'W' ? 7 * DAY : unitMs(letter)
  return ms === undefined ? undefined : Number(amount) * ms
}
