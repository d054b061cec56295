-- FHIR and Millennium web services: what the other side has, what we owe it, and where the two differ.

alter table exchange_outcome drop constraint exchange_outcome_state_check;
alter table exchange_outcome add constraint exchange_outcome_state_check check (state in (
  'applied', 'ignored', 'retrying', 'parked', 'duplicate', 'resolved',
  'queued', 'sent', 'accepted', 'ambiguous', 'cancelled'));

-- A clinical document; its content stands in document_content.
create table document (
  practice_id uuid not null,
  id uuid not null,
  patient_id uuid not null,
  version integer not null,
  status text not null,
  created_on timestamptz,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
) with (fillfactor = 90, toast_tuple_target = 8160);
alter table document alter column sealed set storage external;
create index document_patient on document (practice_id, patient_id, created_on);
call protect_table('document', 'select, insert, update');

create table document_content (
  practice_id uuid not null,
  document_id uuid not null,
  media_type text not null,
  size_bytes integer not null,
  sealed bytea not null,
  fetched_at timestamptz not null default now(),
  primary key (practice_id, document_id)
);
alter table document_content alter column sealed set storage external;
call protect_table('document_content', 'select, insert, update, delete');

-- Practitioners, locations and organizations, which records point at. Nothing of a patient stands here.
create table directory_entry (
  practice_id uuid not null,
  connection_id uuid not null,
  kind text not null check (kind in ('practitioner', 'location', 'organization')),
  id text not null,
  name text not null,
  active boolean not null default true,
  detail jsonb not null default '{}',
  exchange_id uuid,
  updated_at timestamptz not null default now(),
  primary key (practice_id, connection_id, kind, id)
);
call protect_table('directory_entry', 'select, insert, update, delete');

-- The last version of each resource of the other side: what a repeat is told by, what If-Match is made of, and what
-- our own echo is known by.
create table far_record (
  practice_id uuid not null,
  connection_id uuid not null,
  -- Blind: type and logical id.
  key bytea not null,
  type text not null,
  -- The ETag or meta.versionId, opaque; null when the resource has none.
  version text,
  -- When this version was made there (meta.lastUpdated, Last-Modified): a lagging search must not bring older news.
  as_of timestamptz,
  -- Blind: the content; empty where we wrote it and have not read it back.
  content bytea not null,
  sealed_id bytea not null,
  -- Blind patient of a record of the chart; of a Patient its own.
  patient_key bytea,
  -- The exchange that brought this version, or that wrote it.
  exchange_id uuid not null,
  -- Patients: the chart was read up to here. Null: never.
  pulled_at timestamptz,
  -- The last full compare that saw it.
  seen_run uuid,
  updated_at timestamptz not null default now(),
  primary key (practice_id, connection_id, key)
) with (fillfactor = 80);
create index far_record_type on far_record (practice_id, connection_id, type, key);
call protect_table('far_record', 'select, insert, update, delete');

-- One pull, from its start to its end; taken over by another process when its holder dies.
create table sync_run (
  practice_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  kind text not null check (kind in ('delta', 'full', 'bulk', 'compare')),
  resources text[] not null default '{}',
  state text not null default 'running' check (state in ('running', 'done', 'failed', 'stopped')),
  asked_by text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  owner uuid,
  lease_until timestamptz not null default '-infinity',
  stop_asked boolean not null default false,
  -- By step: done, total, seen, changed, calls.
  progress jsonb not null default '{}',
  -- Where a step goes on: bulk job address, window.
  resume jsonb not null default '{}',
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  error_code text,
  error_place text,
  primary key (practice_id, id)
);
create index sync_run_recent on sync_run (practice_id, connection_id, started_at);
create index sync_run_open on sync_run (practice_id, due_at) where state = 'running';
call protect_table('sync_run', 'select, insert, update, delete');

-- How far each resource was pulled, and when it is due again.
create table sync_cursor (
  practice_id uuid not null,
  connection_id uuid not null,
  resource text not null,
  pulled_to timestamptz,
  next_at timestamptz not null default now(),
  primary key (practice_id, connection_id, resource)
);
call protect_table('sync_cursor', 'select, insert, update, delete');

