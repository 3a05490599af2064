"""Schemas for tests, with all tables of a server that has started. One that a test is done with is emptied,
not dropped: a third of the work."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from uuid import uuid4

import psycopg
from psycopg import sql

from projections.catalogue import PROJECTIONS
from projections.past import Historian
from projections.projector import Projector
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool

_THINGS = """
select c.relname, string_agg(a.attname || ':' || a.atttypid, ',' order by a.attnum)
  || (select coalesce(string_agg(tgname::text || tgenabled::text, ',' order by tgname), '')
      from pg_trigger where tgrelid = c.oid)
from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where c.relnamespace = %s::regnamespace and c.relkind = 'r' group by c.oid, c.relname
"""
_FUNCTIONS = "select oid::regprocedure::text from pg_proc where pronamespace = %s::regnamespace"
_SEQUENCES = (
    "select sequencename from pg_sequences where schemaname = %s and last_value is not null"
)


def unused_schema(prefix: str) -> str:
    """A name nobody has used on this server."""
    return f"{prefix}_{uuid4().hex[:8]}"


class Schemas:
    """Those of one server. ``take`` and ``give_back``; what a test made beside the migrations is dropped."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._numbers = count(1)
        self._spare: list[str] = []
        self._conn = psycopg.connect(
            dsn, autocommit=True
        )  # one: a new one reads the catalogue anew
        self._conn.execute("set client_min_messages = warning")
        self._conn.execute("set lock_timeout = '5s'")
        self._model = self._made()
        self._tables = _tables(self._conn, self._model)
        self._functions = len(_functions(self._conn, self._model))
        self._seeded = set(_with_rows(self._conn, self._model, self._tables))

    def take(self) -> str:
        """The name of a schema without an event in it."""
        return self._spare.pop() if self._spare else self._made()

    def give_back(self, name: str) -> None:
        """The next test's, unless a test changed what is made at a start."""
        conn = self._alive()
        try:
            if self._emptied(conn, name):
                self._spare.append(name)
                return
        except psycopg.errors.LockNotAvailable:
            pass  # somebody still reads in it
        conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))

    def close(self) -> None:
        self._conn.close()

    def _alive(self) -> psycopg.Connection[tuple[object, ...]]:
        """One for all: each new one reads the catalogue anew. A test may have ended it."""
        try:
            self._conn.execute("select 1")
        except psycopg.OperationalError:
            self._conn = self._connected()
        return self._conn

    def _connected(self) -> psycopg.Connection[tuple[object, ...]]:
        conn = psycopg.connect(self._dsn, autocommit=True)
        conn.execute("set client_min_messages = warning")
        conn.execute("set lock_timeout = '5s'")
        return conn

    def _made(self) -> str:
        name = f"test_{next(self._numbers)}"
        migrate(self._dsn, name)
        with open_pool(self._dsn, max_size=1) as pool:
            for projection in PROJECTIONS:
                Projector(pool, projection, name)
                Historian(pool, projection, name)
        return name

    def _emptied(self, conn: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
        with conn.transaction():
            found = _tables(conn, name)
            for extra in found.keys() - self._tables.keys():
                conn.execute(_of("drop table if exists {} cascade", name, extra))
            kept = {table: found.get(table) for table in self._tables}
            if kept != self._tables or len(_functions(conn, name)) != self._functions:
                return False
            conn.execute("set local session_replication_role = replica")  # the log refuses deletes
            for table in _with_rows(conn, name, self._tables):
                if table != "migrations":
                    conn.execute(_of("delete from {}", name, table))
            for (sequence,) in conn.execute(_SEQUENCES, (name,)).fetchall():
                conn.execute(_of("alter sequence {} restart", name, str(sequence)))
            for table in self._seeded:
                if table != "migrations":
                    rows = sql.SQL("insert into {} overriding system value select * from {}")
                    ours, model = sql.Identifier(name, table), sql.Identifier(self._model, table)
                    conn.execute(rows.format(ours, model))
        return True


def _of(text: str, schema: str, name: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(schema, name))


def _tables(conn: psycopg.Connection[tuple[object, ...]], schema: str) -> dict[str, str]:
    return {
        str(name): str(columns) for name, columns in conn.execute(_THINGS, (schema,)).fetchall()
    }


def _functions(conn: psycopg.Connection[tuple[object, ...]], schema: str) -> list[str]:
    return [str(name) for (name,) in conn.execute(_FUNCTIONS, (schema,)).fetchall()]


def _with_rows(
    conn: psycopg.Connection[tuple[object, ...]], schema: str, tables: Iterable[str]
) -> list[str]:
    """Those of ``tables`` that are not empty."""
    one = sql.SQL("select {} where exists (select from {})")
    asked = [one.format(sql.Literal(t), sql.Identifier(schema, t)) for t in tables]
    return [str(name) for (name,) in conn.execute(sql.SQL(" union all ").join(asked)).fetchall()]
