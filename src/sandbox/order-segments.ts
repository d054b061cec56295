import type { SegmentInput } from '../standards/hl7v2/build.ts'
import type { Order } from './events.ts'
import { PANELS, resultsOf, type LabResult, type Subject } from './labs.ts'
import { provider } from './patient-segments.ts'
import { HOSPITAL } from './places.ts'
import { segment, timestamp, type WireStyle } from './wire.ts'

/** ORC, OBR, OBX … and SPM of one order, as far as its status has them. */
export function orderSegments(
  style: WireStyle,
  subject: Subject,
  order: Order,
  status: 'P' | 'F' | 'C',
  resultedAt: number,
): SegmentInput[] {
  const panel = PANELS[order.panel]
  const old = style.version === '2.3'
  const collected = timestamp(style, order.collectedAt, order.visit.zone)
  const resulted = timestamp(style, resultedAt)
  const placer = [order.placer, 'CERNER']
  const filler = [order.filler, 'CERNERLAB']
  const doctor = provider(style, order.visit.provider)
  const orc = segment('ORC', {
    1: 'RE',
    2: placer,
    3: filler,
    5: status === 'P' ? 'IP' : 'CM',
    9: resulted,
    12: doctor,
  })
  const obr = segment('OBR', {
    1: '1',
    2: placer,
    3: filler,
    4: [panel.loinc, panel.name, 'LN', panel.localCode, panel.id, 'L'],
    7: collected,
    14: timestamp(style, order.collectedAt + 9 * 60_000),
    15: old ? [[panel.specimen.code, panel.specimen.text]] : undefined,
    16: doctor,
    22: resulted,
    24: panel.section === 'HM' || panel.section === 'CO' ? 'HM' : panel.section === 'MB' ? 'MB' : 'CH',
    25: status,
  })
  const lines = linesOf(subject, order, status).flatMap((line, i) =>
    observation(style, line.result, line.status, i + 1, collected, resulted),
  )
  return old ? [orc, obr, ...lines] : [orc, obr, ...lines, specimen(order, collected)]
}

interface Line {
  readonly result: LabResult
  readonly status: 'P' | 'F' | 'C'
}

/** A preliminary report has the first two thirds of the tests; a correction repeats all and marks the one that changed. */
export function linesOf(subject: Subject, order: Order, status: 'P' | 'F' | 'C'): Line[] {
  const panel = PANELS[order.panel]
  const results = resultsOf(panel, subject, order.placer)
  if (status === 'P')
    return results.slice(0, Math.ceil((results.length * 2) / 3)).map((result) => ({ result, status }))
  if (status === 'F') return results.map((result) => ({ result, status }))
  const again = resultsOf(panel, subject, `${order.placer}:corrected`)
  const changed = results.findIndex((result, i) => result.value !== again[i]?.value)
  return results.map((result, i) =>
    i === changed ? { result: again[i] ?? result, status: 'C' } : { result, status: 'F' },
  )
}

function observation(
  style: WireStyle,
  result: LabResult,
  status: string,
  setId: number,
  collected: string,
  resulted: string,
): SegmentInput[] {
  const old = style.version === '2.3'
  const obx = segment('OBX', {
    1: setId,
    2: result.kind,
    3: [result.loinc, result.name, 'LN'],
    5: result.kind === 'SN' ? result.value.split('^') : result.value,
    6: result.unit === '' ? undefined : old ? result.unit : [result.unit, '', 'UCUM'],
    7: result.range,
    8: result.flag,
    11: status,
    14: collected,
    15: old ? HOSPITAL.laboratory : [HOSPITAL.clia, HOSPITAL.laboratory, 'CLIA'],
    19: old ? undefined : resulted,
    23: old ? undefined : [HOSPITAL.name],
  })
  const note = noteOf(result, status)
  return note === null ? [obx] : [obx, segment('NTE', { 1: '1', 2: 'L', 3: { text: note } })]
}

function noteOf(result: LabResult, status: string): string | null {
  if (status === 'C') return 'Corrected result.\nThe value reported before was in error.'
  return result.flag === 'HH' || result.flag === 'LL'
    ? 'Critical value, called to the ordering provider and read back.'
    : null
}

const specimen = (order: Order, collected: string): SegmentInput => {
  const { code, text } = PANELS[order.panel].specimen
  return segment('SPM', {
    1: '1',
    2: ['', [order.filler, 'CERNERLAB']],
    4: [code, text, 'HL70487'],
    17: collected,
  })
}
