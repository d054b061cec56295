import { fieldDefinitions, isLocalSegment } from './dictionary.ts'
import { matchGrammar, readGrammar } from './grammar.ts'
import type { Part } from './grammar.ts'
import type { Hl7Message } from './message.ts'
import { problem } from './problem.ts'
import type { Place, Problem } from './problem.ts'
import type { Segment } from './segment.ts'
import { readTime } from './time.ts'

/** `tolerant` asks for what the record cannot do without; `strict` for the structure and fields of the standard. */
export type CheckMode = 'strict' | 'tolerant'

const COMMON_ORDER = 'ORC [OBR [{NTE}]] [{TQ1 [{TQ2}]}]'
const INSURANCE = '[{IN1 [IN2] [{IN3}] [{ROL}]}]'
const VISIT = 'PV1 [PV2] [{ROL}]'
const PERSON = 'MSH [{SFT}] EVN PID [PD1] [{ROL}]'

// Structures of 2.5.1; what 2.3 has beside them (DB1, UB1, UB2) is in them, what it lacks is optional.
// prettier-ignore
const GRAMMARS: Readonly<Record<string, string>> = {
  ACK:     'MSH [{SFT}] MSA [{ERR}]',
  ADT_A01: `${PERSON} [{NK1}] ${VISIT} [{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}] ${INSURANCE} [ACC] [UB1] [UB2] [PDA]`,
  ADT_A02: `${PERSON} ${VISIT} [{DB1}] [{OBX}] [PDA]`,
  ADT_A03: `${PERSON} [{NK1}] ${VISIT} [{DB1}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{OBX}] [{GT1}] ${INSURANCE} [ACC] [PDA]`,
  ADT_A05: `${PERSON} [{NK1}] ${VISIT} [{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}] ${INSURANCE} [ACC] [UB1] [UB2]`,
  ADT_A06: `${PERSON} [MRG] [{NK1}] ${VISIT} [{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}] ${INSURANCE} [ACC] [UB1] [UB2]`,
  ADT_A09: 'MSH [{SFT}] EVN PID [PD1] PV1 [PV2] [{DB1}] [{OBX}] [{DG1}]',
  ADT_A18: 'MSH [{SFT}] EVN PID [PD1] MRG PV1',
  ADT_A21: 'MSH [{SFT}] EVN PID [PD1] PV1 [PV2] [{DB1}] [{OBX}]',
  ADT_A24: 'MSH [{SFT}] EVN PID [PD1] [PV1] [{DB1}] PID [PD1] [PV1] [{DB1}]',
  ADT_A30: 'MSH [{SFT}] EVN PID [PD1] MRG',
  ADT_A37: 'MSH [{SFT}] EVN PID [PD1] [PV1] [{DB1}] PID [PD1] [PV1] [{DB1}]',
  ADT_A39: 'MSH [{SFT}] EVN {PID [PD1] MRG [PV1]}',
  ORU_R01: 'MSH [{SFT}] {[PID [PD1] [{NTE}] [{NK1}] [PV1 [PV2]]] {[ORC] OBR [{NTE}] [{TQ1 [{TQ2}]}] [CTD] [{OBX [{NTE}]}] [{FT1}] [{CTI}] [{SPM [{OBX}]}]}} [DSC]',
  SIU_S12: 'MSH SCH [{TQ1}] [{NTE}] [{PID [PD1] [PV1] [PV2] [{OBX}] [{DG1}]}] {RGS [{AIS [{NTE}]}] [{AIG [{NTE}]}] [{AIL [{NTE}]}] [{AIP [{NTE}]}]}',
  DFT_P03: `MSH [{SFT}] EVN PID [PD1] [{ROL}] [PV1] [PV2] [{ROL}] [{DB1}] [{${COMMON_ORDER} [{OBX [{NTE}]}]}] {FT1 [{NTE}] [{PR1 [{ROL}]}] [{${COMMON_ORDER} [{OBX [{NTE}]}]}]} [{DG1}] [DRG] [{GT1}] ${INSURANCE} [ACC]`,
  MDM_T01: `MSH [{SFT}] EVN PID PV1 [{${COMMON_ORDER}}] TXA`,
  MDM_T02: `MSH [{SFT}] EVN PID PV1 [{${COMMON_ORDER}}] TXA {OBX [{NTE}]}`,
}

// What no version and no site can do without: the segment, and one of these fields valued.
// prettier-ignore
const NEEDED: readonly (readonly [structure: RegExp, segment: string, oneOf: readonly number[]])[] = [
  [/^ADT_/,                     'PID', [3, 2, 4]],
  [/^ADT_A(18|30|39)$/,         'MRG', [1]],
  [/^SIU_/,                     'SCH', [2, 1]],
  [/^ORU_/,                     'OBR', [4]],
  [/^DFT_/,                     'PID', [3, 2, 4]],
  [/^DFT_/,                     'FT1', [7, 25, 8]],
  [/^MDM_/,                     'PID', [3, 2, 4]],
  [/^MDM_/,                     'TXA', [12]],
]

