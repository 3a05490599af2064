"""An empty schema beside the live one, for replays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def scratch_schema(dsn: str, name: str) -> Iterator[str]:
    """The name of a schema that whoever uses it makes; it is gone after the block."""
    try:
        yield name
    finally:
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("set client_min_messages = warning")
            dropped = sql.SQL("drop schema if exists {} cascade")
            conn.execute(dropped.format(sql.Identifier(name)))
