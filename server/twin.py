"""The read models folded anew in a schema beside them, and every cell compared. Nothing live is touched.

Not here: mending; ``python -m server rebuild NAME`` replaces a read model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from application.proofs import Told
from projections.base import Projection
from projections.catalogue import PROJECTIONS
from projections.rebuild import compare, replay_together

SHOWN_AT_MOST = 1_000


def replayed(conn: psycopg.Connection[Any], schema: str, *, upto: int) -> Iterator[Told]:
    """Replay each read model no further than it stands live, nor than ``upto``, and compare.

    ``conn`` is an autocommit connection. Rows that live events changed after that are left out, so
    the system may run. The scratch schema is dropped at the end.
    """
    scratch = f"{schema[:40]}_twin"
    drop = sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(scratch))
    conn.execute("set client_min_messages = warning")
    conn.execute("set synchronous_commit = off")
    conn.execute(drop)
    reached = {projection: _reached(conn, projection, schema, upto) for projection in PROJECTIONS}
    try:
        replay_together(conn, reached, scratch, log_schema=schema)
        conn.execute("set jit = off")
        for projection, position in reached.items():
            found = compare(conn, projection, schema, scratch, upto=position)
            shown = tuple(found[:SHOWN_AT_MOST])
            yield Told(name=projection.position_name, position=position, differences=shown)
    finally:
        conn.execute(drop)


def _reached(conn: psycopg.Connection[Any], projection: Projection, schema: str, upto: int) -> int:
    """How far the live read model stands, no further than ``upto``."""
    where = sql.SQL("select position from {}.positions where name = %s")
    row = conn.execute(where.format(sql.Identifier(schema)), (projection.position_name,)).fetchone()
    return min(int(row[0]) if row else 0, upto)
