-- How far the versions of each read model's rows are kept; the tables themselves are made by projections.
create table past_positions (
  name     text    primary key,
  position bigint  not null default 0,
  indexed  boolean not null default false,  -- indexes are made once, when the past so far is there
  halted   text
);
