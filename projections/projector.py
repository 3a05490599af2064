"""Follow the log with one projection, exactly once, and stop at what cannot be read.

Any number of projectors may run the same projection: the position decides whose batch counts.
Not here: what rows are (``base.py``), writing them (``sink.py``), replacing them (``rebuild.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg_pool import ConnectionPool

from domain.codec import EVERYTHING, Catalogue
from domain.errors import LabError, UnknownEvent
from projections import ddl
from projections.base import Patch, Projection
from projections.connection import lease
from projections.sink import Sink

Connection = psycopg.Connection[Any]
Source = Connection | ConnectionPool[Connection]
StoredRow = tuple[int, int, str, bytes]

BATCH = 5_000
END = 2**62
READ = (
    "select notification_id, originator_version, topic, state from {}.events"
    " where notification_id > %s and notification_id <= %s order by notification_id limit %s"
)


class ProjectionHalted(LabError):
    """A projection met an event it cannot read. Values: ``name``, ``position``, ``why``."""

    code = "PROJECTION_HALTED"
    sentence = (
        "Projection {name} stopped at position {position}: {why} "
        "It goes on from there by itself once the event can be read."
    )

    def __init__(self, *, name: str, position: int, why: str) -> None:
        self.name, self.position, self.why = name, position, why
        super().__init__(name=name, position=position, why=why)


class Projector:
    """One projection into ``schema``, from the log in ``log_schema`` (the same, unless given).

    Makes absent tables. ``source`` stays the caller's: an autocommit connection used by no one
    else meanwhile, or a pool of them. Raises ``ValueError`` for one without autocommit.
    """

    def __init__(
        self,
        source: Source,
        projection: Projection,
        schema: str,
        *,
        log_schema: str = "",
        catalogue: Catalogue = EVERYTHING,
        batch: int = BATCH,
    ) -> None:
        self.projection = projection
        self.schema = schema
        self._source = source
        self._catalogue = catalogue
        self._batch = batch
        self._sink = Sink(projection, schema)
        own = sql.Identifier(schema)
        self._read = sql.SQL(READ).format(sql.Identifier(log_schema or schema))
        self._where = sql.SQL("select position from {}.positions where name = %s").format(own)
        self._halt = sql.SQL(
            "update {}.positions set halted = %s where name = %s and position = %s"
        ).format(own)
        with self._lease() as conn:
            ddl.ensure(conn, projection, schema)

    def position(self) -> int:
        """The position of the last event folded in; 0 before the first."""
        with self._lease() as conn:
            return self.position_on(conn)

    def catch_up(self, upto: int = END) -> int:
        """Fold in everything up to position ``upto``; how many events that were.

        Raises ``ProjectionFenced`` when another projector was faster (call again),
        ``ProjectionHalted`` at an event that cannot be read (everything before it is kept).
        """
        with self._lease() as conn:
            return self.catch_up_on(conn, upto)

    def position_on(self, conn: Connection) -> int:
        """``position``, seen from inside the caller's transaction."""
        row = conn.execute(self._where, (self.projection.position_name,)).fetchone()
        return int(row[0]) if row else 0

    def catch_up_on(self, conn: Connection, upto: int = END) -> int:
        """``catch_up`` on a connection of the caller's, inside its transaction if it has one."""
        position, folded = self.position_on(conn), 0
        while True:
            parameters = (position, upto, self._batch)
            rows = conn.execute(self._read, parameters, prepare=True, binary=True).fetchall()
            if not rows:
                return folded
            position = self._fold(conn, rows, position)
            folded += len(rows)
            if len(rows) < self._batch:
                return folded

    def write(self, conn: Connection, patches: Sequence[tuple[int, Patch]], *, after: int) -> None:
        """See ``projections.abreast.Model``."""
        self._sink.write(conn, patches, after=after)

    def _fold(self, conn: Connection, rows: list[StoredRow], before: int) -> int:
        patches: list[tuple[int, Patch]] = []
        done = before
        for row in rows:
            try:
                patches += self._patches(row)
            except UnknownEvent as error:
                if done > before:
                    self._sink.apply(conn, patches, before=before, after=done)
                self._stop(conn, at=row[0], after=done, why=error)
            done = row[0]
        self._sink.apply(conn, patches, before=before, after=done)
        return done

    def _patches(self, row: StoredRow) -> Iterator[tuple[int, Patch]]:
        position, version, topic, state = row
        event = self._catalogue.decode(topic, state, version=version)
        return ((position, patch) for patch in self.projection.fn(event, position))

    def _stop(self, conn: Connection, *, at: int, after: int, why: UnknownEvent) -> None:
        name = self.projection.position_name
        with conn.transaction():
            conn.execute(self._halt, (f"position {at}: {why}", name, after))
        raise ProjectionHalted(name=name, position=at, why=str(why)) from why

    @contextmanager
    def _lease(self) -> Iterator[Connection]:
        if isinstance(self._source, ConnectionPool):
            with lease(self._source) as conn:
                yield _autocommitting(conn)
        else:
            yield _autocommitting(self._source)


def _autocommitting(conn: Connection) -> Connection:
    if not conn.autocommit:  # then a batch would be a savepoint, and commit with the last one
        raise ValueError("a projector needs an autocommit connection")
    return conn
