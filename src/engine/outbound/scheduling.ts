import type { CernerRoad } from '../../connectors/cerner/port.ts'
import type {
  AppointmentChange,
  BookRequest,
  CancelRequest,
  MoveRequest,
  SchedulingOptions,
  Slot,
  SlotQueryRequest,
  StatusRequest,
} from '../../contract/scheduling.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { AppointmentId, ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { splitName } from '../../mapping/fhir/person.ts'
import { originsOf, valueOf } from '../../model/document.ts'
import type { Coded, Person } from '../../model/values.ts'
import type { Queryable } from '../../store/columns.ts'
import { readFar } from '../../store/far-records.ts'
import { claimControl } from '../../store/outbox-exchanges.ts'
import { hasOverlap, readDocument, readOpenStates, readPatientOf } from '../../store/outbox-records.ts'
import { readAppointment } from '../../store/read-appointments.ts'
import { mayStep, TAKES_TIME } from '../../sync/transitions.ts'
import type { Step } from '../../sync/transitions.ts'
import { holdRecords } from '../apply.ts'
import type { RunningCerner } from '../connection.ts'
import { Fold, newRecord } from '../fold.ts'
import type { HeldRecord } from '../fold.ts'
import { naturalKey } from '../pending.ts'
import type { Actor } from '../services.ts'
import { CANCEL_REASONS } from './cancel-reasons.ts'
import { findFarPatient, linkFarPatient } from './far-patient.ts'
import { carrierOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { holdWithPatient, recordChange } from './record-change.ts'
import type { NewChange } from './record-change.ts'
import { findSlots, instant, openDirectory, valueOfType, zoneOf } from './slots.ts'

export interface SchedulingParts extends OutboundParts {
  /** What can be booked at Cerner, where a service or the settings tell it. */
  serviceTypes?: (connectionId: ConnectionId) => Promise<readonly Coded[]>
}

interface Chosen {
  id: string
  start: string
  end: string
  location: { id: string; name: string } | null
  practitioner: { id: string; name: string } | null
}

/** Booking, moving and cancelling appointments at Cerner, and telling it who has come. */
export class Scheduling {
  readonly #parts: SchedulingParts
  /** Service types that slots were seen with, by connection: what can be booked there. */
  readonly #seen = new Map<ConnectionId, Map<string, Coded>>()

  constructor(parts: SchedulingParts) {
    this.#parts = parts
  }

  async options(named?: ConnectionId): Promise<SchedulingOptions> {
    const enabled = this.#parts.connections().filter((one) => one.enabled && (named ?? one.id) === one.id)
    const connections = await Promise.all(enabled.map((one) => this.#canBook(one)))
    const able = enabled.find((one) => connections.some(({ id, can_book }) => id === one.id && can_book))
    const chosen = able ?? enabled[0]
    const empty = { service_types: [], locations: [], practitioners: [] }
    const choices = chosen ? await this.#choices(chosen) : empty
    return { connections, ...choices, cancel_reasons: CANCEL_REASONS.map((one) => ({ ...one })) }
  }

  async #canBook({ id, name }: RunningCerner): Promise<SchedulingOptions['connections'][number]> {
    try {
      await this.#parts.roadFor(id, 'slots')
      await this.#parts.roadFor(id, 'book')
      return { id, name, can_book: true, reason: '' }
    } catch (error) {
      if (!(error instanceof IntegrationError)) throw error
      return { id, name, can_book: false, reason: error.message }
    }
  }

  async #choices(
    connection: RunningCerner,
  ): Promise<Pick<SchedulingOptions, 'service_types' | 'locations' | 'practitioners'>> {
    const directory = await openDirectory(this.#parts, connection.id)
    const told = (await this.#parts.serviceTypes?.(connection.id)) ?? []
    const types = new Map(
      [...told, ...(this.#seen.get(connection.id)?.values() ?? [])].map((one) => [valueOfType(one), one]),
    )
    const { locations: ours, practitioners: theirs } = connection.settings.pull
    const offered = (kind: 'location' | 'practitioner', only: readonly string[]) =>
      directory.all(kind).filter(({ id }) => only.length === 0 || only.includes(id))
    return {
      service_types: [...types].map(([value, { text, code }]) => ({ value, text: text ?? code ?? value })),
      locations: offered('location', ours).map(({ id, name }) => ({
        id,
        name,
        time_zone: zoneOf(connection, directory, id),
      })),
      practitioners: offered('practitioner', theirs).map(({ id, name }) => ({ id, name })),
    }
  }

  async slots(query: SlotQueryRequest): Promise<Slot[]> {
    const slots = await findSlots(this.#parts, query)
    for (const { connection_id: id, service_type: type } of slots)
      this.#remember(id as ConnectionId, type as Coded)
    return slots
  }

  #remember(id: ConnectionId, type: Coded): void {
    if (type.code === undefined) return
    const seen = this.#seen.get(id) ?? new Map<string, Coded>()
    this.#seen.set(id, seen.set(valueOfType(type), type))
  }

  /**
   * Books a slot: the appointment is here at once as *pending*, and becomes *booked* when Cerner has it.
   *
   * @throws PATIENT_DOUBLE_BOOKED, PATIENT_NOT_AT_CERNER, PROFILE_FORBIDS, ROAD_OFF
   */
  async book(request: BookRequest, actor: Actor): Promise<AppointmentChange> {
    const parts = this.#parts
    const { connection, road } = await carrierOf(
      parts,
      'book',
      request.connection_id as ConnectionId | undefined,
    )
    const slot = checkedSlot(request.slot)
    const far = await findFarPatient(parts, connection, request.patient_id)
    const exchangeId = newId<ExchangeId>()
    const made = await parts.database.tx(async (client) => {
      const { request_id: controlId } = request
      const first =
        controlId === undefined ? null : await claimControl(client, parts.vault, controlId, exchangeId)
      if (first) return { exchangeId: first.id, id: recordIdIn(first.records) }
      const fold = new Fold(parts.vault)
      await holdRecords(client, fold, parts.vault, [request.patient_id])
      const patient = fold.held(request.patient_id)
      if (patient?.type !== 'patient') throw new IntegrationError('NOT_FOUND', { what: 'patient' })
      await this.#checkFree(client, patient.id, null, slot)
      await linkFarPatient(client, parts, fold, patient, connection, far, exchangeId)
      const record = newRecord('appointment', newId<AppointmentId>(), patient.id)
      const values = {
        status: 'pending',
        ...placed(slot, connection),
        ...given('service', Object.keys(request.service_type).length > 0 ? request.service_type : undefined),
        ...given('reason', request.reason || undefined),
        ...given('notes', request.comment || undefined),
      }
      await recordChange(client, parts, fold, {
        ...carried(connection, road, exchangeId, actor),
        action: 'book',
        kind: 'book Appointment',
        record,
        patient,
        values,
        decisive: ['start_time', 'end_time'],
        request: {
          action: 'book',
          slotId: slot.id,
          start: slot.start,
          end: slot.end,
          patient: { id: far.id, display: displayOf(patient) },
          ...(slot.practitioner
            ? { practitioner: { id: slot.practitioner.id, display: slot.practitioner.name } }
            : {}),
          ...given('reason', request.reason || undefined),
          ...given('comment', request.comment || undefined),
        },
        baseVersion: null,
        naturalKey: naturalKey(parts.vault, patient.id, slot.start),
        ...given('controlId', controlId),
        audit: 'appointment.book',
      })
      return { exchangeId, id: record.id }
    })
    return this.#shown(made)
  }

  /** @throws APPOINTMENT_TRANSITION, PATIENT_DOUBLE_BOOKED, VERSION_CONFLICT */
  async move(id: string, request: MoveRequest, actor: Actor): Promise<AppointmentChange> {
    const slot = checkedSlot(request.slot)
    return this.#step(id, { step: 'move', version: request.version, actor }, async (client, at) => {
      if (at.patient) await this.#checkFree(client, at.patient.id, id, slot)
      const values = placed(slot, at.connection)
      return {
        action: 'reschedule',
        kind: 'reschedule Appointment',
        values,
        decisive: ['start_time', 'end_time', 'provider_id', 'location_id'].filter((field) => field in values),
        request: {
          action: 'reschedule',
          farId: at.farId,
          slotId: slot.id,
          ...given('reason', request.reason || undefined),
        },
        audit: 'appointment.move',
      }
    })
  }

  /** @throws APPOINTMENT_TRANSITION, VERSION_CONFLICT */
  async cancel(id: string, request: CancelRequest, actor: Actor): Promise<AppointmentChange> {
    const { code, system, text } = request.reason
    return this.#step(id, { step: 'cancel', version: request.version, actor }, (_client, at) => ({
      action: 'cancel',
      kind: 'cancel Appointment',
      values: {
        status: 'cancelled',
        cancel_reason: { code, system, ...given('text', text || undefined) },
        slot_id: null,
      },
      decisive: ['status'],
      request: {
        action: 'cancel',
        farId: at.farId,
        code,
        system,
        ...given('comment', request.comment || undefined),
      },
      audit: 'appointment.cancel',
    }))
  }

  /** @throws APPOINTMENT_TRANSITION, VERSION_CONFLICT */
  async setStatus(id: string, request: StatusRequest, actor: Actor): Promise<AppointmentChange> {
    const { status } = request
    return this.#step(id, { step: status, version: request.version, actor }, (_client, at) => ({
      action: 'check_in',
      kind: KIND_OF_STATUS[status],
      values: { status },
      decisive: ['status'],
      request: { action: 'check_in', farId: at.farId, status },
      audit: 'appointment.status',
    }))
  }

  async #step(
    id: string,
    { step, version, actor }: { step: Step; version: number; actor: Actor },
    make: (client: Queryable, at: StepContext) => StepChange | Promise<StepChange>,
  ): Promise<AppointmentChange> {
    const parts = this.#parts
    const patientId = await readPatientOf(parts.database, id)
    if (patientId === undefined) throw new IntegrationError('NOT_FOUND', { what: 'appointment' })
    const { connection, road } = await this.#carrierOf(id, ACTION_OF_STEP[step])
    const exchangeId = newId<ExchangeId>()
    await parts.database.tx(async (client) => {
      const held = await holdWithPatient(client, parts, { recordId: id, patientId })
      const { fold, record } = held
      if (record.version !== version) throw new IntegrationError('VERSION_CONFLICT', { what: 'appointment' })
      const status = String(valueOf(record.document, 'status') ?? 'booked')
      if (!mayStep(status, step)) {
        throw new IntegrationError('APPOINTMENT_TRANSITION', { from: status, to: NAME_OF_STEP[step] })
      }
      await this.#checkOpen(client, id)
      const farId = valueOf(record.document, 'external_id')
      // Cerner gave it no number that we know, so there is nothing there to change.
      if (typeof farId !== 'string') throw new IntegrationError('OUTBOUND_UNDER_WAY', {})
      const change = await make(client, { connection, farId, patient: held.patient, record, fold })
      const known = await readFar(client, parts.vault, {
        connectionId: connection.id,
        type: 'Appointment',
        id: farId,
      })
      await recordChange(client, parts, fold, {
        ...carried(connection, road, exchangeId, actor),
        ...change,
        record,
        patient: held.patient,
        baseVersion: known?.version ?? null,
      })
    })
    return this.#shown({ exchangeId, id })
  }

  /** The Cerner an appointment came from; for one that an HL7 feed told of, the one that can. */
  async #carrierOf(id: string, action: 'reschedule' | 'cancel' | 'check_in') {
    const { database, vault, connections } = this.#parts
    const document = await readDocument(database, vault, 'appointment', id)
    const origin = document && originsOf(document)['external_id']?.connection_id
    // Its number means nothing at another Cerner, so when its own connection is off nothing is sent.
    const own = connections().find((one) => one.id === origin)
    return carrierOf(this.#parts, action, own?.id)
  }

  async #checkFree(
    client: Queryable,
    patientId: string,
    exceptId: string | null,
    { start, end }: Chosen,
  ): Promise<void> {
    const time = { patientId, exceptId, start, end, statuses: TAKES_TIME }
    if (await hasOverlap(client, time)) throw new IntegrationError('PATIENT_DOUBLE_BOOKED', {})
  }

  /** A change waits behind those before it, but not behind one that a person has to decide about. */
  async #checkOpen(client: Queryable, id: string): Promise<void> {
    const open = await readOpenStates(client, id)
    if (open.some(({ state, action }) => state === 'parked' || action === 'book'))
      throw new IntegrationError('OUTBOUND_UNDER_WAY', {})
  }

  async #shown({ exchangeId, id }: { exchangeId: ExchangeId; id: string }): Promise<AppointmentChange> {
    const appointment = await readAppointment(this.#parts, id, { showNames: true })
    if (!appointment) throw new IntegrationError('NOT_FOUND', { what: 'appointment' })
    return { appointment, exchange_id: exchangeId }
  }
}

