import { randomBytes } from 'node:crypto'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { ExchangeEffect, ExchangeHead, FieldState, RecordDocument } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import type { Identifier } from '../model/values.ts'
import { makeFirstKeys, openKeyRing } from '../vault/key-ring.ts'
import { openVault } from '../vault/vault.ts'
import type { Vault } from '../vault/vault.ts'
import { appointmentNumberKey, controlKey, patientKey, recordKey } from './blind-keys.ts'
import { tokensOf } from './patient-tokens.ts'
import type { Queryable } from './reading.ts'
import { TEST_PRACTICE_ID } from './test-database.setup.ts'

/** Rows for tests, written as the engine writes them. All people in them are invented. */
export function testVault(practiceId: string = TEST_PRACTICE_ID): Vault {
  const master = randomBytes(32)
  const ring = openKeyRing({ master, practiceId, keys: makeFirstKeys({ master, practiceId }) })
  return openVault({ ring, practiceId })
}

export const AS_OF_MS = Date.parse('2026-03-04T10:00:00Z')

type Fields = Record<string, unknown>
type Sets = Record<string, unknown[]>

/** A document whose fields all came from one exchange. */
export function documentWith(
  fields: Fields,
  sets: Sets,
  source: { exchange: string; connection: string },
): RecordDocument {
  const state = (name: string, value: unknown): FieldState => [value, AS_OF_MS, 0, `TEST-${name}`]
  return {
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, state(name, value)])),
    sets: Object.fromEntries(
      Object.entries(sets).map(([name, rows]) => [name, { [source.connection]: state(name, rows) }]),
    ),
    sources: [[source.exchange as ExchangeId, source.connection as ConnectionId]],
  }
}

export interface TestRows {
  connection(options?: { name?: string; settings?: Record<string, unknown> }): Promise<string>
  exchange(options: TestExchange): Promise<string>
  patient(fields: Fields, sets?: Sets, from?: { exchange?: string; connection?: string }): Promise<string>
  encounter(patientId: string, fields: Fields, sets?: Sets): Promise<string>
  appointment(patientId: string | null, fields: Fields): Promise<string>
  report(patientId: string, fields: Fields, sets?: Sets): Promise<string>
  change(record: string, exchange: string, type: RecordType): Promise<void>
}

export interface TestExchange {
  connection: string
  id?: string
  kind?: string
  controlId?: string
  mrn?: string
  raw?: string
  duplicateOf?: string
  replayOf?: string
  state?: 'applied' | 'ignored' | 'retrying' | 'parked' | 'duplicate' | 'resolved' | 'received'
  error?: { code: string; place: string }
  records?: string[]
  effect?: ExchangeEffect
  ack?: 'sent' | 'unsent'
  /** A reply given after the change was applied. */
  laterReply?: string
}

