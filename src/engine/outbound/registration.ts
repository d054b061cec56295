import type { CernerRoad } from '../../connectors/cerner/port.ts'
import type {
  PatientCandidate,
  PatientCandidatesRequest,
  PatientRegisterRequest,
  PatientRegistered,
} from '../../contract/outbound.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { STUDIO_NAME } from '../../model/studio.ts'
import type { Identifier } from '../../model/values.ts'
import type { Queryable } from '../../store/columns.ts'
import { findOpen } from '../../store/outbox.ts'
import { claimControl, findControl } from '../../store/outbox-exchanges.ts'
import type { RunningCerner } from '../connection.ts'
import { Fold, newRecord } from '../fold.ts'
import { blindKeys } from '../match.ts'
import { personKey } from '../pending.ts'
import type { Actor } from '../services.ts'
import { findCandidates } from './candidates.ts'
import { carrierOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { checkedValues } from './patient-values.ts'
import { recordChange } from './record-change.ts'
import { checkEnrolment, registrationBody } from './registration-body.ts'

/** Names a record of ours where no other system has named it yet. */
const OWN_AUTHORITY = STUDIO_NAME.toUpperCase()

interface Entered {
  connection: RunningCerner
  road: CernerRoad
  values: Record<string, string | null>
  actor: Actor
  controlId: string | undefined
  /** Somebody has looked at who may be the same. */
  isReviewed: boolean
}

/** Registering patients at Cerner. */
export class Registration {
  readonly #parts: OutboundParts

  constructor(parts: OutboundParts) {
    this.#parts = parts
  }

  /** Who may be the same person, at Cerner and here. @throws PROFILE_FORBIDS, ROAD_OFF, and what Cerner answers */
  async candidates(request: PatientCandidatesRequest): Promise<PatientCandidate[]> {
    const named = request.connection_id as ConnectionId | undefined
    const { connection } = await carrierOf(this.#parts, 'person_create', named)
    return this.#candidates(connection, request)
  }

  async #candidates(
    connection: RunningCerner,
    sought: Pick<PatientCandidatesRequest, 'last_name' | 'date_of_birth'>,
  ): Promise<PatientCandidate[]> {
    const road = await this.#parts.roadFor(connection.id, 'person_search')
    return findCandidates(this.#parts, connection, road, sought)
  }

  /**
   * Registers a patient: the record is here at once, and is known at Cerner when it has answered.
   *
   * @throws PATIENT_MAY_EXIST, ENROLMENT_NOT_SET, REQUEST_INVALID, FHIR_RULE_BROKEN, PROFILE_FORBIDS, ROAD_OFF
   */
  async register(request: PatientRegisterRequest, actor: Actor): Promise<PatientRegistered> {
    const { request_id: controlId, override: isReviewed } = request
    const { database, vault } = this.#parts
    // Asked first: the patient whom the first request made would be the first candidate of the second.
    const first = controlId === undefined ? null : await findControl(database, vault, controlId)
    if (first) return registeredAs(first)
    const named = request.connection_id as ConnectionId | undefined
    const { connection, road } = await carrierOf(this.#parts, 'person_create', named)
    const { enrolAt, country } = connection.settings
    checkEnrolment(road.name, enrolAt)
    const values = checkedValues(saidIn(request), country, 'body')
    // What Cerner would refuse is refused now.
    registrationBody(values, mapSettingsOf(connection), enrolAt)
    if (!isReviewed && (await this.#candidates(connection, request)).length > 0)
      throw new IntegrationError('PATIENT_MAY_EXIST', {})
    const entered = { connection, road, values, actor, controlId, isReviewed }
    return database.tx((client) => this.#record(client, entered))
  }

  async #record(
    client: Queryable,
    { connection, road, values, actor, controlId, isReviewed }: Entered,
  ): Promise<PatientRegistered> {
    const { vault } = this.#parts
    const exchangeId = newId<ExchangeId>()
    const first = controlId === undefined ? null : await claimControl(client, vault, controlId, exchangeId)
    if (first) return registeredAs(first)
    const key = personKey(vault, (field) => values[field])
    if (key !== null && !isReviewed) await checkAlone(client, key)
    const fold = new Fold(vault)
    const record = newRecord('patient', newId(), null)
    const own: Identifier = { value: record.id, authority: OWN_AUTHORITY, type: 'PI' }
    for (const blind of blindKeys(vault, 'patient', [own], '')) fold.link(blind, record)
    await recordChange(client, this.#parts, fold, {
      connectionId: connection.id,
      channel: road.name,
      actor,
      exchangeId,
      action: 'person_create',
      kind: 'create Patient',
      record,
      patient: record,
      values,
      sets: { identifiers: { rows: [own], place: 'entered' } },
      decisive: Object.keys(values),
      request: { action: 'person_create', alone: !isReviewed },
      baseVersion: null,
      ...(key === null ? {} : { naturalKey: key }),
      ...(controlId === undefined ? {} : { controlId }),
      audit: 'patient.register',
    })
    return { patient_id: record.id, exchange_id: exchangeId }
  }
}

/**
 * Two desks may register one person at the same moment, when neither finds the other's record yet.
 *
 * @throws PATIENT_MAY_EXIST
 */
async function checkAlone(client: Queryable, key: string): Promise<void> {
  await client.query({
    name: 'lock-registration',
    text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [key],
  })
  if ((await findOpen(client, [], [Buffer.from(key, 'hex')])).length > 0)
    throw new IntegrationError('PATIENT_MAY_EXIST', {})
}

/** Fields as our records name them, without those that were left empty. */
function saidIn(request: PatientRegisterRequest): Record<string, string> {
  const {
    connection_id: _connection,
    request_id: _request,
    override: _override,
    address = {},
    ...flat
  } = request
  const parts = Object.entries(address).map(([part, value]) => [`address.${part}`, value] as const)
  const said = [...Object.entries(flat), ...parts].filter(([, value]) => value !== undefined && value !== '')
  return Object.fromEntries(said) as Record<string, string>
}

/** @throws VERSION_CONFLICT for the id of a request that registered nobody */
function registeredAs({ id, records }: { id: ExchangeId; records: readonly string[] }): PatientRegistered {
  const patientId = records.find((name) => name.startsWith('patient/'))?.split('/')[1]
  if (patientId === undefined) throw new IntegrationError('VERSION_CONFLICT', { what: 'request' })
  return { patient_id: patientId, exchange_id: id }
}
