"""Read models beside one another: incremental, as of a position, and fed the prefix alone."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from projections.base import Projection, Table
from projections.rebuild import replay

Connection = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]


def as_of(conn: Connection, projection: Projection, schema: str, position: int) -> dict[str, Rows]:
    """Every table of the read model as of ``position``."""
    return {
        table.name: _rows(
            conn,
            table,
            sql.SQL("{}({})").format(
                sql.Identifier(schema, projection.at_name(table.name)), position
            ),
        )
        for table in projection.tables
    }


def fed(conn: Connection, projection: Projection, schema: str, position: int) -> dict[str, Rows]:
    """Every table of a fresh store that was fed the log up to ``position`` and nothing else."""
    scratch = f"{schema}_fed"
    replay(conn, projection, scratch, log_schema=schema, upto=position)
    found = live(conn, projection, scratch)
    conn.execute("set client_min_messages = warning")
    conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(scratch)))
    return found


def live(conn: Connection, projection: Projection, schema: str) -> dict[str, Rows]:
    """Every table as it stands."""
    return {
        table.name: _rows(conn, table, sql.Identifier(schema, projection.table_name(table.name)))
        for table in projection.tables
    }


def _rows(conn: Connection, table: Table, source: sql.Composable) -> Rows:
    names = [table.key, "position", *(column.name for column in table.columns)]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    query = sql.SQL("select {} from {} order by 1").format(columns, source)
    return conn.execute(query).fetchall()
