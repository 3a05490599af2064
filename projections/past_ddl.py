"""Tables of versions and the functions that show a read model as of a position: made when absent, indexed.

Not here: filling them (``past.py``).
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from projections.base import Projection, Table
from projections.ddl import exists

Connection = psycopg.Connection[Any]

OPEN = 2**63 - 1
"""``until_position`` of a version that is still so."""
OWN = ("id", "from_position", "until_position", "apart_position")
_FUNCTION = """
create or replace function {at}(bigint) returns table ({shape}) language sql stable
  begin atomic select {columns} from {past} p{first}
   where p.from_position <= $1 and p.until_position > $1; end
"""
_FIRST = " left join {past} f on f.id = p.id and f.from_position = p.apart_position"


def ensure(conn: Connection, projection: Projection, schema: str) -> None:
    """Make what is absent, under the lock that makes the live tables."""
    with conn.transaction():
        conn.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{schema}.projections",)
        )
        for table in projection.tables:
            if not exists(conn, schema, projection.past_name(table.name)):
                _create(conn, projection, table, schema)
        query = sql.SQL("insert into {}.past_positions(name) values (%s) on conflict do nothing")
        conn.execute(query.format(sql.Identifier(schema)), (projection.position_name,))


def begin_again(conn: Connection, projection: Projection, schema: str) -> None:
    """Forget every version; a historian folds them anew from the first event."""
    with conn.transaction():
        query = sql.SQL("update {}.past_positions set position = 0, halted = null where name = %s")
        conn.execute(query.format(sql.Identifier(schema)), (projection.position_name,))
        for table in projection.tables:
            name = sql.Identifier(schema, projection.past_name(table.name))
            conn.execute(sql.SQL("truncate {}").format(name))


def index_once(conn: Connection, projection: Projection, schema: str) -> None:
    """Index what was filled without indexes; nothing when that was done."""
    where = sql.SQL(" {}.past_positions").format(sql.Identifier(schema))
    done = sql.SQL("select indexed from") + where + sql.SQL(" where name = %s")
    row = conn.execute(done, (projection.position_name,), prepare=True).fetchone()
    if row is None or row[0]:
        return
    with conn.transaction():
        mark = sql.SQL("update") + where + sql.SQL(" set indexed = true where name = %s")
        if conn.execute(mark + sql.SQL(" and not indexed"), (projection.position_name,)).rowcount:
            for table in projection.tables:
                _index(conn, projection, table, schema)


def _create(conn: Connection, projection: Projection, table: Table, schema: str) -> None:
    past = sql.Identifier(schema, projection.past_name(table.name))
    columns: list[sql.Composable] = [sql.SQL(f"{name} bigint not null") for name in OWN[1:]]
    columns += [
        sql.Identifier(column.name) + sql.SQL(f" {column.type.value}") for column in table.columns
    ]
    conn.execute(
        sql.SQL("create table {} (id text not null, {}, primary key (id, from_position))").format(
            past, sql.SQL(", ").join(columns)
        )
    )
    at = sql.Identifier(schema, projection.at_name(table.name))
    shape = [(table.key, "text"), ("position", "bigint")]
    shape += [(column.name, column.type.value) for column in table.columns]
    shown: list[sql.Composable] = [sql.SQL("p.id"), sql.SQL("p.from_position")]
    shown += [sql.Identifier("f" if column.apart else "p", column.name) for column in table.columns]
    conn.execute(
        sql.SQL(_FUNCTION).format(
            at=at,
            past=past,
            shape=sql.SQL(", ").join(
                sql.Identifier(name) + sql.SQL(f" {kind}") for name, kind in shape
            ),
            columns=sql.SQL(", ").join(shown),
            first=sql.SQL(_FIRST).format(past=past) if table.apart else sql.SQL(""),
        )
    )


def _index(conn: Connection, projection: Projection, table: Table, schema: str) -> None:
    """The live table's first, and the two positions: what was not so is passed over inside the index.

    The past is asked seldom and grows for ever: one order is worth its room, five are not.
    """
    past = sql.Identifier(schema, projection.past_name(table.name))
    for columns in table.indexes[:1]:
        text = sql.Composed([sql.SQL(f"{columns}, from_position, until_position")])
        conn.execute(sql.SQL("create index on {} ({})").format(past, text))
    conn.execute(sql.SQL("analyze {}").format(past))
