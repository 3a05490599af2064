-- When a node last told of work, besides when it was heard: what idle timeouts are measured by.
alter table heartbeats add column active_at timestamptz;
