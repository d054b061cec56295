import type { MetricsSummary } from '../../../contract/metrics.ts'

/** Geometry of the flow picture: connections → kinds of message → our records. Pure, in pixels. */
export interface FlowNode {
  id: string
  column: 0 | 1 | 2
  top: number
  height: number
}
export interface FlowLink {
  from: string
  to: string
  amount: number
  tone: 'flow' | 'bad' | 'still'
}
export interface DrawnLink extends FlowLink {
  path: string
  width: number
}

/** Kinds of message and of resource as people speak of them; the rest is shown as "Other". */
// prettier-ignore
export const FAMILIES: Record<string, { label: string; record: RecordNode }> = {
  ADT: { label: 'Admissions and demographics', record: 'patients' },
  SIU: { label: 'Scheduling', record: 'schedule' },
  ORU: { label: 'Results', record: 'results' },
  MDM: { label: 'Documents', record: 'results' },
  DFT: { label: 'Charges', record: 'patients' },
  Patient: { label: 'People, over FHIR', record: 'patients' },
  Appointment: { label: 'Schedule, over FHIR', record: 'schedule' },
  Observation: { label: 'Results, over FHIR', record: 'results' },
  Chart: { label: 'Rest of the chart', record: 'patients' },
  Other: { label: 'Everything else', record: 'patients' },
}
// prettier-ignore
const CHART: ReadonlySet<string> = new Set([
  'AllergyIntolerance', 'Condition', 'Coverage', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'Immunization',
  'MedicationRequest',
])
/** Families that are one kind in the log, so that its filter can show them. */
export const isOneKind = (family: string): boolean => family !== 'Other' && family !== 'Chart'
export type RecordNode = 'patients' | 'schedule' | 'results' | 'person'
export const familyOf = (kind: string): string => {
  const type = kind.split('^')[0] ?? kind
  if (CHART.has(type)) return 'Chart'
  return Object.hasOwn(FAMILIES, type) ? type : 'Other'
}

type Channel = MetricsSummary['channels'][number]
/** One connection: what came in, and how many calls went out. A connection may have a row for each direction. */
export interface FlowChannel extends Channel {
  calls: number
}
export function byConnection(channels: readonly Channel[]): FlowChannel[] {
  const found = new Map<string, FlowChannel>()
  for (const channel of channels.toSorted((a, b) => a.direction.localeCompare(b.direction))) {
    const known = found.get(channel.connection_id)
    if (channel.direction === 'in') found.set(channel.connection_id, { ...channel, calls: 0 })
    else if (known === undefined)
      found.set(channel.connection_id, {
        ...channel,
        kinds: [],
        received: 0,
        series: [],
        calls: channel.received,
      })
    else
      found.set(channel.connection_id, {
        ...known,
        parked: known.parked + channel.parked,
        calls: known.calls + channel.received,
      })
  }
  return [...found.values()]
}
/** What came in over all connections; our own calls are not received by anybody here. */
export const receivedOf = (channels: readonly Channel[]): { received: number; applied: number } =>
  channels
    .filter(({ direction }) => direction === 'in')
    .reduce((sum, one) => ({ received: sum.received + one.received, applied: sum.applied + one.applied }), {
      received: 0,
      applied: 0,
    })

export interface Flow {
  families: { family: string; amount: number }[]
  links: FlowLink[]
}

export function flowOf(channels: readonly Channel[]): Flow {
  const families = new Map<string, number>()
  const links: FlowLink[] = []
  for (const channel of channels) {
    const own = new Map<string, number>()
    for (const { kind, received } of channel.kinds) {
      const family = familyOf(kind)
      own.set(family, (own.get(family) ?? 0) + received)
      families.set(family, (families.get(family) ?? 0) + received)
    }
    const tone = channel.state === 'up' ? 'flow' : 'still'
    for (const [family, amount] of own)
      if (amount > 0) links.push({ from: channel.connection_id, to: family, amount, tone })
    if (channel.parked > 0)
      links.push({ from: channel.connection_id, to: 'person', amount: channel.parked, tone: 'bad' })
  }
  const ordered = Object.keys(FAMILIES).flatMap((family) => {
    const amount = families.get(family) ?? 0
    return amount === 0 ? [] : [{ family, amount }]
  })
  for (const { family, amount } of ordered)
    links.push({ from: family, to: FAMILIES[family]?.record ?? 'patients', amount, tone: 'flow' })
  return { families: ordered, links }
}

/** Spreads nodes of one height evenly down a column. */
export function column(ids: string[], at: 0 | 1 | 2, total: number, height: number): FlowNode[] {
  const gap = (total - ids.length * height) / (ids.length + 1)
  return ids.map((id, index) => ({ id, column: at, top: gap + index * (height + gap), height }))
}

/** Curves between the nodes; widths grow with the square root, so that a thin feed stays visible. */
export function draw(links: FlowLink[], nodes: FlowNode[], lefts: number[], nodeWidth: number): DrawnLink[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const most = Math.max(1, ...links.map(({ amount }) => amount))
  const sized = links.map((link) => ({ ...link, width: 2 + 20 * Math.sqrt(link.amount / most) }))
  const spread = (id: string, side: 'from' | 'to'): Map<(typeof sized)[number], number> => {
    const node = byId.get(id)
    const topOf = (link: (typeof sized)[number]): number =>
      byId.get(side === 'from' ? link.to : link.from)?.top ?? 0
    const mine = sized.filter((link) => link[side] === id).sort((a, b) => topOf(a) - topOf(b))
    const sum = mine.reduce((total, { width }) => total + width + 2, -2)
    let y = (node?.top ?? 0) + (node?.height ?? 0) / 2 - sum / 2
    return new Map(
      mine.map((link) => {
        const middle = y + link.width / 2
        y += link.width + 2
        return [link, middle] as const
      }),
    )
  }
  const starts = new Map(nodes.flatMap(({ id }) => [...spread(id, 'from')]))
  const ends = new Map(nodes.flatMap(({ id }) => [...spread(id, 'to')]))
  return sized.flatMap((link) => {
    const from = byId.get(link.from)
    const to = byId.get(link.to)
    if (from === undefined || to === undefined) return []
    const x1 = (lefts[from.column] ?? 0) + nodeWidth
    const x2 = lefts[to.column] ?? 0
    const [y1, y2] = [starts.get(link) ?? 0, ends.get(link) ?? 0]
    const bend = (x2 - x1) * 0.5
    return [{ ...link, path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` }]
  })
}