interface StepContext {
  connection: RunningCerner
  farId: string
  patient: HeldRecord | null
  record: HeldRecord
  fold: Fold
}
type StepChange = Pick<NewChange, 'action' | 'kind' | 'values' | 'decisive' | 'request' | 'audit'>

const ACTION_OF_STEP = {
  move: 'reschedule',
  cancel: 'cancel',
  arrived: 'check_in',
  'checked-in': 'check_in',
  fulfilled: 'check_in',
} as const satisfies Record<Step, string>

const NAME_OF_STEP: Readonly<Record<Step, string>> = {
  move: 'moved',
  cancel: 'cancelled',
  arrived: 'arrived',
  'checked-in': 'checked-in',
  fulfilled: 'fulfilled',
}

const KIND_OF_STATUS = {
  arrived: 'arrive Appointment',
  'checked-in': 'check in Appointment',
  fulfilled: 'complete Appointment',
} as const

const carried = (
  connection: RunningCerner,
  road: CernerRoad,
  exchangeId: ExchangeId,
  actor: Actor,
): Pick<NewChange, 'connectionId' | 'channel' | 'exchangeId' | 'actor'> => ({
  connectionId: connection.id,
  channel: road.name,
  exchangeId,
  actor,
})

function checkedSlot(slot: BookRequest['slot']): Chosen {
  const start = instant(slot.start, 'body.slot.start')
  const end = instant(slot.end, 'body.slot.end')
  if (end <= start)
    throw new IntegrationError('REQUEST_INVALID', {
      place: 'body.slot.end',
      reason: 'it is not after the start',
    })
  return { ...slot, start, end }
}

