-- Command lines that wait for somebody to confirm them in a browser; gone with the answer or in ten minutes.
create table device_logins (
  device     bytea primary key,
  code       bytea not null unique,
  name       text not null,
  address    text not null default '',
  expires_at timestamptz not null,
  polled_at  timestamptz,
  answer     text check (answer in ('allowed', 'denied')),
  user_id    text not null default '',
  team       text not null default ''
);
