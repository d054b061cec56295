import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import type { Codec } from './codec.ts'
import type { FieldView } from './field-view.ts'
import { placeText, readPlaces, remapped } from './place.ts'
import type { Place } from './place.ts'
import { remapsOf } from './profiles.ts'
import type { Reading } from './reading.ts'
import { chooser } from './repetition.ts'
import type { Choose } from './repetition.ts'
import type { MapSettings } from './settings.ts'
import type { Table } from './table.ts'

/** A table with its HL7 column turned into numbers, ready to be read a million times. */
export interface CompiledTable {
  /** The segments the table reads; a place names its segment by index. */
  readonly segments: readonly string[]
  readonly rows: readonly CompiledRow[]
}

export interface CompiledRow {
  readonly field: string
  readonly codec: Codec<unknown>
  readonly spots: readonly Spot[]
}

interface Spot {
  readonly place: Place
  readonly slot: number
  readonly field: number
  readonly component: number
  readonly subcomponent: number
  readonly choose: Choose | null
  /** The place as people write it, for the first occurrence and repetition. */
  readonly text: string
  readonly nulls: Nulls
}

/** `part` clears a component but never the whole field: identity keys are not deleted by `""` (hl7-v2.md §3.2). */
type Nulls = 'clear' | 'part' | 'ignore'

const IDENTITY = new Set([
  'PID-2',
  'PID-3',
  'PID-4',
  'PID-5',
  'PID-7',
  'PID-8',
  'PV1-19',
  'SCH-1',
  'SCH-2',
  'OBR-3',
])

const compiled = new WeakMap<MapSettings, Map<Table, CompiledTable>>()

/** The table under these settings; made once per settings object. */
export function compile(table: Table, settings: MapSettings): CompiledTable {
  let tables = compiled.get(settings)
  if (!tables) compiled.set(settings, (tables = new Map()))
  let made = tables.get(table)
  if (!made) tables.set(table, (made = make(table, settings)))
  return made
}

function make(table: Table, settings: MapSettings): CompiledTable {
  const remaps = remapsOf(settings)
  const segments: string[] = []
  const slotOf = (segment: string): number => {
    if (!segments.includes(segment)) segments.push(segment)
    return segments.indexOf(segment)
  }
  const rows: CompiledRow[] = []
  for (const { field, v2, codec } of table.rows) {
    if (v2 === null || codec.kind === 'link' || codec.kind === 'element') continue
    const spots = readPlaces(v2).flatMap((standard): Spot[] => {
      const place = remapped(standard, remaps)
      if (place === null) return []
      const { segment, field: number, component, subcomponent } = place
      const nulls = nullsFor(field, standard, settings)
      const choose = chooser(standard)
      return [
        {
          place,
          slot: slotOf(segment),
          field: number,
          component,
          subcomponent,
          choose,
          text: placeText(place),
          nulls,
        },
      ]
    })
    if (spots.length > 0) rows.push({ field, codec, spots })
  }
  return { segments, rows }
}

function nullsFor(field: string, place: Place, settings: MapSettings): Nulls {
  const at = `${place.segment}-${place.field}`
  const said = settings.nullMeansFor?.[field] ?? settings.nullMeansFor?.[at] ?? settings.nullMeans
  if (said === 'ignore') return 'ignore'
  if (!IDENTITY.has(at)) return 'clear'
  // Middle name and suffix are no identity: `DOE^JOHN^""` deletes the middle name.
  return at === 'PID-5' && place.component > 2 ? 'part' : 'ignore'
}

/** The segments of one message that a table reads, in the order of `segments`. */
export type Slots = readonly (Segment | undefined)[]

/**
 * Finds the segments of a table.
 *
 * @param chosen segments to take instead of the first of their name: the IN1 of this row, the AIP of the provider
 */
export function openSlots(
  table: CompiledTable,
  message: Hl7Message,
  chosen: Readonly<Record<string, Segment | undefined>> = NONE,
): Slots {
  const slots = new Array<Segment | undefined>(table.segments.length)
  for (let i = 0; i < slots.length; i++) {
    const name = table.segments[i] as string
    slots[i] = chosen !== NONE && name in chosen ? chosen[name] : message.segment(name)
  }
  return slots
}

const NONE: Readonly<Record<string, Segment | undefined>> = {}

/**
 * Reads one row: its value, `null` when the message deletes it, undefined when the message says nothing about it.
 * Afterwards `at.place` is where it was said.
 */
export function readRow(row: CompiledRow, slots: Slots, at: Reading): unknown {
  let cleared: string | undefined
  for (const spot of row.spots) {
    const segment = slots[spot.slot]
    if (segment === undefined) continue
    const repetition = spot.choose === null ? 1 : spot.choose(segment, spot.field)
    if (repetition === 0) continue
    const view = at.view.aim(segment, spot.field, repetition, spot.component)
    if (view.isAbsent) continue
    at.place =
      repetition === 1 && segment.occurrence === 1
        ? spot.text
        : placeText(spot.place, segment.occurrence, repetition)
    const value = readSpot(row.codec, spot, view, at)
    if (value !== undefined) return value
    if (spot.nulls !== 'ignore' && cleared === undefined && isCleared(spot, segment, repetition))
      cleared = at.place
  }
  if (cleared === undefined) return undefined
  at.place = cleared
  return null
}

function readSpot(codec: Codec<unknown>, spot: Spot, view: FieldView, at: Reading): unknown {
  if (codec.kind === 'parts') return codec.read(view, at)
  const text = view.leaf(spot.component || 1, spot.subcomponent || 1)
  return text === '' ? undefined : codec.read(text, at)
}

function isCleared(spot: Spot, segment: Segment, repetition: number): boolean {
  if (spot.nulls === 'part' && segment.isNull(spot.field, repetition)) return false
  return segment.isNull(spot.field, repetition, spot.component || 1, spot.subcomponent || undefined)
}
