import type { ColumnType, Generated } from 'kysely'

/** The tables as Kysely sees them; migrations/*.sql is the truth. Timestamps are read as ISO strings. */
type Timestamp = ColumnType<string, string | Date | undefined, string | Date>

export interface Schema {
  practice: {
    practice_id: string
    name: string
    country: string
    time_zone: string
    created_at: Timestamp
  }
  data_key: {
    practice_id: string
    key_id: string
    purpose: 'seal' | 'index'
    wrapped: Buffer
    is_current: boolean
    created_at: Timestamp
  }
  connection: {
    practice_id: string
    id: string
    channel: string
    name: string
    enabled: Generated<boolean>
    settings: ColumnType<Record<string, unknown>, string, string>
    sealed_secrets: Buffer | null
    version: Generated<number>
    created_at: Timestamp
    updated_at: Timestamp
  }
  api_token: {
    practice_id: string
    id: string
    name: string
    role: string
    hash: Buffer
    created_at: Timestamp
    expires_at: ColumnType<string | null, string | Date | null, string | Date | null>
    revoked_at: ColumnType<string | null, string | Date | null | undefined, string | Date | null>
  }
  session: {
    practice_id: string
    id: string
    hash: Buffer
    role: string
    name: string
    link_hash: Buffer | null
    created_at: Timestamp
    expires_at: ColumnType<string, string | Date, string | Date>
  }
  exchange: {
    practice_id: string
    id: string
    connection_id: string
    channel: string
    direction: 'in' | 'out'
    kind: string
    lane: number
    patient_key: Buffer | null
    duplicate_of: string | null
    replay_of: string | null
    parent_id: string | null
    size_bytes: number
    remote: string
    sealed_head: Buffer
    sealed_raw: Buffer
  }
  exchange_key: { practice_id: string; control_key: Buffer; fingerprint: Buffer; exchange_id: string }
  exchange_outcome: {
    practice_id: string
    exchange_id: string
    state: 'applied' | 'ignored' | 'retrying' | 'parked' | 'duplicate' | 'resolved'
    at: Timestamp
    attempts: Generated<number>
    error_code: string | null
    error_place: string | null
    records: Generated<string[]>
    sealed_effect: Buffer | null
  }
  exchange_ack: {
    practice_id: string
    exchange_id: string
    outcome: 'sent' | 'unsent'
    at: Timestamp
    sealed_reply: Buffer | null
  }
  exchange_event: {
    practice_id: string
    exchange_id: string
    id: string
    event: string
    actor: string
    detail: ColumnType<Record<string, unknown>, string, string>
  }
  job: {
    practice_id: string
    exchange_id: string
    lane: number
    order_key: Buffer | null
    attempts: Generated<number>
    due_at: Timestamp
  }
  lane_lease: { practice_id: string; lane: number; owner: string | null; expires_at: Timestamp }
  worker: { practice_id: string; id: string; seen_at: Timestamp }
  flow_minute: {
    practice_id: string
    minute: Timestamp
    connection_id: string
    direction: string
    kind: string
    received: Generated<number>
    applied: Generated<number>
    ignored: Generated<number>
    parked: Generated<number>
    duplicate: Generated<number>
    retried: Generated<number>
    bytes: Generated<string>
    delay_ms: Generated<string>
    delay_max_ms: Generated<number>
  }
  patient: {
    practice_id: string
    id: string
    version: number
    active: Generated<boolean>
    merged_into: string | null
    tokens: string[]
    sealed: Buffer
    created_at: Timestamp
    updated_at: Timestamp
  }
  encounter: {
    practice_id: string
    id: string
    patient_id: string
    version: number
    status: string
    start_at: ColumnType<string | null, string | null, string | null>
    end_at: ColumnType<string | null, string | null, string | null>
    sealed: Buffer
    created_at: Timestamp
    updated_at: Timestamp
  }
  appointment: {
    practice_id: string
    id: string
    patient_id: string | null
    version: number
    status: string
    start_at: ColumnType<string | null, string | null, string | null>
    end_at: ColumnType<string | null, string | null, string | null>
    provider_id: string | null
    location_id: string | null
    number_key: Buffer | null
    sealed: Buffer
    created_at: Timestamp
    updated_at: Timestamp
  }
  report: {
    practice_id: string
    id: string
    patient_id: string
    version: number
    status: string
    effective_at: ColumnType<string | null, string | null, string | null>
    sealed: Buffer
    created_at: Timestamp
    updated_at: Timestamp
  }
  record_key: { practice_id: string; key: Buffer; record_type: string; record_id: string }
  record_change: {
    practice_id: string
    record_id: string
    exchange_id: string
    record_type: string
    version: number
  }
  audit: {
    practice_id: string
    seq: string
    at: Timestamp
    actor: string
    role: string
    action: string
    object: string
    detail: ColumnType<Record<string, unknown>, string, string>
    previous_hash: Buffer
    hash: Buffer
  }
  audit_head: { practice_id: string; seq: string; hash: Buffer }
}
