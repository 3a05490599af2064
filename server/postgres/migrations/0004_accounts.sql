-- What must never be in an event: credentials (hashed), sealing keys, secret values (encrypted).

create table passwords (
  user_id text primary key,
  hash    text not null,
  set_at  timestamptz not null default now()
);

create table credentials (
  id         text primary key,
  kind       text not null check (kind in ('api', 'session', 'setup')),
  hash       bytea not null unique,
  user_id    text not null,
  team       text not null default '',
  scopes     text[] not null default '{}',
  expires_at timestamptz,
  used_at    timestamptz
);

create table user_keys (
  user_id text primary key,
  key     bytea not null  -- wrapped by the master key
);

create table secret_values (
  team    text   not null,
  user_id text   not null default '',
  name    text   not null,
  number  bigint not null,
  sealed  bytea  not null,
  primary key (team, user_id, name)
);

create table login_failures (
  digest text not null,
  at     timestamptz not null default now()
);
create index login_failures_recent on login_failures (digest, at desc);