-- What a full compare found; the values are sealed.
create table drift_report (
  practice_id uuid not null,
  id uuid not null,
  run_id uuid not null,
  connection_id uuid not null,
  at timestamptz not null default now(),
  counts jsonb not null,
  sealed_items bytea not null,
  primary key (practice_id, id)
);
create index drift_report_recent on drift_report (practice_id, connection_id, at);
call protect_table('drift_report', 'select, insert, delete');

-- The one token of a connection and purpose, shared by all processes.
create table access_token (
  practice_id uuid not null,
  connection_id uuid not null,
  purpose text not null,
  version integer not null default 0,
  sealed bytea,
  asked_scope text not null default '',
  scope text not null default '',
  obtained_at timestamptz,
  expires_at timestamptz not null default '-infinity',
  -- One process renews; the others go on with what they have, or wait.
  renewing_by uuid,
  renewing_until timestamptz not null default '-infinity',
  error_code text,
  primary key (practice_id, connection_id, purpose)
);
call protect_table('access_token', 'select, insert, update, delete');

-- Facts about the other side as last seen: metadata, well-known, last connectivity test.
create table connection_fact (
  practice_id uuid not null,
  connection_id uuid not null,
  name text not null,
  value jsonb not null,
  at timestamptz not null default now(),
  primary key (practice_id, connection_id, name)
);
call protect_table('connection_fact', 'select, insert, update, delete');

-- What we owe the other side. A row lives from the change until Cerner has it, or a person has decided.
create table outbox (
  practice_id uuid not null,
  exchange_id uuid not null,
  connection_id uuid not null,
  action text not null,
  record_type text not null,
  record_id uuid not null,
  patient_id uuid,
  -- Fields that this change sets, by name: while it is open, news about them is a conflict, not an update.
  fields text[] not null default '{}',
  -- The version of the other side that the change was made on.
  base_version text,
  -- Blind: patient and start of a booking that has no number yet, so that its echo is known.
  natural_key bytea,
  -- What to send and what it was before, by field.
  sealed_intent bytea not null,
  state text not null default 'queued' check (state in ('queued', 'sent', 'ambiguous', 'parked')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  owner uuid,
  lease_until timestamptz not null default '-infinity',
  -- Set before the call leaves, so that a crash leaves a trace of what may have happened.
  sent_at timestamptz,
  primary key (practice_id, exchange_id)
);
create index outbox_record on outbox (practice_id, record_id, exchange_id);
create index outbox_due on outbox (practice_id, due_at) where state <> 'parked';
create index outbox_natural on outbox (practice_id, natural_key) where natural_key is not null;
call protect_table('outbox', 'select, insert, update, delete');

-- Both sides changed the same field, and the rule says ask.
create table conflict (
  practice_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  record_type text not null,
  record_id uuid not null,
  patient_id uuid,
  -- Our change that waits, and the news that met it.
  exchange_id uuid not null,
  far_exchange_id uuid,
  fields text[] not null,
  -- By field: before, ours, theirs, with times and authors.
  sealed_sides bytea not null,
  far_version text,
  state text not null default 'open' check (state in ('open', 'resolved')),
  choice text check (choice in ('studio', 'cerner')),
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolved_by text,
  primary key (practice_id, id)
);
create index conflict_open on conflict (practice_id, state, id);
create index conflict_record on conflict (practice_id, record_id);
create unique index conflict_exchange on conflict (practice_id, exchange_id) where state = 'open';
call protect_table('conflict', 'select, insert, update');

-- SMART: a launch under way, and a session that stands on one.
create table smart_launch (
  practice_id uuid not null,
  id uuid not null,
  connection_id uuid not null,
  state_hash bytea not null,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (practice_id, id)
);
create unique index smart_launch_state on smart_launch (practice_id, state_hash);
call protect_table('smart_launch', 'select, insert, update, delete');

create table smart_session (
  practice_id uuid not null,
  -- The console session that the launch opened.
  session_id uuid not null,
  connection_id uuid not null,
  patient_id uuid,
  sealed bytea not null,
  scope text not null default '',
  expires_at timestamptz not null,
  ended_at timestamptz,
  primary key (practice_id, session_id)
);
call protect_table('smart_session', 'select, insert, update, delete');
