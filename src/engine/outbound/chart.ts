import type { CernerRoad } from '../../connectors/cerner/port.ts'
import type {
  DocumentRequest,
  PatientChangeRequest,
  QueuedChange,
  VitalSignsRequest,
} from '../../contract/outbound.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { mapFhir } from '../../mapping/map-fhir.ts'
import { documentToFhir, observationToFhir, VITAL_SIGNS } from '../../mapping/write-fhir.ts'
import type { VitalSignName } from '../../mapping/write-fhir.ts'
import { originsOf, valueOf } from '../../model/document.ts'
import type { RecordType } from '../../model/fields.ts'
import type { Statement } from '../../model/statement.ts'
import type { Queryable } from '../../store/columns.ts'
import { keepContent } from '../../store/document-content.ts'
import { readFar } from '../../store/far-records.ts'
import { readDocument, readOpenStates } from '../../store/outbox-records.ts'
import { equal } from '../../sync/three-way.ts'
import { holdRecords } from '../apply.ts'
import type { RunningCerner } from '../connection.ts'
import { Fold, newRecord } from '../fold.ts'
import type { HeldRecord } from '../fold.ts'
import type { Actor } from '../services.ts'
import { findFarPatient, linkFarPatient } from './far-patient.ts'
import type { FarPatient } from './far-patient.ts'
import { carrierOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { checkedValues } from './patient-values.ts'
import { holdWithPatient, recordChange } from './record-change.ts'
import { instant } from './slots.ts'

/** Stands for the id that Cerner will give, while our own body is mapped as if it had come from there. */
const NOT_YET = 'not-yet'
const PRESSURE = '85354-9'

/** What a chart is told: demographics, vital signs and documents. */
export class Chart {
  readonly #parts: OutboundParts

  constructor(parts: OutboundParts) {
    this.#parts = parts
  }

  /** @throws VERSION_CONFLICT, REQUEST_INVALID, OUTBOUND_UNDER_WAY, PATIENT_NOT_AT_CERNER, PROFILE_FORBIDS, ROAD_OFF */
  async updatePatient(id: string, request: PatientChangeRequest, actor: Actor): Promise<QueuedChange> {
    const parts = this.#parts
    const { connection, road } = await carrierOf(parts, 'person_update')
    const asked = checkedValues(request.changes, connection.settings.country)
    const far = await findFarPatient(parts, connection, id)
    const exchangeId = newId<ExchangeId>()
    await parts.database.tx(async (client) => {
      const { fold, record } = await holdWithPatient(client, parts, { recordId: id, patientId: null })
      if (record.type !== 'patient') throw new IntegrationError('NOT_FOUND', { what: 'patient' })
      if (record.version !== request.version)
        throw new IntegrationError('VERSION_CONFLICT', { what: 'patient' })
      if ((await readOpenStates(client, id)).some(({ state }) => state === 'parked'))
        throw new IntegrationError('OUTBOUND_UNDER_WAY', {})
      const values = Object.fromEntries(
        Object.entries(asked).filter(([field, value]) => !equal(valueOf(record.document, field), value)),
      )
      if (Object.keys(values).length === 0)
        throw new IntegrationError('REQUEST_INVALID', {
          place: 'body.changes',
          reason: 'nothing is different',
        })
      await linkFarPatient(client, parts, fold, record, connection, far, exchangeId)
      const known = await readFar(client, parts.vault, {
        connectionId: connection.id,
        type: 'Patient',
        id: far.id,
      })
      await recordChange(client, parts, fold, {
        ...carried(connection, road, actor),
        exchangeId,
        action: 'person_update',
        kind: 'update Patient',
        record,
        patient: record,
        values,
        decisive: Object.keys(values),
        request: { action: 'person_update', farId: far.id },
        baseVersion: known?.version ?? null,
        audit: 'patient.update',
      })
    })
    return { exchange_ids: [exchangeId] }
  }

  /** Each sign is a result of its own here and there. @throws VITAL_SIGN_NOT_PLAUSIBLE */
  async vitalSigns(patientId: string, request: VitalSignsRequest, actor: Actor): Promise<QueuedChange> {
    const parts = this.#parts
    const named = request.connection_id as ConnectionId | undefined
    const { connection, road } = await carrierOf(parts, 'vital_signs', named)
    const far = await findFarPatient(parts, connection, patientId)
    const encounter = await this.#farEncounter(connection, patientId, request.encounter_id)
    const takenAt = instant(request.taken_at, 'body.taken_at')
    const bodies = request.signs.map((sign, n) =>
      observationToFhir({
        ...measureOf(sign, `body.signs.${n}`),
        patient: far.id,
        effectiveAt: takenAt,
        ...(encounter === undefined ? {} : { encounter }),
        ...(request.performer_id === undefined ? {} : { performer: request.performer_id }),
      }),
    )
    const ids: ExchangeId[] = []
    // All or none: whoever saves them again after a failure must not file some of them twice.
    await parts.database.tx(async (client) => {
      for (const body of bodies) {
        const text = JSON.stringify(body)
        const statement = this.#statementOf(connection, text, 'report')
        const exchangeId = newId<ExchangeId>()
        await this.#createRecord(client, connection, road, far, {
          exchangeId,
          patientId,
          statement,
          kind: 'create Observation',
          actor,
          audit: 'results.vital-signs',
          request: (_recordId) => ({
            action: 'vital_signs',
            body: text,
            code: statement.fields['code']?.value ?? {},
          }),
        })
        ids.push(exchangeId)
      }
    })
    return { exchange_ids: ids }
  }

  /** @throws DOCUMENT_NOT_TAKEN */
  async document(patientId: string, request: DocumentRequest, actor: Actor): Promise<QueuedChange> {
    const parts = this.#parts
    const named = request.connection_id as ConnectionId | undefined
    const { connection, road } = await carrierOf(parts, 'document_create', named)
    const far = await findFarPatient(parts, connection, patientId)
    const encounter = await this.#farEncounter(connection, patientId, request.encounter_id)
    const body = documentToFhir(
      {
        patient: far.id,
        title: request.title,
        type: { loinc: request.type_code },
        mediaType: request.media_type,
        dataBase64: request.data_base64,
        periodEnd: instant(request.period_end, 'body.period_end'),
        ...(encounter === undefined ? {} : { encounter }),
        ...(request.author_id === undefined ? {} : { author: request.author_id }),
      },
      mapSettingsOf(connection),
    )
    const bytes = Buffer.from(request.data_base64, 'base64')
    // The content is kept once, with the document.
    const { data: _data, ...attachment } = (body['content'] as [{ attachment: Record<string, unknown> }])[0]
      .attachment
    const withoutData = { ...body, content: [{ attachment }] }
    const statement = this.#statementOf(connection, JSON.stringify(withoutData), 'document')
    const exchangeId = newId<ExchangeId>()
    const fields = {
      ...statement.fields,
      size_bytes: { value: bytes.length, place: 'content.attachment.data' },
    }
    await parts.database.tx((client) =>
      this.#createRecord(client, connection, road, far, {
        exchangeId,
        patientId,
        statement: { ...statement, fields },
        kind: 'create DocumentReference',
        actor,
        audit: 'document.create',
        request: (documentId) => ({ action: 'document_create', body: withoutData, documentId }),
        content: { bytes, mediaType: request.media_type },
      }),
    )
    return { exchange_ids: [exchangeId] }
  }

  /** What our own body says, in our words: the same as it will say when it comes back from Cerner. */
  #statementOf(connection: RunningCerner, body: string, record: RecordType): Statement {
    const now = new Date(this.#parts.clock.now()).toISOString()
    // Put in as text, since 180.0 would not survive being read.
    const named = body.replace(/^{/, `{"id":"${NOT_YET}",`)
    const mapped = mapFhir(named, mapSettingsOf(connection), now)
    const statement =
      mapped.kind === 'mapped' ? mapped.message.statements.find((one) => one.record === record) : null
    if (!statement) throw new Error(`our own ${record} does not map`)
    const { external_id: _id, ...fields } = statement.fields
    return { ...statement, fields }
  }

  async #createRecord(
    client: Queryable,
    connection: RunningCerner,
    road: CernerRoad,
    far: FarPatient,
    made: {
      exchangeId: ExchangeId
      patientId: string
      statement: Statement
      kind: string
      actor: Actor
      audit: string
      request: (recordId: string) => Parameters<typeof recordChange>[3]['request']
      content?: { bytes: Uint8Array; mediaType: string }
    },
  ): Promise<void> {
    const parts = this.#parts
    const { exchangeId, statement, actor, kind, audit } = made
    const fold = new Fold(parts.vault)
    await holdRecords(client, fold, parts.vault, [made.patientId])
    const patient: HeldRecord | undefined = fold.held(made.patientId)
    if (patient?.type !== 'patient') throw new IntegrationError('NOT_FOUND', { what: 'patient' })
    await linkFarPatient(client, parts, fold, patient, connection, far, exchangeId)
    const record = newRecord(statement.record, newId(), patient.id)
    const request = made.request(record.id)
    if (made.content) await keepContent(client, parts.vault, record.id, made.content)
    const values = Object.fromEntries(
      Object.entries(statement.fields).map(([field, { value }]) => [field, value]),
    )
    await recordChange(client, parts, fold, {
      ...carried(connection, road, actor),
      exchangeId,
      action: request.action,
      kind,
      record,
      patient,
      values,
      sets: statement.sets,
      decisive: [],
      request,
      baseVersion: null,
      audit,
    })
  }

  /** The logical id of a visit, where its number here is the one Cerner gave it over this connection. */
  async #farEncounter(
    connection: RunningCerner,
    patientId: string,
    encounterId: string | undefined,
  ): Promise<string | undefined> {
    if (encounterId === undefined) return undefined
    const { database, vault } = this.#parts
    const document = await readDocument(database, vault, 'encounter', encounterId)
    const origin = document && originsOf(document)['external_id']
    const number = document && valueOf(document, 'external_id')
    if (!origin || typeof number !== 'string') throw new IntegrationError('NOT_FOUND', { what: 'visit' })
    if (origin.connection_id === connection.id && origin.place === 'Encounter.id') return number
    const place = 'body.encounter_id'
    throw new IntegrationError('REQUEST_INVALID', {
      place,
      reason: `Cerner’s id of this visit is not known; leave it out`,
    })
  }
}

