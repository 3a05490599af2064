"""Tables of read models: made when absent, dropped, indexed.

Not here: the log's own tables, which are numbered migrations.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from projections.base import Column, Projection, Table

Connection = psycopg.Connection[Any]

_POSITIONS = sql.SQL(
    "create table {}.positions("
    "name text primary key, position bigint not null default 0, halted text)"
)


def ensure(conn: Connection, projection: Projection, schema: str, *, lasting: bool = True) -> None:
    """Make what is absent of the projection's tables and position, under an advisory lock.

    Nothing is touched when all is there: ``if not exists`` would still lock a table in use. What is
    not ``lasting`` is gone after a crash, and found by key alone.
    """
    lasting = lasting and not projection.shadow  # a rebuild indexes once, when the rows are there
    with conn.transaction():
        conn.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{schema}.projections",)
        )
        if not exists(conn, schema, "positions"):
            conn.execute("set local client_min_messages = warning")
            conn.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
            conn.execute(_POSITIONS.format(sql.Identifier(schema)))
        for table in projection.tables:
            if not exists(conn, schema, projection.table_name(table.name)):
                create_table(conn, projection, table, schema=schema, lasting=lasting)
                if lasting:
                    create_indexes(conn, projection, table, schema=schema)
        insert_position(conn, projection, schema)


def exists(conn: Connection, schema: str, table: str) -> bool:
    """Whether the schema has the table."""
    found = conn.execute(
        "select 1 from pg_tables where schemaname = %s and tablename = %s", (schema, table)
    )
    return found.fetchone() is not None


def insert_position(conn: Connection, projection: Projection, schema: str) -> None:
    """Begin at position 0, unless there is a position already."""
    query = sql.SQL("insert into {}.positions(name) values (%s) on conflict do nothing")
    conn.execute(query.format(sql.Identifier(schema)), (projection.position_name,))


def create_table(
    conn: Connection, projection: Projection, table: Table, *, schema: str, lasting: bool = True
) -> None:
    """The table without its indexes."""
    columns = sql.SQL(", ").join(_column(column) for column in table.columns)
    conn.execute(
        sql.SQL(
            "create {u} table {t} ({key} text primary key, position bigint not null, {c})"
        ).format(
            u=sql.SQL("" if lasting else "unlogged"),
            t=sql.Identifier(schema, projection.table_name(table.name)),
            key=sql.Identifier(table.key),
            c=columns,
        )
    )


def create_indexes(conn: Connection, projection: Projection, table: Table, *, schema: str) -> None:
    """The table's indexes, under names PostgreSQL chooses: they need not move with a rename."""
    name = sql.Identifier(schema, projection.table_name(table.name))
    for columns in table.indexes:
        conn.execute(sql.SQL("create index on {} ({})").format(name, _literally(columns)))


def drop(conn: Connection, projection: Projection, schema: str) -> None:
    """Remove the projection's tables and position, if any."""
    conn.execute("set local client_min_messages = warning")
    for table in projection.tables:
        name = sql.Identifier(schema, projection.table_name(table.name))
        conn.execute(sql.SQL("drop table if exists {}").format(name))
    query = sql.SQL("delete from {}.positions where name = %s").format(sql.Identifier(schema))
    conn.execute(query, (projection.position_name,))


def _column(column: Column) -> sql.Composable:
    default = f" not null default {column.default}" if column.default else ""
    return sql.Identifier(column.name) + _literally(f" {column.type.value}{default}")


def _literally(text: str) -> sql.Composable:
    """SQL written by a projection's author in source code; never a value from outside."""
    return sql.Composed([sql.SQL(text)])
