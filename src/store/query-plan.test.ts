import { afterAll, beforeAll, expect, test } from 'vitest'
import { LOCK_AUDIT_HEAD, READ_AUDIT_CHAIN } from './audit.ts'
import {
  FIND_BY_NUMBER,
  LIST_APPOINTMENTS,
  LIST_APPOINTMENTS_OF_PATIENT,
  LIST_SCHEDULE,
  READ_APPOINTMENT,
} from './read-appointments.ts'
import { LIST_AUDIT, LIST_AUDIT_OF_OBJECT } from './read-audit.ts'
import { LIST_CONFLICTS, LIST_CONFLICTS_IN_STATE } from './read-conflicts.ts'
import { LIST_ENCOUNTERS_OF_PATIENT } from './read-encounters.ts'
import { READ_COPIES, READ_EXCHANGE, READ_RAW } from './read-exchange.ts'
import { LIST_EXCHANGES, SCAN_ROWS } from './read-exchanges.ts'
import { FACADE, FACADE_PATIENTS_BY_TOKENS, FACADE_SCHEDULE } from './read-facade.ts'
import { READ_HISTORY } from './read-history.ts'
import {
  COUNT_APPOINTMENTS_OF_DAY,
  COUNT_OPEN_ERRORS,
  COUNT_RECEIVED_SINCE,
  COUNT_REPORTS_SINCE,
  READ_FLOW,
} from './read-metrics.ts'
import { FIND_OPEN_CONFLICT } from './conflicts.ts'
import { READ_FAR } from './far-records.ts'
import { FIND_OPEN, LEASE_DUE, LOCK_OPEN, NEXT_DUE, READ_OUTBOX } from './outbox.ts'
import { FIND_OVERLAP } from './outbox-records.ts'
import { LIST_PATIENTS, READ_PATIENT, SEARCH_PATIENTS } from './read-patients.ts'
import { LIST_REPORTS_OF_PATIENT } from './read-reports.ts'
import { LARGEST_ID, SMALLEST_ID, idAt } from './reading.ts'
import type { Statement } from './reading.ts'
import { TEST_PRACTICE_ID, openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'
import { FIND_SESSION, FIND_TOKEN } from './tokens.ts'

let store: TestDatabase
/** Tables and partitions with rows in them; an empty one is read in no time whatever the plan. */
let large: Set<string>

beforeAll(async () => {
  store = await openTestDatabase()
  await fill(store)
  const filled = await store.asOwner<{ relname: string }>(
    'select relname from pg_class where reltuples > 100',
  )
  large = new Set(filled.map((row) => row.relname))
})
afterAll(() => store[Symbol.asyncDispose]())

/** Enough rows that a planner with a choice would show it. What is in them does not matter to a plan. */
async function fill({ asOwner }: TestDatabase): Promise<void> {
  const practice = `(select practice_id from practice)`
  const at = `uuid_at('${new Date().toISOString()}'::timestamptz - n * interval '1 second')`
  const some = (count: number): string => `generate_series(1, ${count}) n`
  const bytes = `'\\x00'::bytea`
  const statements = [
    `insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, duplicate_of, size_bytes, sealed_head, sealed_raw)
     select ${practice}, ${at}, gen_random_uuid(), 'hl7v2', 'in', 'ADT^A08', 0, substring(sha256(n::text::bytea) for 8),
       case when n % 50 = 0 then gen_random_uuid() end, 1, ${bytes}, ${bytes} from ${some(20000)}`,
    `insert into exchange_key select ${practice}, sha256(n::text::bytea), ${bytes}, ${at} from ${some(20000)}`,
    `insert into exchange_outcome (practice_id, exchange_id, state, error_code)
     select ${practice}, ${at}, case when n % 100 = 0 then 'parked' else 'applied' end, case when n % 100 = 0 then 'INTERNAL' end from ${some(20000)}`,
    `insert into exchange_ack select ${practice}, ${at}, 'sent' from ${some(20000)}`,
    `insert into job select ${practice}, ${at}, 0 from ${some(2000)}`,
    `insert into record_key select ${practice}, sha256(n::text::bytea), 'appointment', ${at} from ${some(20000)}`,
    `insert into record_change select ${practice}, uuid_at(now() - (n % 500) * interval '1 hour'), ${at}, 'patient', 1 from ${some(20000)}`,
    `insert into patient (practice_id, id, version, tokens, sealed) select ${practice}, ${at}, 1, array[n % 900, n + 1000], ${bytes} from ${some(20000)}`,
    `insert into encounter (practice_id, id, patient_id, version, status, sealed) select ${practice}, ${at}, gen_random_uuid(), 1, '', ${bytes} from ${some(5000)}`,
    `insert into appointment (practice_id, id, patient_id, version, status, start_at, sealed)
     select ${practice}, ${at}, gen_random_uuid(), 1, 'booked', now() + (n - 5000) * interval '10 minutes', ${bytes} from ${some(10000)}`,
    `insert into report (practice_id, id, patient_id, version, status, sealed) select ${practice}, ${at}, gen_random_uuid(), 1, '', ${bytes} from ${some(10000)}`,
    `insert into flow_minute (practice_id, minute, connection_id, direction, kind) select ${practice}, now() - n * interval '1 minute', gen_random_uuid(), 'in', '' from ${some(10000)}`,
    `insert into audit select ${practice}, n, now(), '', '', '', 'patient/' || n % 500, '{}', ${bytes}, ${bytes} from ${some(10000)}`,
    `insert into api_token select ${practice}, ${at}, '', '', sha256(n::text::bytea) from ${some(2000)}`,
    `insert into session (practice_id, id, hash, role, name, expires_at) select ${practice}, ${at}, sha256(n::text::bytea), '', '', now() from ${some(2000)}`,
    `insert into document (practice_id, id, patient_id, version, status, sealed) select ${practice}, ${at}, gen_random_uuid(), 1, '', ${bytes} from ${some(5000)}`,
    `insert into far_record (practice_id, connection_id, key, type, content, sealed_id, exchange_id)
     select ${practice}, gen_random_uuid(), sha256(n::text::bytea), 'Patient', ${bytes}, ${bytes}, ${at} from ${some(5000)}`,
    `insert into outbox (practice_id, exchange_id, connection_id, action, record_type, record_id, natural_key, sealed_intent, state, due_at)
     select ${practice}, ${at}, gen_random_uuid(), 'book', 'appointment', gen_random_uuid(), sha256(n::text::bytea), ${bytes},
       case when n % 10 = 0 then 'queued' else 'parked' end, now() + n * interval '1 minute' from ${some(5000)}`,
    `insert into conflict (practice_id, id, connection_id, record_type, record_id, exchange_id, fields, sealed_sides, state)
     select ${practice}, ${at}, gen_random_uuid(), 'appointment', gen_random_uuid(), gen_random_uuid(), '{}', ${bytes},
       case when n % 100 = 0 then 'open' else 'resolved' end from ${some(5000)}`,
    'analyze',
  ]
  for (const statement of statements) await asOwner(statement)
}

interface PlanNode {
  'Node Type': string
  'Index Name'?: string
  'Relation Name'?: string
  Plans?: PlanNode[]
}

/** As the application role sees it: row-level security is part of the plan. */
async function planOf({ text }: { text: string }, values: unknown[]): Promise<PlanNode[]> {
  const { rows } = await store.database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (format json) ${text}`,
    values,
  )
  const nodes: PlanNode[] = []
  const walk = (node: PlanNode): void => {
    nodes.push(node)
    node.Plans?.forEach(walk)
  }
  walk((rows[0] as { 'QUERY PLAN': [{ Plan: PlanNode }] })['QUERY PLAN'][0].Plan)
  return nodes
}

/** Names of the indexes, a partition's index by the table it belongs to: `exchange_202603_pkey` is `exchange_pkey`. */
const indexesIn = (nodes: readonly PlanNode[]): string[] =>
  [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].map((name) =>
    name.replace(/_(\d{6}|default)_/, '_'),
  )

// In the partition of this month, where the rows are.
const ID = idAt(new Date().toISOString(), 'now')
const BYTES = Buffer.alloc(16)
const NO_FILTER = [51, null, null, null, null, null]
const span = (key: unknown) => [SMALLEST_ID, LARGEST_ID, SCAN_ROWS, key, ...NO_FILTER]
const NO_APPOINTMENT_FILTER = [51, null, null, null, null]

const named = (name: string, text: string): Statement => ({ name, text })

// prettier-ignore
const HOT: [Statement, unknown[], string][] = [
  [LIST_EXCHANGES.all,           span(null),                                    'exchange_pkey'],
  [LIST_EXCHANGES.control,       span(BYTES),                                   'exchange_key_pkey'],
  [LIST_EXCHANGES.record,        span(ID),                                      'record_change_pkey'],
  [LIST_EXCHANGES.patient,       span([BYTES.subarray(8)]),                     'exchange_practice_id_patient_key_id_idx'],
  [LIST_EXCHANGES.error,         span('INTERNAL'),                              'exchange_outcome_practice_id_error_code_exchange_id_idx'],
  [LIST_EXCHANGES.state,         span('parked'),                                'exchange_outcome_practice_id_state_exchange_id_idx'],
  [LIST_EXCHANGES.waiting,       span(null),                                    'job_pkey'],
  [READ_EXCHANGE,                [ID],                                          'exchange_pkey'],
  [READ_RAW,                     [ID],                                          'exchange_pkey'],
  [READ_COPIES,                  [ID],                                          'exchange_practice_id_duplicate_of_idx'],
  [READ_HISTORY,                 [ID, LARGEST_ID, 51],                          'record_change_pkey'],
  [LIST_PATIENTS,                [LARGEST_ID, 51],                              'patient_pkey'],
  [SEARCH_PATIENTS,              ['{1}', LARGEST_ID, 51],                       'patient_pkey'],
  [READ_PATIENT,                 [ID],                                          'patient_pkey'],
  [LIST_ENCOUNTERS_OF_PATIENT,   [LARGEST_ID, 51, ID],                          'encounter_patient'],
  [LIST_APPOINTMENTS,            [LARGEST_ID, ...NO_APPOINTMENT_FILTER],        'appointment_pkey'],
  [LIST_APPOINTMENTS_OF_PATIENT, [LARGEST_ID, 51, ID, null, null, null],        'appointment_patient'],
  [LIST_SCHEDULE,                [null, ...NO_APPOINTMENT_FILTER, '2026-03-04T00:00:00Z', '2026-03-05T00:00:00Z'], 'appointment_start'],
  [FIND_BY_NUMBER,               [BYTES],                                       'appointment_number'],
  [READ_APPOINTMENT,             [ID],                                          'appointment_pkey'],
  [LIST_REPORTS_OF_PATIENT,      [LARGEST_ID, 51, ID],                          'report_patient'],
  [COUNT_OPEN_ERRORS,            [],                                            'exchange_outcome_practice_id_state_exchange_id_idx'],
  [COUNT_RECEIVED_SINCE,         [new Date()],                                  'exchange_pkey'],
  [COUNT_APPOINTMENTS_OF_DAY,    ['2026-03-04T00:00:00Z', '2026-03-05T00:00:00Z'], 'appointment_start'],
  [COUNT_REPORTS_SINCE,          [new Date()],                                  'report_pkey'],
  [READ_FLOW,                    [new Date(), 60],                              'flow_minute_pkey'],
  [LIST_AUDIT,                   [5000, 51, null, null, null, null, 1000],      'audit_pkey'],
  [LIST_AUDIT_OF_OBJECT,         [5000, 51, null, null, null, null, 'patient/1'], 'audit_object'],
  [READ_AUDIT_CHAIN,             [100, 1000],                                   'audit_pkey'],
  [LOCK_AUDIT_HEAD,              [],                                            'audit_head_pkey'],
  [named('find-open', FIND_OPEN),           [[ID], '{}'],                       'outbox_record'],
  [named('natural key', FIND_OPEN),         [[ID], '{"\\\\x00"}'],              'outbox_natural'],
  [named('lock-open', LOCK_OPEN),           [[ID]],                             'outbox_record'],
  [named('read-outbox', READ_OUTBOX),       [ID],                               'outbox_pkey'],
  [named('lease-due', LEASE_DUE),           [ID, '60 seconds', 4, []],          'outbox_due'],
  [named('next-due', NEXT_DUE),             [[]],                               'outbox_due'],
  [named('find-conflict', FIND_OPEN_CONFLICT), [ID],                            'conflict_exchange'],
  [named('read-far', READ_FAR),             [ID, BYTES],                        'far_record_pkey'],
  [FIND_OVERLAP,                 [ID, null, new Date(), new Date(), ['booked']], 'appointment_patient'],
  [LIST_CONFLICTS,               [LARGEST_ID, 51, null, null, null, null],      'conflict_pkey'],
  [LIST_CONFLICTS_IN_STATE,      [LARGEST_ID, 51, 'open', null, null, null],    'conflict_open'],
  [FACADE.patient.all,           [LARGEST_ID, 51],                              'patient_pkey'],
  [FACADE.appointment.all,       [LARGEST_ID, 51],                              'appointment_pkey'],
  [FACADE.appointment.ofPatient, [LARGEST_ID, 51, ID],                          'appointment_patient'],
  [FACADE.encounter.ofPatient,   [LARGEST_ID, 51, ID],                          'encounter_patient'],
  [FACADE.report.ofPatient,      [LARGEST_ID, 51, ID],                          'report_patient'],
  [FACADE.document.ofPatient,    [LARGEST_ID, 51, ID],                          'document_patient'],
  [FACADE.report.byIds,          [LARGEST_ID, 51, [ID]],                        'report_pkey'],
  [FACADE_SCHEDULE,              [LARGEST_ID, 51, '2026-03-04T00:00:00Z', '2026-03-05T00:00:00Z', null], 'appointment_start'],
  [FACADE_PATIENTS_BY_TOKENS,    [LARGEST_ID, 51, '{1}'],                       'patient_pkey'],
  [FIND_TOKEN,                   [BYTES, new Date()],                           'api_token_hash'],
  [FIND_SESSION,                 [BYTES, new Date()],                           'session_hash'],
]

test.each(HOT.map(([statement, values, index]) => ({ name: statement.name, statement, values, index })))(
  '$name uses $index and reads no table from end to end',
  async ({ statement, values, index }) => {
    const nodes = await planOf(statement, values)
    const scanned = nodes
      .filter((node) => node['Node Type'] === 'Seq Scan')
      .map((node) => node['Relation Name'] ?? '')
    expect(scanned.filter((table) => large.has(table))).toEqual([])
    if (statement !== LOCK_AUDIT_HEAD) expect(indexesIn(nodes)).toContain(index)
  },
)

test('the search for patients uses the index of tokens inside its function', async () => {
  const [definition] = await store.asOwner<{ body: string }>(
    `select pg_get_functiondef('find_patients'::regproc) as body`,
  )
  const body = /BEGIN ATOMIC(.*);\s*END/s.exec(definition?.body ?? '')?.[1] ?? ''
  const values: Record<string, string> = {
    wanted: `'{1}'::bigint[]`,
    before: `'${LARGEST_ID}'::uuid`,
    most: '51',
  }
  const query = body.replaceAll(
    /(?:find_patients\.)?\b(wanted|before|most)\b/g,
    (_, name: string) => values[name] ?? '',
  )
  const rows = await store.asOwner<{ 'QUERY PLAN': string }>(
    `explain ${query.replace('current_practice()', `'${TEST_PRACTICE_ID}'::uuid`)}`,
  )
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('patient_tokens')
})

test('without the function row-level security keeps a search off the index of tokens', async () => {
  const nodes = await planOf({ text: 'select id from patient where tokens @> $1::bigint[]' }, ['{1}'])
  expect(indexesIn(nodes)).not.toContain('patient_tokens')
})
