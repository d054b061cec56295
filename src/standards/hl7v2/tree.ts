import { componentDefinition, fieldDefinition, segmentName } from './dictionary.ts'
import type { Hl7Message } from './message.ts'
import { placeText } from './problem.ts'
import type { Segment } from './segment.ts'

/** One place of a message as the console shows it, with where it stands in `message.text`. */
export interface TreeNode {
  /** `PID-3.4.1`; opens the same place in {@link Hl7Message.get}. */
  readonly path: string
  /** The standard's name for it; empty when it has none. */
  readonly name: string
  readonly type: string
  /** As sent. */
  readonly raw: string
  /** Unescaped; for places with parts, the whole as text. */
  readonly value: string
  /** [start, end) in characters of `message.text`. */
  readonly start: number
  readonly end: number
  /** `""`: the sender deletes it. */
  readonly isNull: boolean
  readonly isEscaped: boolean
}

export interface TreeComponent extends TreeNode {
  /** Empty when there is only one, which is the component itself. */
  readonly subcomponents: readonly TreeNode[]
}

export interface TreeRepetition extends TreeNode {
  /** Empty when there is only one simple value, which is the repetition itself. */
  readonly components: readonly TreeComponent[]
}

export interface TreeField extends TreeNode {
  readonly n: number
  readonly table: number
  readonly repetitions: readonly TreeRepetition[]
}

export interface TreeSegment {
  /** `NK1[2]`. */
  readonly path: string
  readonly segment: string
  readonly occurrence: number
  readonly name: string
  readonly raw: string
  readonly start: number
  readonly end: number
  /** Valued fields only; an empty field says nothing. */
  readonly fields: readonly TreeField[]
}

/** The parsed view of a message: segments, fields, repetitions, components, subcomponents. */
export function describe(message: Hl7Message): readonly TreeSegment[] {
  return message.segments.map((segment) => describeSegment(message, segment))
}

function describeSegment(message: Hl7Message, segment: Segment): TreeSegment {
  const { name, occurrence, raw, start, end } = segment
  const fields: TreeField[] = []
  for (let n = 1; n <= segment.fieldCount; n++) {
    const range = segment.range(n)
    if (range && range[0] < range[1]) fields.push(describeField(message, segment, n))
  }
  const path = placeText({ segment: name, occurrence })
  return {
    path,
    segment: name,
    occurrence,
    name: segmentName(name, message.header.version),
    raw,
    start,
    end,
    fields,
  }
}

type Parts = readonly [field: number, repetition?: number, component?: number, subcomponent?: number]

function node(message: Hl7Message, segment: Segment, parts: Parts, name: string, type: string): TreeNode {
  const [field, repetition, component, subcomponent] = parts
  const [start, end] = segment.range(...parts) ?? [segment.end, segment.end]
  const raw = message.text.slice(start, end)
  const place = {
    segment: segment.name,
    occurrence: segment.occurrence,
    field,
    ...(repetition === undefined ? {} : { repetition }),
    ...(component === undefined ? {} : { component }),
    ...(subcomponent === undefined ? {} : { subcomponent }),
  }
  const isHeaderField =
    field <= 2 && (segment.name === 'MSH' || segment.name === 'FHS' || segment.name === 'BHS')
  const { escape } = message.delimiters
  return {
    path: placeText(place),
    name,
    type,
    raw,
    value: isHeaderField ? raw : message.decodeLeaf(raw),
    start,
    end,
    isNull: raw === '""',
    isEscaped: !isHeaderField && escape !== '' && raw.includes(escape),
  }
}

function describeField(message: Hl7Message, segment: Segment, n: number): TreeField {
  const { version } = message.header
  const definition = fieldDefinition(segment.name, n, version)
  // The type of OBX-5 is told by OBX-2.
  const type = segment.name === 'OBX' && n === 5 ? segment.get(2) || 'ST' : (definition?.type ?? '')
  const name = definition?.name ?? ''
  const repetitions = Array.from({ length: segment.repetitions(n) }, (_, i) =>
    describeRepetition(message, segment, n, i + 1, name, type),
  )
  return { ...node(message, segment, [n], name, type), n, table: definition?.table ?? 0, repetitions }
}

function describeRepetition(
  message: Hl7Message,
  segment: Segment,
  n: number,
  repetition: number,
  name: string,
  type: string,
): TreeRepetition {
  const count = segment.components(n, repetition)
  const isSimple = count <= 1 && segment.subcomponents(n, repetition, 1) <= 1 && !hasParts(type, message)
  const components = Array.from({ length: isSimple ? 0 : count }, (_, i) =>
    describeComponent(message, segment, [n, repetition, i + 1], type),
  )
  return { ...node(message, segment, [n, repetition], name, type), components }
}

const hasParts = (type: string, message: Hl7Message): boolean =>
  componentDefinition(type, 2, message.header.version) !== null

function describeComponent(
  message: Hl7Message,
  segment: Segment,
  parts: readonly [number, number, number],
  type: string,
): TreeComponent {
  const { version } = message.header
  const definition = componentDefinition(type, parts[2], version)
  const componentType = definition?.type ?? ''
  const count = segment.subcomponents(...parts)
  const subcomponents = Array.from({ length: count > 1 ? count : 0 }, (_, i) => {
    const sub = componentDefinition(componentType, i + 1, version)
    return node(message, segment, [...parts, i + 1], sub?.name ?? '', sub?.type ?? '')
  })
  return { ...node(message, segment, parts, definition?.name ?? '', componentType), subcomponents }
}
