-- Data keys, wrapped by the master key that stays outside the database (src/vault/key-ring.ts). They live beside
-- the data they seal, so that engines sharing this database share them too, and a backup holds all but the master.

create table data_key (
  practice_id uuid not null,
  key_id bigint not null check (key_id between 1 and 4294967295),
  -- 'seal' keys rotate and all stay readable; the one 'index' key stays, or blind indexes would stop matching.
  purpose text not null check (purpose in ('seal', 'index')),
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  -- A rotated key is used a little after it is made, when every engine has had time to read it.
  active_from timestamptz not null default now(),
  primary key (practice_id, key_id)
);
create unique index data_key_index on data_key (practice_id) where purpose = 'index';
call protect_table('data_key', 'select, insert, update');
