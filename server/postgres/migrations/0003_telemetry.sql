-- What streams from nodes: log segments, metric chunks, progress, and how far each journal is applied.
-- Telemetry, not facts: pruned by age, never replayed.

create table journal_offsets (
  job      text   not null,
  attempt  int    not null,
  node     int    not null,
  stream   text   not null,
  position bigint not null,
  primary key (job, attempt, node, stream)
);

create table heartbeats (
  job     text        not null,
  attempt int         not null,
  node    int         not null,
  at      timestamptz not null,
  primary key (job, attempt, node)
);

-- A segment is the lines of one call, in order: a JSON array of [number, at, phase, stream, text],
-- compressed. first_line .. last_line have no gaps within (job, attempt, node).
create table log_segments (
  job        text        not null,
  attempt    int         not null,
  node       int         not null,
  first_line bigint      not null,
  last_line  bigint      not null,
  first_at   timestamptz not null,
  last_at    timestamptz not null,
  body       bytea       not null,
  primary key (job, attempt, node, first_line)
);

-- Packed little-endian arrays of equal length: int64 steps, float64 values, float64 unix seconds.
create table metric_chunks (
  id         bigserial primary key,
  job        text   not null,
  attempt    int    not null,
  name       text   not null,
  first_step bigint not null,
  last_step  bigint not null,
  points     int    not null,
  last_value double precision not null,
  steps      bytea  not null,
  vals       bytea  not null,
  times      bytea  not null,
  stored_at  timestamptz not null default now()
);
create index metric_chunks_curve on metric_chunks (job, name, id);

create table progress (
  job     text primary key,
  attempt int not null,
  at      timestamptz not null,
  percent double precision not null,
  message text not null default ''
);
