-- One key for each purpose, wrapped by the master key: rotating that wraps these few rows anew.
create table data_keys (
  purpose text primary key,
  wrapped bytea not null
);
