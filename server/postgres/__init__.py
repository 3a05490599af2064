"""PostgreSQL: the embedded launcher, migrations, the event store and the listener."""
