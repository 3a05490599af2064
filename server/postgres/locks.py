"""Names only one process may hold: PostgreSQL session advisory locks on connections of their own.

A process that dies lets go at once, for the server ends its session. No transaction-mode pooler may
stand between, see https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import psycopg

from domain.errors import StoreUnavailable

_TRY = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
_TRY_ALL = """
    select name from unnest(%s::text[]) as asked (name)
    where pg_try_advisory_lock(hashtextextended(%s || name, 0))
"""
_FREE = "select pg_advisory_unlock(hashtextextended(%s, 0))"


class AdvisoryLocks:
    """Connections are kept and used again; a broken one is thrown away."""

    def __init__(self, dsn: str, schema: str) -> None:
        self._dsn = dsn
        self._schema = schema
        self._idle: list[psycopg.Connection[tuple[object, ...]]] = []
        self._guard = threading.Lock()

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """See ``application.ports.Locks``. ``StoreUnavailable`` when the database is away."""
        scope = f"{self._schema}/{name}"
        conn = self._connection()
        try:
            row = conn.execute(_TRY, (scope,)).fetchone()
        except psycopg.Error as error:
            conn.close()
            raise StoreUnavailable(why=str(error)) from error
        got = bool(row and row[0])
        try:
            yield got
        finally:
            self._give_back(conn, *([scope] if got else []))

    @contextmanager
    def hold_all(self, names: Collection[str]) -> Iterator[frozenset[str]]:
        """See ``application.ports.Locks``. One connection holds them all."""
        prefix = f"{self._schema}/"
        conn = self._connection()
        try:
            rows = conn.execute(_TRY_ALL, (list(set(names)), prefix)).fetchall()
        except psycopg.Error as error:
            conn.close()
            raise StoreUnavailable(why=str(error)) from error
        try:
            yield frozenset(str(name) for (name,) in rows)
        finally:
            self._give_back(conn, *(f"{prefix}{name}" for (name,) in rows))

    def close(self) -> None:
        """Let go of every connection; locks held by others of this process are kept by theirs."""
        with self._guard:
            idle, self._idle = self._idle, []
        for conn in idle:
            conn.close()

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        with self._guard:
            while self._idle:
                conn = self._idle.pop()
                if not conn.closed:
                    return conn
        try:
            return psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            raise StoreUnavailable(why=str(error)) from error

    def _give_back(self, conn: psycopg.Connection[tuple[object, ...]], *scopes: str) -> None:
        try:
            for scope in scopes:
                conn.execute(_FREE, (scope,))
        except psycopg.Error:
            conn.close()  # the session's end lets go of the lock
            return
        with self._guard:
            self._idle.append(conn)
