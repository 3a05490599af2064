-- Where a session came from, told to its person alone; one-time links with what they carry, sealed.
alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check check (
  kind in ('api', 'session', 'invitation', 'reset', 'sign-in', 'verify', 'register', 'oidc', 'cli')
);
alter table credentials add column opened_at timestamptz not null default now();
alter table credentials add column agent text not null default '';
alter table credentials add column address text not null default '';
alter table credentials add column payload bytea;
create index credentials_of_user on credentials (user_id, kind);
create index credentials_expiry on credentials (expires_at);
create index login_failures_age on login_failures (at);
