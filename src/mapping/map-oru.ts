import { IntegrationError } from '../kernel/errors.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import type { ReportStatus } from '../model/fields.ts'
import type { Said, Statement } from '../model/statement.ts'
import type { Identifier, Observation, ObservationStatus } from '../model/values.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { compile, openSlots } from './compile.ts'
import { cellAt } from './field-view.ts'
import { entityIdentifier } from './codecs/identifier.ts'
import { readEncounter } from './map-adt.ts'
import { readFields, readPatient } from './map-patient.ts'
import { noteLines } from './notes.ts'
import { readObservations } from './read-observations.ts'
import type { Reading } from './reading.ts'
import { reportTable } from './tables/report.ts'

/** One order of the message: its ORC and OBR, the comments on it, and its results. */
interface Order {
  readonly orc: Segment | undefined
  readonly obr: Segment
  readonly notes: Segment[]
  readonly lines: { obx: Segment; notes: Segment[] }[]
}

/**
 * An ORU message: the patient, the visit when it is numbered, and a report for each OBR (hl7-v2.md §9).
 *
 * The patient and the visit are only mentioned. The laboratory's copy of PID and PV1 is as old as the order, so it
 * may make a record that is missing and fill what is empty, and never changes what registration said.
 *
 * @throws HL7_REQUIRED_SEGMENT_MISSING without PID or OBR, HL7_REQUIRED_FIELD_EMPTY for an order without a number,
 *   CODE_NOT_IN_SET for OBR-25 Y and Z, which are no status of one report
 */
export function mapOru(message: Hl7Message, asOf: Instant, at: Reading): Statement[] {
  const statements = [readPatient(message, { effect: 'mention', isNews: false }, at)]
  const visit = readMentionedVisit(message, at)
  if (visit) statements.push(visit)
  const orders = findOrders(message)
  if (orders.length === 0) throw new IntegrationError('HL7_REQUIRED_SEGMENT_MISSING', { segment: 'OBR' })
  for (const order of orders) statements.push(readReport(message, order, asOf, at))
  return statements
}

function readMentionedVisit(message: Hl7Message, at: Reading): Statement | undefined {
  if ((message.segment('PV1')?.get(19) ?? '') === '') return undefined
  const visit = readEncounter(message, 'as PV1 says', at)
  if (!visit) return undefined
  const said = Object.entries(visit.fields).filter(([, { value }]) => value !== null)
  return { ...visit, fields: Object.fromEntries(said), sets: {}, effect: 'mention' }
}

/** Cuts the message into orders. NTE belongs to the segment before it; OBX after SPM are results of the order too. */
function findOrders(message: Hl7Message): Order[] {
  const orders: Order[] = []
  let orc: Segment | undefined
  let open: Segment[] | undefined
  for (const segment of message.segments) {
    const order = orders.at(-1)
    switch (segment.name) {
      case 'ORC':
        orc = segment
        open = undefined
        break
      case 'OBR': {
        const begun: Order = { orc, obr: segment, notes: [], lines: [] }
        orders.push(begun)
        open = begun.notes
        orc = undefined
        break
      }
      case 'OBX': {
        const line = { obx: segment, notes: [] as Segment[] }
        order?.lines.push(line)
        open = line.notes
        break
      }
      case 'NTE':
        open?.push(segment)
        break
      default:
        open = undefined
    }
  }
  return orders
}

function readReport(message: Hl7Message, order: Order, asOf: Instant, at: Reading): Statement {
  const { orc, obr } = order
  const key = readOrderKey(orc, obr, at)
  refuseForeignStatus(obr)
  const rows = compile(reportTable, at.settings)
  const fields = readFields(rows, openSlots(rows, message, { OBR: obr, ORC: orc, NTE: undefined }), at)
  const read = readObservations(order.lines, contextOf(fields, asOf), at)
  fields['status'] ??= statusOfResults(read.observations)
  const notes = [...order.notes.flatMap(noteLines), ...read.orderNotes]
  if (notes.length > 0) fields['notes'] = { value: notes.join('\n'), place: 'NTE-3' }
  const sets =
    read.observations.length > 0 ? { observations: { rows: read.observations, place: 'OBX' } } : undefined
  return { record: 'report', keys: [key], fields, sets: sets ?? {}, effect: 'upsert' }
}

const FILLER = entityIdentifier('FILL')
const PLACER = entityIdentifier('PLAC')

/** The filler's number of the order with its authority, else the placer's. */
function readOrderKey(orc: Segment | undefined, obr: Segment, at: Reading): Identifier {
  const key =
    FILLER.read(cellAt(obr, 3), at) ??
    (orc && FILLER.read(cellAt(orc, 3), at)) ??
    PLACER.read(cellAt(obr, 2), at) ??
    (orc && PLACER.read(cellAt(orc, 2), at))
  if (key) return key
  throw new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'OBR-3' })
}

// Y (no order on record) and Z (no record of this patient) answer a query; they are no state of a report.
function refuseForeignStatus(obr: Segment): void {
  const code = obr.get(25).toUpperCase()
  if (code === 'Y' || code === 'Z')
    throw new IntegrationError('CODE_NOT_IN_SET', { field: 'OBR-25', set: 'HL70123' })
}

function contextOf(
  fields: Readonly<Record<string, Said>>,
  asOf: Instant,
): { effectiveAt: Instant | undefined; reportedAt: Instant; status: ObservationStatus } {
  const text = (field: string): string | undefined => {
    const value = fields[field]?.value
    return typeof value === 'string' ? value : undefined
  }
  const issued = text('issued_at')
  return {
    effectiveAt: text('effective_at'),
    // A date without a time cannot order two versions of one day.
    reportedAt: issued !== undefined && issued.length > 10 ? issued : asOf,
    status: RESULT_STATUS[(text('status') ?? 'preliminary') as ReportStatus],
  }
}

/** For an OBX without a status: what the report says of all its results. */
const RESULT_STATUS: Readonly<Record<ReportStatus, ObservationStatus>> = {
  registered: 'registered',
  partial: 'preliminary',
  preliminary: 'preliminary',
  final: 'final',
  amended: 'amended',
  corrected: 'corrected',
  cancelled: 'cancelled',
  'entered-in-error': 'entered-in-error',
}

/** For an OBR without a status: final only when every result is; the place is that of the results. */
function statusOfResults(observations: readonly Observation[]): Said {
  const has = (...states: ObservationStatus[]): boolean =>
    observations.some(({ status }) => states.includes(status))
  const value: ReportStatus =
    observations.length === 0
      ? 'registered'
      : has('registered', 'preliminary')
        ? 'preliminary'
        : has('corrected', 'amended')
          ? 'corrected'
          : 'final'
  return { value, place: 'OBX-11' }
}
