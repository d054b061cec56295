import type { MappingWarning } from '../model/statement.ts'
import type { Coverage } from '../model/values.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import { subscriberRelationship } from './codesets/subscriber-relationship.ts'
import { readDate } from '../standards/hl7v2/time.ts'
import { ERRORS } from '../kernel/errors.ts'
import { remapsOf } from './profiles.ts'
import type { Reading } from './reading.ts'
import type { MapSettings, Remap } from './settings.ts'

/**
 * A drift of IN1 that real interfaces show, and how to tell: a place that holds something its type cannot be
 * (hl7-v2.md §12). Fields inside a drift are not written, and the warning proposes the remaps that mend it.
 */
interface Drift {
  readonly signs: readonly Sign[]
  /** Coverage fields that are wrong while this drift lasts. */
  readonly fields: readonly (keyof Coverage)[]
  readonly span: string
  readonly remaps: readonly Remap[]
}
interface Sign {
  readonly place: string
  readonly field: number
  readonly holds: string
  readonly test: (segment: Segment, field: number) => boolean
}

const shift = (from: number, to: number): Remap => ({ from: `IN1-${from}`, to: `IN1-${to}` })

const DRIFTS: readonly Drift[] = [
  {
    signs: [{ place: 'IN1-8', field: 8, holds: 'a telephone number', test: isPhone }],
    fields: ['payer_phone', 'group_number', 'group_name'],
    span: 'IN1-8 to IN1-10',
    remaps: [shift(8, 7), shift(9, 8), shift(10, 9)],
  },
  {
    signs: [
      { place: 'IN1-15', field: 15, holds: 'a relation', test: isRelation },
      { place: 'IN1-16', field: 16, holds: 'a date', test: isDate },
      { place: 'IN1-17', field: 17, holds: 'an address', test: isAddress },
    ],
    fields: [
      'plan_type',
      'subscriber_name',
      'subscriber_relationship',
      'subscriber_date_of_birth',
      'subscriber_address',
    ],
    span: 'IN1-14 to IN1-19',
    remaps: [shift(14, 16), shift(15, 17), shift(16, 18), shift(17, 19), shift(18, 20), shift(19, 21)],
  },
]

/** The coverage without the fields of a drift that this segment shows; each drift leaves a warning with its remap. */
export function withoutShiftedFields(coverage: Coverage, segment: Segment, at: Reading): Coverage {
  const moved = mendedFields(at)
  let kept = coverage
  for (const drift of DRIFTS) {
    const sign = drift.signs.find(({ field, test }) => !moved.has(field) && test(segment, field))
    if (!sign) continue
    kept = { ...kept }
    for (const field of drift.fields) delete kept[field]
    at.warnings.push(shiftWarning(drift, sign, segment))
  }
  return kept
}

const mended = new WeakMap<MapSettings, ReadonlySet<number>>()

// A field that a remap already moves is not a surprise any more.
function mendedFields({ settings }: Reading): ReadonlySet<number> {
  let fields = mended.get(settings)
  if (!fields) {
    const moved = remapsOf(settings).flatMap(({ from }) =>
      from.startsWith('IN1-') ? [Number(from.slice(4))] : [],
    )
    mended.set(settings, (fields = new Set(moved)))
  }
  return fields
}

function shiftWarning(drift: Drift, sign: Sign, segment: Segment): MappingWarning {
  // The member number of such feeds tends to stand one place early as well.
  const member = segment.get(35) !== '' && segment.get(36) === ''
  return {
    code: 'HL7_FIELDS_SHIFTED',
    place: sign.place,
    says: ERRORS.HL7_FIELDS_SHIFTED.says({ field: sign.place, holds: sign.holds, span: drift.span }),
    remap: member ? [...drift.remaps, shift(35, 36)] : drift.remaps,
  }
}

const PHONE = /^\+?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]\d{4}$/

function isPhone(segment: Segment, field: number): boolean {
  return PHONE.test(segment.get(field))
}

function isDate(segment: Segment, field: number): boolean {
  const text = segment.get(field)
  return text.length >= 8 && readDate(text) !== null
}

function isAddress(segment: Segment, field: number): boolean {
  return (
    segment.get(field, 1, 3) !== '' && segment.get(field, 1, 5) !== '' && /\d/.test(segment.get(field, 1, 5))
  )
}

// `S` and two digits are relations as well as plan types; only words leave no doubt.
function isRelation(segment: Segment, field: number): boolean {
  const text = segment.get(field)
  return text.length >= 3 && /^[A-Za-z]+$/.test(text) && subscriberRelationship.read(text, 'v2') !== undefined
}
