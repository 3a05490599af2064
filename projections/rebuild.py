"""Replay: fold the log anew beside the live tables, then swap; or elsewhere, and compare.

Not here: following the log day by day (``projector.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from domain.codec import EVERYTHING, Catalogue
from domain.errors import UnknownEvent
from domain.model import Event
from projections import ddl
from projections.base import Projection, Table
from projections.projector import END, READ, ProjectionHalted, Projector, StoredRow
from projections.sink import Sink

Connection = psycopg.Connection[Any]

REBUILD_BATCH = 5_000
TOGETHER = 20_000
LOCK_MS = 100
LOCK_TRIES = 300


class SwapHindered(Exception):
    """Readers held the live tables all the time; they are as they were. Try again."""


@dataclass(kw_only=True, frozen=True)
class Difference:
    """One cell that is not what the log says. A missing row differs in its key column.

    ``team`` is whose row it is, where the table tells.
    """

    table: str
    key: str
    column: str
    live: object
    rebuilt: object
    team: str = ""


def rebuild(
    conn: Connection,
    projection: Projection,
    schema: str,
    *,
    catalogue: Catalogue = EVERYTHING,
) -> int:
    """Fold the whole log into shadow tables and put them in place of the live ones.

    ``conn`` is an autocommit connection. Readers and the live projector go on meanwhile; the
    projector waits only for the swap. Returns the position reached. Raises ``ProjectionHalted`` or
    ``SwapHindered``, leaving the live tables alone; an unfinished rebuild is thrown away by the next.
    """
    shadow = replace(projection, shadow=True)
    ddl.ensure(conn, projection, schema)
    with conn.transaction():
        ddl.drop(conn, shadow, schema)
    projector = replay(conn, shadow, schema, log_schema=schema, catalogue=catalogue)
    with conn.transaction():
        for table in projection.tables:
            name = sql.Identifier(schema, shadow.table_name(table.name))
            conn.execute(sql.SQL("alter table {} set logged").format(name))
            ddl.create_indexes(conn, shadow, table, schema=schema)
    with conn.transaction():
        # The live projector's compare-and-set waits for this row, then sees our position.
        lock = sql.SQL("select position from {}.positions where name = %s for update")
        conn.execute(lock.format(sql.Identifier(schema)), (projection.position_name,))
        projector.catch_up_on(conn)
        reached = projector.position_on(conn)
        _lock(conn, projection, schema)
        _swap(conn, projection, shadow, schema=schema, position=reached)
    return reached


def replay(
    conn: Connection,
    projection: Projection,
    schema: str,
    *,
    log_schema: str,
    upto: int = END,
    catalogue: Catalogue = EVERYTHING,
) -> Projector:
    """Fold the log of ``log_schema`` up to a position into ``schema``, creating that if absent.

    For an audit or a look at the past; ``conn`` is an autocommit connection. Repeating continues
    from where it stood. Its commits are not flushed to disk: what a crash loses is folded again.
    Raises ``ProjectionHalted``.
    """
    before = conn.execute("show synchronous_commit").fetchone()
    conn.execute("set synchronous_commit = off")
    projector = Projector(
        conn,
        projection,
        schema,
        log_schema=log_schema,
        catalogue=catalogue,
        batch=REBUILD_BATCH,
    )
    try:
        projector.catch_up(upto)
    finally:
        conn.execute("select set_config('synchronous_commit', %s, false)", before)
    return projector


def replay_together(
    conn: Connection,
    reached: Mapping[Projection, int],
    schema: str,
    *,
    log_schema: str,
    catalogue: Catalogue = EVERYTHING,
) -> None:
    """Fold the log into ``schema`` for several projections in one pass, each up to its own position.

    For a look that is thrown away: the tables are in no backup's way and found by key alone. Each event
    is read and decoded once. Raises ``ProjectionHalted``.
    """
    sinks = {projection: Sink(projection, schema) for projection in reached}
    for projection in reached:
        ddl.ensure(conn, projection, schema, lasting=False)
    read = sql.SQL(READ).format(sql.Identifier(log_schema))
    position, end = 0, max(reached.values(), default=0)
    while rows := conn.execute(read, (position, end, TOGETHER), binary=True).fetchall():
        events = [(row[0], _decoded(catalogue, row)) for row in rows]
        for projection, upto in reached.items():
            done = min(rows[-1][0], upto)
            if position < done:
                patches = [
                    (at, patch)
                    for at, event in events
                    if at <= upto
                    for patch in projection.fn(event, at)
                ]
                sinks[projection].apply(conn, patches, before=position, after=done)
        position = rows[-1][0]


def _decoded(catalogue: Catalogue, row: StoredRow) -> Event:
    position, version, topic, state = row
    try:
        return catalogue.decode(topic, state, version=version)
    except UnknownEvent as error:
        raise ProjectionHalted(name="replay", position=position, why=str(error)) from error


def compare(
    conn: Connection, projection: Projection, schema_a: str, schema_b: str, *, upto: int = END
) -> list[Difference]:
    """Every cell in which live ``schema_a`` differs from rebuilt ``schema_b``, by table and key.

    Rows that live events after ``upto`` have changed are left out, so live need not stand still;
    a row deleted since then shows as missing.
    """
    found: list[Difference] = []
    for table in projection.tables:
        found += _compare_table(conn, projection, table, schemas=(schema_a, schema_b), upto=upto)
    return found


def _compare_table(
    conn: Connection, projection: Projection, table: Table, *, schemas: tuple[str, str], upto: int
) -> list[Difference]:
    columns = [table.key, "position", *(column.name for column in table.columns)]
    name = projection.table_name(table.name)
    query = sql.SQL(
        "select {live}, {rebuilt} from {a} l full join {b} r on l.{key} = r.{key}"
        " where coalesce(l.position, 0) <= %s and l is distinct from r"
        " order by coalesce(l.{key}, r.{key})"
    ).format(
        live=sql.SQL(", ").join(sql.Identifier("l", column) for column in columns),
        rebuilt=sql.SQL(", ").join(sql.Identifier("r", column) for column in columns),
        a=sql.Identifier(schemas[0], name),
        b=sql.Identifier(schemas[1], name),
        key=sql.Identifier(table.key),
    )
    found: list[Difference] = []
    for row in conn.execute(query, (upto,)).fetchall():
        live, rebuilt = row[: len(columns)], row[len(columns) :]
        key = str(rebuilt[0] if live[0] is None else live[0])
        cells = list(zip(columns, live, rebuilt, strict=True))
        shown = cells if live[0] is not None and rebuilt[0] is not None else cells[:1]
        found += [
            Difference(
                table=table.name, key=key, column=column, live=a, rebuilt=b, team=_team(key, cells)
            )
            for column, a, b in shown
            if a != b
        ]
    return found


def _team(key: str, cells: list[tuple[str, Any, Any]]) -> str:
    """Of the row's ``team``, else of a key that names one, as a quota's scope does."""
    named = next((b if a is None else a for column, a, b in cells if column == "team"), None)
    if named:
        return str(named)
    parts = key.split(":")
    return parts[1] if len(parts) > 1 else key if key.startswith("team_") else ""


def _lock(conn: Connection, projection: Projection, schema: str) -> None:
    """Keep readers out of all tables at once, inside a transaction.

    A reader of two tables would deadlock with whoever takes them one by one, and be the one to lose.
    So none is waited for longer than PostgreSQL waits before it looks for deadlocks (a second): all are
    let go and tried again.
    """
    names = [sql.Identifier(schema, projection.table_name(t.name)) for t in projection.tables]
    query = sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(names))
    conn.execute("select set_config('lock_timeout', %s, true)", (f"{LOCK_MS}ms",))
    for _ in range(LOCK_TRIES):
        try:
            with conn.transaction():
                conn.execute(query)
        except psycopg.errors.LockNotAvailable:
            continue
        return
    raise SwapHindered(projection.position_name)


def _swap(
    conn: Connection,
    projection: Projection,
    shadow: Projection,
    *,
    schema: str,
    position: int,
) -> None:
    for table in projection.tables:
        live = projection.table_name(table.name)
        conn.execute(sql.SQL("drop table {}").format(sql.Identifier(schema, live)))
        conn.execute(
            sql.SQL("alter table {} rename to {}").format(
                sql.Identifier(schema, shadow.table_name(table.name)), sql.Identifier(live)
            )
        )
    positions = sql.Identifier(schema, "positions")
    conn.execute(
        sql.SQL("update {} set position = %s, halted = null where name = %s").format(positions),
        (position, projection.position_name),
    )
    conn.execute(
        sql.SQL("delete from {} where name = %s").format(positions), (shadow.position_name,)
    )
