-- What is to be told to whom, and what became of it. Messages are made from the log: all of it can be made again.

create table channel_positions (
  channel   text primary key,
  position  bigint not null,            -- everything up to here is in deliveries
  replayed  bigint not null default 0,  -- the log position of the last replay that was begun
  failures  integer not null default 0, -- tries that failed since one did not
  resume_at timestamptz not null default '-infinity'  -- nothing is sent before
);

create table deliveries (
  id         text primary key,  -- the same for the same channel and event, also when sent again
  channel    text not null,
  team       text not null,
  position   bigint not null,
  event      text not null,
  sentence   text not null,
  notice     text not null,     -- the message as JSON
  state      text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead', 'dropped')),
  sending    boolean not null default false,
  tries      integer not null default 0,
  next_at    timestamptz not null default now(),
  status     integer,           -- of the last answer
  reason     text not null default '',
  made_at    timestamptz not null default now(),
  ended_at   timestamptz
);
create index deliveries_due on deliveries (channel, next_at, position) where state = 'waiting';
create index deliveries_listed on deliveries (channel, made_at desc);
create index deliveries_old on deliveries (ended_at) where ended_at is not null;
