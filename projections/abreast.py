"""Read models that stand at one position move on together: one reading, one decoding, one transaction.

What keeping up costs is statements, a dozen for each model at each piece of news. Those that stand
apart, and an event that cannot be read, are left to each model by itself: ``projector.py``, ``past.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import psycopg
from psycopg import sql

from domain.codec import EVERYTHING, Catalogue
from domain.errors import UnknownEvent
from domain.model import Event
from projections.base import Patch, Projection
from projections.connection import Pool, lease
from projections.projector import StoredRow
from projections.sink import ProjectionFenced

Connection = psycopg.Connection[Any]

BATCH = 1_000
UNHURRIED = b"set local synchronous_commit to off"
_WHERE = "select position from {s}.{positions} where name = any(%s)"
_READ = """
select notification_id, originator_version, topic, state from {s}.events
 where notification_id > %s order by notification_id limit %s
"""
_ADVANCE = """
with locked as (select name from {s}.{positions} where name = any(%s) order by name for update)
update {s}.{positions} p set position = %s, halted = null from locked
 where p.name = locked.name and p.position = %s
"""  # in order of name: two that move on at once wait for each other, never both for both


class Model(Protocol):
    """A projector, a historian."""

    @property
    def projection(self) -> Projection: ...

    def write(self, conn: Connection, patches: Sequence[tuple[int, Patch]], *, after: int) -> None:
        """The rows of a batch that ends at ``after``, in the transaction that moves the position."""
        ...


class Abreast:
    """``positions`` is the table that has theirs. The pool stays the caller's."""

    def __init__(
        self,
        pool: Pool,
        models: Sequence[Model],
        schema: str,
        *,
        positions: str,
        catalogue: Catalogue = EVERYTHING,
    ) -> None:
        self._pool = pool
        self._models = models
        self._catalogue = catalogue
        self._names = [model.projection.position_name for model in models]
        own = {"s": sql.Identifier(schema), "positions": sql.Identifier(positions)}
        self._where, self._read, self._advance = (
            sql.SQL(text).format(**own).as_bytes(None) for text in (_WHERE, _READ, _ADVANCE)
        )

    def catch_up(self) -> int | None:
        """Move all of them; how many events that were. ``None``: each must go by itself.

        Raises ``ProjectionFenced`` when another was faster (call again).
        """
        folded = 0
        with lease(self._pool) as conn:
            places = conn.execute(self._where, (self._names,), prepare=True).fetchall()
            position = places[0][0] if places else 0
            if not position or places != [(position,)] * len(self._names):
                return None
            while rows := self._rows(conn, position):
                try:
                    events = [self._event(row) for row in rows]
                except UnknownEvent:
                    return None
                self._move(conn, events, before=position)
                position = events[-1][0]
                folded += len(events)
                if len(rows) < BATCH:
                    break
        return folded

    def _rows(self, conn: Connection, after: int) -> list[StoredRow]:
        return conn.execute(self._read, (after, BATCH), prepare=True, binary=True).fetchall()

    def _event(self, row: StoredRow) -> tuple[int, Event]:
        position, version, topic, state = row
        return position, self._catalogue.decode(topic, state, version=version)

    def _move(self, conn: Connection, events: list[tuple[int, Event]], *, before: int) -> None:
        """In as few trips as it takes. The commit does not wait for the disk: what a crash loses is folded again."""
        after = events[-1][0]
        with conn.pipeline() as trip, conn.transaction():
            conn.execute(UNHURRIED)
            moved = conn.execute(self._advance, (self._names, after, before), prepare=True)
            trip.sync()
            if moved.rowcount != len(self._names):
                raise ProjectionFenced(", ".join(self._names))
            for model in self._models:
                fold = model.projection.fn
                patches = [(at, patch) for at, event in events for patch in fold(event, at)]
                model.write(conn, patches, after=after)
