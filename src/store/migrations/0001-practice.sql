-- Practices, their connections, and who may come in. Every table starts with practice_id and keeps to it by
-- row-level security: the application role sees the rows of the practice its connection was opened for.

do $$ begin
  if not exists (select from pg_roles where rolname = 'practice_studio_app') then
    create role practice_studio_app nologin;
  end if;
end $$;
grant practice_studio_app to current_user;
grant usage on schema public to practice_studio_app;

create function current_practice() returns uuid language sql stable parallel safe
  return nullif(current_setting('practice_studio.practice_id', true), '')::uuid;

-- Puts a table under row-level security and opens it to the application role.
create procedure protect_table(name regclass, rights text) language plpgsql as $$ begin
  execute format('alter table %s enable row level security', name);
  execute format('create policy practice on %s using (practice_id = (select current_practice())) with check (practice_id = current_practice())', name);
  execute format('grant %s on %s to practice_studio_app', rights, name);
end $$;

create table practice (
  practice_id uuid primary key,
  name text not null,
  country text not null,
  time_zone text not null,
  created_at timestamptz not null default now()
);
call protect_table('practice', 'select, insert, update');

create table connection (
  practice_id uuid not null references practice,
  id uuid not null,
  channel text not null,
  name text not null,
  enabled boolean not null default true,
  -- Settings without secrets; secrets are sealed beside them.
  settings jsonb not null default '{}',
  sealed_secrets bytea,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (practice_id, id)
);
call protect_table('connection', 'select, insert, update');

create table api_token (
  practice_id uuid not null references practice,
  id uuid not null,
  name text not null,
  role text not null,
  -- SHA-256 of the token; the token itself is shown once and never kept.
  hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  primary key (practice_id, id)
);
create unique index api_token_hash on api_token (practice_id, hash);
call protect_table('api_token', 'select, insert, update');

create table session (
  practice_id uuid not null references practice,
  id uuid not null,
  hash bytea not null,
  role text not null,
  name text not null,
  -- A log-in link is a session that has not begun: it is used once, and then becomes one.
  link_hash bytea,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (practice_id, id)
);
create unique index session_hash on session (practice_id, hash);
create unique index session_link_hash on session (practice_id, link_hash) where link_hash is not null;
call protect_table('session', 'select, insert, update, delete');
