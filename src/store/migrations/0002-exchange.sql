-- The exchange log (DESIGN §6). It only grows: one row per arrival, one row for what became of it, so that a busy
-- day leaves nothing to vacuum but the jobs. Ids are UUIDv7, so ranges of ids are ranges of time, and the log is
-- partitioned by month on the id itself.

create function uuid_at(at timestamptz) returns uuid language sql immutable parallel safe
  return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

create table exchange (
  practice_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  channel text not null,
  direction text not null check (direction in ('in', 'out')),
  kind text not null,
  lane smallint not null,
  -- Blind: names the patient to who holds the key, and nothing to who does not.
  patient_key bytea,
  duplicate_of uuid,
  replay_of uuid,
  -- The batch frame that carried it (hl7-v2.md §3.3).
  parent_id uuid,
  size_bytes integer not null,
  remote text not null default '',
  -- Control id, sender, and the reply that was given.
  sealed_head bytea not null,
  sealed_raw bytea not null,
  primary key (practice_id, id)
) partition by range (id);
create index exchange_patient on exchange (practice_id, patient_key, id) where patient_key is not null;
create index exchange_duplicate on exchange (practice_id, duplicate_of) where duplicate_of is not null;
create index exchange_replay on exchange (practice_id, replay_of) where replay_of is not null;
create table exchange_default partition of exchange default;
call protect_table('exchange', 'select, insert');

-- One row per distinct message: same key and fingerprint is a repeat, same key alone is a reused control id.
create table exchange_key (
  practice_id uuid not null,
  control_key bytea not null,
  fingerprint bytea not null,
  exchange_id uuid not null,
  primary key (practice_id, control_key, fingerprint)
);
call protect_table('exchange_key', 'select, insert, delete');

create table exchange_outcome (
  practice_id uuid not null,
  exchange_id uuid not null,
  state text not null check (state in ('applied', 'ignored', 'retrying', 'parked', 'duplicate', 'resolved')),
  at timestamptz not null default now(),
  attempts smallint not null default 1,
  error_code text,
  error_place text,
  -- 'patient/<uuid>', 'encounter/<uuid>' …
  records text[] not null default '{}',
  -- Field by field what it did, and what was odd about it.
  sealed_effect bytea,
  primary key (practice_id, exchange_id)
) partition by range (exchange_id);
create index exchange_outcome_state on exchange_outcome (practice_id, state, exchange_id) where state <> 'applied';
create index exchange_outcome_error on exchange_outcome (practice_id, error_code, exchange_id) where error_code is not null;
create table exchange_outcome_default partition of exchange_outcome default;
call protect_table('exchange_outcome', 'select, insert, update');

-- Whether the sender heard back: a fact apart from what became of the message.
create table exchange_ack (
  practice_id uuid not null,
  exchange_id uuid not null,
  outcome text not null check (outcome in ('sent', 'unsent')),
  at timestamptz not null default now(),
  -- The reply, where it was decided after the exchange was stored (ack_mode on_apply).
  sealed_reply bytea,
  primary key (practice_id, exchange_id)
) partition by range (exchange_id);
create table exchange_ack_default partition of exchange_ack default;
call protect_table('exchange_ack', 'select, insert');

-- Rare events of an exchange's life: retries, replays, decisions. The common ones are read from the rows above.
create table exchange_event (
  practice_id uuid not null,
  exchange_id uuid not null,
  id uuid not null,
  event text not null,
  actor text not null,
  detail jsonb not null default '{}',
  primary key (practice_id, exchange_id, id)
);
call protect_table('exchange_event', 'select, insert');

-- Makes the monthly partitions from the given month on. Called at start and each night; owned by the owner of the
-- tables because the application role may not create any.
create function ensure_exchange_partitions(first_month date, months integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  month date;
  parent text;
  child text;
begin
  perform pg_advisory_xact_lock(7301);
  for i in 0 .. months - 1 loop
    month := date_trunc('month', first_month) + make_interval(months => i);
    foreach parent in array array['exchange', 'exchange_outcome', 'exchange_ack'] loop
      child := parent || '_' || to_char(month, 'YYYYMM');
      if to_regclass(child) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
          uuid_at(month::timestamp at time zone 'UTC'), uuid_at((month + interval '1 month')::timestamp at time zone 'UTC'));
      end if;
    end loop;
  end loop;
end $$;
grant execute on function ensure_exchange_partitions to practice_studio_app;
select ensure_exchange_partitions(current_date - 31, 4);

-- Work owed for an exchange. A row lives from acceptance until the exchange reaches its end.
create table job (
  practice_id uuid not null,
  exchange_id uuid not null,
  lane smallint not null,
  order_key bytea,
  attempts smallint not null default 0,
  due_at timestamptz not null default now(),
  primary key (practice_id, exchange_id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 1);
call protect_table('job', 'select, insert, update, delete');

-- Lanes are leased to engine processes; a lease that was not renewed in time goes to another.
create table lane_lease (
  practice_id uuid not null,
  lane smallint not null,
  owner uuid,
  expires_at timestamptz not null default '-infinity',
  primary key (practice_id, lane)
) with (fillfactor = 50);
call protect_table('lane_lease', 'select, insert, update');

create table worker (
  practice_id uuid not null,
  id uuid not null,
  seen_at timestamptz not null default now(),
  primary key (practice_id, id)
);
call protect_table('worker', 'select, insert, update, delete');

-- Counts by minute, written by each process once a second, behind the live pictures.
create table flow_minute (
  practice_id uuid not null,
  minute timestamptz not null,
  connection_id uuid not null,
  direction text not null,
  kind text not null,
  received integer not null default 0,
  applied integer not null default 0,
  ignored integer not null default 0,
  parked integer not null default 0,
  duplicate integer not null default 0,
  retried integer not null default 0,
  bytes bigint not null default 0,
  -- From acceptance to applied, summed and worst, in milliseconds.
  delay_ms bigint not null default 0,
  delay_max_ms integer not null default 0,
  primary key (practice_id, minute, connection_id, direction, kind)
) with (fillfactor = 70);
call protect_table('flow_minute', 'select, insert, update, delete');
