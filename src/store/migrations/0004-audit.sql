-- The audit trail. Each row carries the hash of the one before, so that a row changed or taken out shows. The
-- application role may add and read, and nothing else.

create table audit (
  practice_id uuid not null,
  seq bigint not null,
  at timestamptz not null,
  actor text not null,
  role text not null,
  action text not null,
  object text not null,
  detail jsonb not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (practice_id, seq)
);
create index audit_object on audit (practice_id, object, seq);
call protect_table('audit', 'select, insert');

create table audit_head (
  practice_id uuid primary key,
  seq bigint not null,
  hash bytea not null
);
call protect_table('audit_head', 'select, insert, update');
