-- Where in the log is what: one narrow row an event, filled behind the log, made again at will.
-- Words (teams, actors, kinds, topics, jobs, causes) are numbered: an index over them is a tenth as large.
create table log_words (
  id   int generated always as identity primary key,
  word text not null unique
);
create table log_index (
  position bigint primary key,
  team     int not null,
  actor    int not null,
  kind     int not null,
  topic    int not null,
  job      int,
  cause    int
);
create index log_index_team on log_index (team, position);
create index log_index_actor on log_index (team, actor, position);
create index log_index_actor_kind on log_index (team, actor, kind, position);
create index log_index_kind on log_index (team, kind, position);
create index log_index_topic on log_index (team, topic, position);
create index log_index_job on log_index (job, position) where job is not null;
create index log_index_cause on log_index (cause, position) where cause is not null;
insert into past_positions (name, indexed) values ('log_index', true);
