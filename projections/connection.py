"""Borrows a connection from the pool; a database that does not answer is ``StoreUnavailable``.

The one place where an absent database gets its name. Not here: refusals of the log itself
(``server/postgres/recorder.py``), and faults of our statements, which stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from domain.errors import StoreUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]


@contextmanager
def lease(pool: Pool) -> Iterator[Connection]:
    """A connection for the block. ``StoreUnavailable`` when there is none, or it breaks in the block.

    A statement that broke may have been carried out; repeat only what may be repeated.
    """
    conn: Connection | None = None
    try:
        with pool.connection() as conn:
            yield conn
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if conn is not None and conn.closed:
            _check(pool)
        raise StoreUnavailable(why=str(error).partition("\n")[0]) from error


def _check(pool: Pool) -> None:
    """Let go of the idle neighbours of a broken connection: they were probably cut too."""
    if not pool.closed:
        pool.check()
