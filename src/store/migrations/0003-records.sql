-- Practice Studio's records. What a record says is one sealed document with the source of each field; beside it
-- stand only what must be searched by range, and blind indexes.
--
-- The documents change often and their keys never, so the pages keep room for the next version (heap-only update).

create table patient (
  practice_id uuid not null,
  id uuid not null,
  version integer not null,
  active boolean not null default true,
  merged_into uuid,
  -- Keyed hashes of name prefixes, date of birth, phones and identifiers.
  tokens bigint[] not null default '{}',
  sealed bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
) with (fillfactor = 60, toast_tuple_target = 8160);
alter table patient alter column sealed set storage external;
create index patient_tokens on patient using gin (tokens) with (fastupdate = on, gin_pending_list_limit = 8192);
call protect_table('patient', 'select, insert, update');

create table encounter (
  practice_id uuid not null,
  id uuid not null,
  patient_id uuid not null,
  version integer not null,
  status text not null,
  start_at timestamptz,
  end_at timestamptz,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
) with (fillfactor = 60, toast_tuple_target = 8160);
alter table encounter alter column sealed set storage external;
create index encounter_patient on encounter (practice_id, patient_id);
call protect_table('encounter', 'select, insert, update');

create table appointment (
  practice_id uuid not null,
  id uuid not null,
  patient_id uuid,
  version integer not null,
  status text not null,
  start_at timestamptz,
  end_at timestamptz,
  provider_id text,
  location_id text,
  -- Blind: the other side's number, whoever assigned it.
  number_key bytea,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
) with (fillfactor = 70, toast_tuple_target = 8160);
alter table appointment alter column sealed set storage external;
create index appointment_start on appointment (practice_id, start_at);
create index appointment_number on appointment (practice_id, number_key);
create index appointment_patient on appointment (practice_id, patient_id);
call protect_table('appointment', 'select, insert, update');

-- A diagnostic report with its observations inside, since they arrive, are corrected and are read together.
create table report (
  practice_id uuid not null,
  id uuid not null,
  patient_id uuid not null,
  version integer not null,
  status text not null,
  effective_at timestamptz,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
) with (fillfactor = 90, toast_tuple_target = 8160);
alter table report alter column sealed set storage external;
create index report_patient on report (practice_id, patient_id, effective_at);
call protect_table('report', 'select, insert, update');

-- Links: an identifier of the other side (blind) names one of our records.
create table record_key (
  practice_id uuid not null,
  key bytea not null,
  record_type text not null,
  record_id uuid not null,
  primary key (practice_id, key)
);
create index record_key_record on record_key (practice_id, record_id);
call protect_table('record_key', 'select, insert, update, delete');

-- Which exchanges changed a record; what they changed is in exchange_outcome.sealed_effect.
create table record_change (
  practice_id uuid not null,
  record_id uuid not null,
  exchange_id uuid not null,
  record_type text not null,
  version integer not null,
  primary key (practice_id, record_id, exchange_id)
);
call protect_table('record_change', 'select, insert');
