-- The event log, its guards and the positions of its readers.
-- Run with search_path set to the schema being migrated; names are therefore not qualified.

create table events (
  notification_id    bigserial   primary key,
  originator_id      text        not null,
  originator_version bigint      not null check (originator_version > 0),
  topic              text        not null,
  state              bytea       not null,
  recorded_at        timestamptz not null,
  hash               bytea       not null,
  unique (originator_id, originator_version)
);

create table guards (
  kind  text   not null check (kind in ('quota', 'unique', 'fence')),
  scope text   not null,
  used  bigint not null,
  lim   bigint,
  ref   text   not null default '',
  primary key (kind, scope)
);

create table positions (
  name     text   primary key,
  position bigint not null default 0,
  halted   text
);

-- A fact is never edited: not by the application, not by the owner of the table.
create function refuse_edit() returns trigger language plpgsql as $$
begin
  raise exception 'the event log is append-only: % refused', tg_op using errcode = 'LL000';
end $$;

create trigger events_append_only before update or delete or truncate on events
  for each statement execute function refuse_edit();