const READ = new Map<string, readonly Part[]>()

function grammarOf(structure: string): readonly Part[] | null {
  const text = Object.hasOwn(GRAMMARS, structure) ? GRAMMARS[structure] : undefined
  if (text === undefined) return null
  let parts = READ.get(structure)
  if (parts === undefined) {
    parts = readGrammar(text)
    READ.set(structure, parts)
  }
  return parts
}

const PROBLEM_LIMIT = 100

/**
 * Checks a message against its structure.
 *
 * Tolerant: MSH-9, MSH-10 and the segment and identifiers that each kind of message cannot be filed without.
 * Strict, besides: segment order and required segments of the structure, and for each known segment the required
 * fields and the form of dates and numbers in the message's version. Z segments are always allowed.
 *
 * @returns problems in order of weight; empty when all is well
 * @see HL7 2.5.1 chapters 3, 7, 9, 10 and hl7-v2.md §8 to §11
 */
export function check(message: Hl7Message, mode: CheckMode): readonly Problem[] {
  const { header } = message
  const always = [
    ...(header.type === '' ? [emptyField({ segment: 'MSH', field: 9 })] : []),
    ...(header.controlId === '' ? [emptyField({ segment: 'MSH', field: 10 })] : []),
    ...NEEDED.flatMap(([structure, segment, oneOf]) =>
      structure.test(header.structure) ? needed(message, segment, oneOf) : [],
    ),
  ]
  if (mode === 'tolerant') return always
  const strict = [
    ...order(message),
    ...message.segments.flatMap((segment) => fields(segment, header.version)),
  ]
  const told = new Set(always.map(({ code, place }) => code + JSON.stringify(place)))
  const others = strict.filter(({ code, place }) => !told.has(code + JSON.stringify(place)))
  return [...always, ...others].slice(0, PROBLEM_LIMIT)
}

const emptyField = (place: Place): Problem => problem('HL7_REQUIRED_FIELD_EMPTY', place, 101, 'E')

function needed(message: Hl7Message, name: string, oneOf: readonly number[]): Problem[] {
  const segments = message.all(name)
  if (segments.length === 0) return [problem('HL7_REQUIRED_SEGMENT_MISSING', { segment: name }, 100, 'E')]
  return segments.flatMap((segment) => {
    if (oneOf.some((n) => hasValue(segment, n))) return []
    return [emptyField(placeOf(segment, oneOf[0] ?? 1))]
  })
}

// A first component that is empty may be followed by others (`^TEXT`), which is a value as well.
const hasValue = (segment: Segment, n: number): boolean => /[^\s^~&"]/.test(segment.field(n))

function placeOf({ name, occurrence }: Segment, field: number): Place {
  return occurrence > 1 ? { segment: name, occurrence, field } : { segment: name, field }
}

function order(message: Hl7Message): Problem[] {
  const grammar = grammarOf(message.header.structure)
  if (grammar === null) return []
  const segments = message.segments.filter(({ name }) => !isLocalSegment(name))
  return matchGrammar(
    grammar,
    segments.map(({ name }) => name),
  ).map((misfit) => {
    if (misfit.kind === 'missing') {
      return problem('HL7_REQUIRED_SEGMENT_MISSING', { segment: misfit.segment }, 100, 'E')
    }
    const { name: segment = '', occurrence = 1 } = segments[misfit.index] ?? {}
    return problem('HL7_SEGMENT_ORDER', { segment, occurrence }, 100, 'E')
  })
}

// Where hl7v2-dictionary calls a field required and the standard does not (HL7 2.3 §7.3.1).
const NOT_REQUIRED = new Set(['2.3 OBR-27', '2.3.1 OBR-27'])

function fields(segment: Segment, version: string): Problem[] {
  if (isLocalSegment(segment.name)) return []
  return fieldDefinitions(segment.name, version || '2.5.1').flatMap(({ n, required, type }) => {
    const raw = segment.field(n)
    const isNeeded = required && !NOT_REQUIRED.has(`${version} ${segment.name}-${n}`)
    if (raw === '') return isNeeded ? [emptyField(placeOf(segment, n))] : []
    const expected = wrongForm(segment.get(n), type)
    return expected === null ? [] : [problem('HL7_DATA_TYPE', placeOf(segment, n), 102, 'E', { expected })]
  })
}

/** What a value of a simple type ought to be, when it is not. */
function wrongForm(value: string, type: string): string | null {
  if (value === '') return null
  switch (type) {
    case 'NM':
      return /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(value) ? null : 'a number'
    case 'SI':
      return /^\d+$/.test(value) ? null : 'a sequence number'
    case 'DT':
    case 'TS':
    case 'DTM':
      return readTime(value, { zone: 'UTC' }).kind === 'invalid' ? 'a date or time' : null
    default:
      return null
  }
}