/** What a slot says of its appointment. Times are kept as instants: nothing is worked out from a wall clock. */
function placed(slot: Chosen, connection: RunningCerner): Record<string, unknown> {
  const values: Record<string, unknown> = { start_time: slot.start, end_time: slot.end, slot_id: slot.id }
  if (slot.practitioner) {
    const { id, name } = slot.practitioner
    const { visitAuthority, codes } = mapSettingsOf(connection)
    const ours = codes?.['practitioner']?.[id]
    const provider: Person = {
      id: ours ?? id,
      authority: visitAuthority.trim().toUpperCase(),
      ...splitName(name),
    }
    values['provider_id'] = provider.id
    values['provider'] = provider
  }
  if (slot.location) {
    const { id } = slot.location
    values['location_id'] = mapSettingsOf(connection).codes?.['location']?.[id] ?? id
  }
  return values
}

const given = <K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } =>
  (value === undefined ? {} : { [name]: value }) as { [key in K]?: V }

function displayOf({ document }: HeldRecord): string {
  const parts = [valueOf(document, 'last_name'), valueOf(document, 'first_name')]
  return parts.filter((part) => typeof part === 'string').join(', ')
}

function recordIdIn(records: readonly string[]): string {
  const found = records.find((name) => name.startsWith('appointment/'))?.split('/')[1]
  // Another request of the same id that was no booking.
  if (found === undefined) throw new IntegrationError('VERSION_CONFLICT', { what: 'request' })
  return found
}
