import type { FieldInput, RepetitionInput, SegmentInput } from '../standards/hl7v2/build.ts'
import { HOSPITAL } from './places.ts'
import { randomFor } from './random.ts'

/** How this hospital writes: 2.5.1 as the standard has it, or 2.3 with the positions of the integration guide's sample. */
export interface WireStyle {
  readonly version: '2.5.1' | '2.3'
  readonly receivingApplication: string
  readonly receivingFacility: string
}

export const STYLE_251: WireStyle = {
  version: '2.5.1',
  receivingApplication: 'PRACTICESTUDIO',
  receivingFacility: 'PSSERVER',
}
export const STYLE_23: WireStyle = { ...STYLE_251, version: '2.3' }

export type Fields = Readonly<Record<number, FieldInput>>
export const segment = (name: string, fields: Fields): SegmentInput => ({ name, fields })
export const repeat = (repetitions: readonly RepetitionInput[]): FieldInput => ({ repeat: repetitions })

const offsets = new Map<string, number>()

// A zone's offset holds for at least a quarter of an hour; asking it anew for each field would cost more than the rest.
function offsetMinutes(ms: number, zone: string): number {
  const quarter = Math.floor(ms / 900_000)
  const key = `${zone}${quarter}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const at = Temporal.Instant.fromEpochMilliseconds(quarter * 900_000).toZonedDateTimeISO(zone)
  if (offsets.size > 5000) offsets.clear()
  const minutes = Math.round(at.offsetNanoseconds / 60_000_000_000)
  offsets.set(key, minutes)
  return minutes
}

/** `YYYYMMDDHHMMSS` at a zone; with its offset from 2.5.1 on, without in the 2.3 style. */
export function timestamp(style: WireStyle, ms: number, zone: string = HOSPITAL.zone): string {
  const offset = offsetMinutes(ms, zone)
  const local = new Date(ms + offset * 60_000).toISOString().replace(/\D/g, '').slice(0, 14)
  if (style.version === '2.3') return local
  const away = Math.abs(offset)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(away / 60))}${two(away % 60)}`
}

export const date = (day: string): string => day.replaceAll('-', '')

/** `(217)555-0123` for an American E.164 number. */
export const phoneText = (e164: string): string => `(${e164.slice(2, 5)})${e164.slice(5, 8)}-${e164.slice(8)}`

/** Text as the style's registration screens keep it: the 2.3 feed is in capitals. */
export const shown = (style: WireStyle, text: string): string =>
  style.version === '2.3' ? text.toUpperCase() : text

/** A control id in Cerner's manner, the same for the same event of the same seed: `Q2827650752T3305190973`. */
export function controlId(seed: number, key: string): string {
  const random = randomFor(seed, 'control', key)
  const digits = (): string => String(random.between(1, 9)) + String(random.below(1e9)).padStart(9, '0')
  return `Q${digits()}T${digits()}`
}

export function header(
  style: WireStyle,
  type: readonly [string, string, string],
  id: string,
  at: number,
): SegmentInput {
  const [message, event, structure] = type
  return segment('MSH', {
    3: 'CERNER',
    4: HOSPITAL.facility,
    5: style.receivingApplication,
    6: style.receivingFacility,
    7: timestamp(style, at),
    9: style.version === '2.3' ? [message, event] : [message, event, structure],
    10: id,
    11: 'P',
    12: style.version,
    18: 'UNICODE UTF-8',
  })
}
