"""Numbered SQL files, each applied once to a schema, under one lock so that replicas may race.

Not here: the tables of read models, which projections create and replace by version.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from domain.errors import InvalidInput

MIGRATIONS = Path(__file__).parent / "migrations"
# A channel name is the schema behind a prefix, at most 63 bytes (NAMEDATALEN - 1):
# https://www.postgresql.org/docs/current/sql-notify.html
MAX_SCHEMA_BYTES = 48
_LOCK = "labledger.migrate"
_CREATE = sql.SQL(
    "create table if not exists migrations("
    "name text primary key, applied_at timestamptz not null default clock_timestamp())"
)


def migrate(dsn: str, schema: str = "lab") -> list[str]:
    """Bring ``schema`` up to date, creating it; the names applied now, in order (often none).

    May be called by any number of processes at once and again at every start.
    Raises ``InvalidInput`` for a schema name too long to be a channel.
    """
    if not schema or len(schema.encode()) > MAX_SCHEMA_BYTES:
        way_out = f"Use 1 to {MAX_SCHEMA_BYTES} bytes."
        raise InvalidInput(field="schema", value=schema, way_out=way_out)
    with psycopg.connect(dsn) as conn:
        conn.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
        conn.execute("set local client_min_messages = warning")
        conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        conn.execute(sql.SQL("set local search_path = {}").format(sql.Identifier(schema)))
        conn.execute(_CREATE)
        done = {name for (name,) in conn.execute("select name from migrations").fetchall()}
        pending = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem not in done]
        for path in pending:
            conn.execute(path.read_bytes())
            conn.execute("insert into migrations(name) values (%s)", (path.stem,))
    return [path.stem for path in pending]