const carried = (connection: RunningCerner, road: CernerRoad, actor: Actor) => ({
  connectionId: connection.id,
  channel: road.name,
  actor,
})

const SIGN_OF = new Map(
  Object.entries(VITAL_SIGNS).map(([sign, measure]) => [measure.code, { sign, measure }]),
)

type Measured =
  | { sign: Exclude<VitalSignName, 'blood_pressure'>; value: string }
  | { sign: 'blood_pressure'; systolic: string; diastolic: string }

/** One sign of a request, in the unit that its table has. */
function measureOf(sign: VitalSignsRequest['signs'][number], place: string): Measured {
  const refuse = (member: string, reason: string): IntegrationError =>
    new IntegrationError('REQUEST_INVALID', { place: `${place}.${member}`, reason })
  if (sign.code === PRESSURE) {
    if (sign.unit !== 'mm[Hg]') throw refuse('unit', 'expected mm[Hg]')
    if (sign.systolic === undefined) throw refuse('systolic', 'it is missing')
    if (sign.diastolic === undefined) throw refuse('diastolic', 'it is missing')
    return { sign: 'blood_pressure', systolic: sign.systolic, diastolic: sign.diastolic }
  }
  const known = SIGN_OF.get(sign.code)
  if (!known) throw refuse('code', 'it is no vital sign that we send')
  if (sign.unit !== known.measure.ucum) throw refuse('unit', `expected ${known.measure.ucum}`)
  if (sign.value === undefined) throw refuse('value', 'it is missing')
  return { sign: known.sign as Exclude<VitalSignName, 'blood_pressure'>, value: sign.value }
}