/** @param database as the application role of one practice */
export function testRows(database: Queryable, vault: Vault): TestRows {
  const run = async (text: string, values: unknown[]): Promise<void> => {
    await database.query({ text, values })
  }
  const seal = (type: RecordType, id: string, document: RecordDocument): Buffer =>
    vault.seal(`${type}/${id}`, JSON.stringify(document))
  const nowhere = { exchange: newId(), connection: newId() }

  return {
    async connection({ name = 'Cerner ADT', settings = {} } = {}) {
      const id = newId()
      await run(
        `insert into connection (practice_id, id, channel, name, settings) values (current_practice(), $1, 'hl7v2', $2, $3)`,
        [id, name, JSON.stringify(settings)],
      )
      return id
    },

    async exchange(options) {
      const {
        id = newId(),
        kind = 'ADT^A08',
        controlId = `C${id}`,
        raw = 'MSH|^~\\&|',
        state = 'applied',
      } = options
      const head: ExchangeHead = {
        controlId,
        sender: 'CERNER|HOSP',
        version: '2.3',
        reply: 'MSA|AA',
        ackCode: options.laterReply === undefined ? 'AA' : null,
      }
      await run(
        `insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, duplicate_of, replay_of,
          size_bytes, remote, sealed_head, sealed_raw)
        values (current_practice(), $1, $2, 'hl7v2', 'in', $3, 0, $4, $5, $6, $7, '10.1.2.3', $8, $9)`,
        [
          id,
          options.connection,
          kind,
          options.mrn === undefined ? null : patientKey(vault, options.mrn),
          options.duplicateOf ?? null,
          options.replayOf ?? null,
          raw.length,
          vault.seal(`exchange/head/${id}`, JSON.stringify(head)),
          vault.seal(`exchange/raw/${id}`, raw),
        ],
      )
      if (options.duplicateOf === undefined) {
        await run(
          'insert into exchange_key (practice_id, control_key, fingerprint, exchange_id) values (current_practice(), $1, $2, $3)',
          [controlKey(vault, controlId), randomBytes(24), id],
        )
      }
      if (state === 'received' || state === 'retrying') {
        await run(
          'insert into job (practice_id, exchange_id, lane, attempts) values (current_practice(), $1, 0, $2)',
          [id, state === 'retrying' ? 1 : 0],
        )
      }
      if (state !== 'received') {
        const effect = options.effect && vault.seal(`exchange/effect/${id}`, JSON.stringify(options.effect))
        await run(
          `insert into exchange_outcome (practice_id, exchange_id, state, error_code, error_place, records, sealed_effect)
          values (current_practice(), $1, $2, $3, $4, $5, $6)`,
          [id, state, options.error?.code, options.error?.place, options.records ?? [], effect],
        )
      }
      if (options.ack) {
        const reply = options.laterReply && vault.seal(`exchange/reply/${id}`, options.laterReply)
        await run(
          'insert into exchange_ack (practice_id, exchange_id, outcome, sealed_reply) values (current_practice(), $1, $2, $3)',
          [id, options.ack, reply],
        )
      }
      return id
    },

    async patient(fields, sets = {}, from = {}) {
      const id = newId()
      const document = documentWith(fields, sets, { ...nowhere, ...from })
      const identifiers = (sets['identifiers'] ?? []) as Identifier[]
      const phones = [fields['phone_home'], fields['phone_mobile']] as (string | undefined)[]
      const tokens = tokensOf(vault, { ...fields, phones, identifiers })
      await run(
        'insert into patient (practice_id, id, version, tokens, sealed) values (current_practice(), $1, 1, $2, $3)',
        [id, tokens.map(String), seal('patient', id, document)],
      )
      for (const identifier of identifiers) {
        await run(
          `insert into record_key (practice_id, key, record_type, record_id) values (current_practice(), $1, 'patient', $2)`,
          [recordKey(vault, 'patient', identifier), id],
        )
      }
      return id
    },

    async encounter(patientId, fields, sets = {}) {
      const id = newId()
      await run(
        `insert into encounter (practice_id, id, patient_id, version, status, sealed)
        values (current_practice(), $1, $2, 1, $3, $4)`,
        [
          id,
          patientId,
          fields['status'] ?? 'in-progress',
          seal('encounter', id, documentWith(fields, sets, nowhere)),
        ],
      )
      return id
    },

    async appointment(patientId, fields) {
      const id = newId()
      await run(
        `insert into appointment (practice_id, id, patient_id, version, status, start_at, end_at, provider_id, location_id, number_key, sealed)
        values (current_practice(), $1, $2, 1, $3, $4, $5, $6, $7, $8, $9)`,
        [
          id,
          patientId,
          fields['status'] ?? 'booked',
          fields['start_time'],
          fields['end_time'],
          fields['provider_id'],
          fields['location_id'],
          appointmentNumberKey(vault, String(fields['external_id'] ?? '')),
          seal('appointment', id, documentWith(fields, {}, nowhere)),
        ],
      )
      return id
    },

    async report(patientId, fields, sets = {}) {
      const id = newId()
      await run(
        `insert into report (practice_id, id, patient_id, version, status, effective_at, sealed)
        values (current_practice(), $1, $2, 1, $3, $4, $5)`,
        [
          id,
          patientId,
          fields['status'] ?? 'final',
          fields['effective_at'],
          seal('report', id, documentWith(fields, sets, nowhere)),
        ],
      )
      return id
    },

    change: (record, exchange, type) =>
      run(
        `insert into record_change (practice_id, record_id, exchange_id, record_type, version)
        values (current_practice(), $1, $2, $3, 1)`,
        [record, exchange, type],
      ),
  }
}
