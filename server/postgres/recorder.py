"""Stored events in PostgreSQL through one function, ``lab_append``: one round trip per append.

Implements the recorder interface of the ``eventsourcing`` library; adds guards and ``recorded_at``.
Decides what to do when a connection breaks while the outcome of an append is unknown.
Not here: events as classes (``event_store.py``), the SQL function (``migrations/``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from psycopg import sql
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from application.log import Fenced, UniqueTaken
from domain.errors import Conflict, LabError, QuotaExceeded, StoreUnavailable
from domain.model import NEXT_VERSION, Guard
from projections.connection import Connection, Pool

T = TypeVar("T")

BACKEND_GONE_TIMEOUT_S = 2.0
_EMPTY_CAUSE = ""
_REFUSALS: dict[str, Callable[..., LabError]] = {
    "LL001": QuotaExceeded,
    "LL002": UniqueTaken,
    "LL003": Fenced,
    "LL004": lambda *, stream, version: Conflict(stream=stream, version=version),
}
_APPEND = "select {s}.lab_append(%b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::text[], "
_APPEND += "%b::text[], %b::bigint[], %b::bigint[], %b::text[])"
_STREAM = "select originator_id, originator_version, topic, state from {s}.events"
_STREAM += " where originator_id = %s and originator_version > %s and originator_version <= %s"
_STREAM += " order by originator_version"
_STREAMS = "select originator_id, originator_version, topic, state from {s}.events"
_STREAMS += " where originator_id = any(%b) order by originator_id, originator_version"
_READ = "select originator_id, originator_version, topic, state, notification_id, recorded_at"
_READ += " from {s}.events where notification_id > %s and notification_id <= %s"
_READ += " and (%s::text[] is null or topic = any(%s)) order by notification_id limit %s"
_LANDED = "select notification_id from {s}.events where originator_id = %s and topic = %s"
_LANDED += " and state = %s and %s in (0, originator_version) limit 1"
_GUARD = "select used, lim, ref from {s}.guards where kind = %s and scope = %s"
_GUARDS = "select kind, scope, used, lim, ref from {s}.guards"
_GUARDS += " join unnest(%b::text[], %b::text[]) as asked (kind, scope) using (kind, scope)"
_HEAD = "select max(notification_id) from {s}.events"
_BACKEND = b"select 1 from pg_stat_activity where pid = %s"
_LIMIT = b" limit %s"
_END = 2**62


@dataclass(frozen=True)
class RecordedNotification(Notification):
    """A notification with the time at which the log recorded it."""

    recorded_at: datetime


class _ConnectionLost(Exception):
    """The connection broke during a statement of backend ``pid``."""

    def __init__(self, pid: int, why: str) -> None:
        super().__init__(why)
        self.pid = pid


class StorePool(ConnectionPool[Connection]):
    """Whoever borrows a connection is told ``StoreUnavailable`` when the database is or goes away."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        try:
            with super().connection(timeout) as conn:
                yield conn
        except (PoolTimeout, PoolClosed) as error:
            _unavailable(error)
        except psycopg.OperationalError as error:
            if not self.closed:
                self.check()  # its idle neighbours were probably cut too
            _unavailable(error)


def open_pool(dsn: str, *, max_size: int = 8, timeout_s: float = 5.0) -> Pool:
    """Autocommit connections to ``dsn``, made as needed; asking waits at most ``timeout_s``."""
    return StorePool(
        dsn,
        min_size=1,
        max_size=max_size,
        timeout=timeout_s,
        reconnect_timeout=timeout_s,
        kwargs={"autocommit": True},
        open=True,
    )


class LabRecorder(ApplicationRecorder):
    """The log in one migrated schema. Safe to share between threads; the pool stays the caller's.

    Every method raises ``StoreUnavailable`` when the database is away; reads are tried twice.
    """

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        texts = (
            _APPEND,
            _STREAM,
            _STREAM + " desc",
            _STREAMS,
            _READ,
            _LANDED,
            _GUARD,
            _GUARDS,
            _HEAD,
        )
        name = sql.Identifier(schema)
        made = [sql.SQL(text).format(s=name).as_bytes(None) for text in texts]
        self._append, self._stream, self._backwards, self._streams, *others = made
        self._read, self._landed, self._guard, self._guards, self._head = others

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        guards: Sequence[Guard] = (),
        causes: Sequence[str] = (),
        **_: Any,
    ) -> Sequence[int]:
        """Positions of the events. ``causes`` (one per event) let a lost answer be looked up."""
        arguments = _arguments(stored_events, guards)
        try:
            return self._append_once(arguments)
        except _ConnectionLost as lost:
            landed = self._resolve(lost, stored_events, causes)
        if landed is not None:
            return range(landed, landed + len(stored_events))
        try:
            return self._append_once(arguments)
        except _ConnectionLost as lost:
            _unavailable(lost)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The stream's rows by version; see the library's interface."""
        query = self._backwards if desc else self._stream
        upto = _END if lte is None else lte
        rows = self._rows(query + _LIMIT, (str(originator_id), gt or 0, upto, limit))
        return [StoredEvent(*row) for row in rows]

    def select_streams(self, originator_ids: Sequence[str]) -> Sequence[StoredEvent]:
        """The rows of several streams, each by version."""
        rows = self._rows(self._streams, (list(originator_ids),))
        return [StoredEvent(*row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[RecordedNotification]:
        """Rows of the whole log by position; see the library's interface."""
        after = (start or 0) - (1 if inclusive_of_start else 0)
        wanted = list(topics) or None
        upto = _END if stop is None else stop
        rows = self._rows(self._read, (after, upto, wanted, wanted, limit))
        return [RecordedNotification(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        """The last position; ``None`` when the log is empty."""
        last = self._rows(self._head)[0][0]
        return None if last is None else int(last)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Not offered: projectors tail by position, woken by ``listener.py``."""
        raise NotImplementedError("tail the log with select_notifications, woken by a Listener")

    def select_guard(self, kind: str, scope: str) -> tuple[int, int | None, str] | None:
        """``(used, limit, ref)`` of a guard; ``None`` when nothing ever moved it."""
        rows = self._rows(self._guard, (kind, scope))
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def select_guards(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """``(kind, scope, used, limit, ref)`` of those guards that anything ever moved."""
        return self._rows(self._guards, [list(column) for column in zip(*wanted, strict=True)])

    def _append_once(self, arguments: tuple[list[Any], ...]) -> Sequence[int]:
        rows = self._run(self._append, arguments)
        return [int(position) for position in rows[0][0]]

    def _rows(self, query: bytes, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._run(query, parameters)
        except _ConnectionLost:
            pass  # reading twice does no harm
        try:
            return self._run(query, parameters)
        except _ConnectionLost as lost:
            _unavailable(lost)

    def _run(self, query: bytes, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """One statement in its own transaction. A lost connection is ``_ConnectionLost``."""
        try:
            with self._pool.connection() as conn:
                return _execute(conn, query, parameters)
        except _ConnectionLost:
            self._pool.check()  # its idle neighbours were probably cut too
            raise

    def _resolve(
        self, lost: _ConnectionLost, stored: Sequence[StoredEvent], causes: Sequence[str]
    ) -> int | None:
        """The first position of an append whose answer was lost; ``None``: it never happened.

        Sound only once the backend that ran it has ended; then what is not visible never will be.
        Raises ``StoreUnavailable`` when it still runs or no event can be told from a twin.
        """
        telling = [
            (index, event)
            for index, (event, cause) in enumerate(zip(stored, causes, strict=False))
            if event.originator_version != NEXT_VERSION or cause != _EMPTY_CAUSE
        ]
        if not telling or not self._ended(lost.pid):
            _unavailable(lost)
        index, event = telling[0]
        parameters = (event.originator_id, event.topic, event.state, event.originator_version)
        rows = self._rows(self._landed, parameters)
        return int(rows[0][0]) - index if rows else None

    def _ended(self, pid: int) -> bool:
        deadline = time.monotonic() + BACKEND_GONE_TIMEOUT_S
        while self._rows(_BACKEND, (pid,)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _execute(conn: Connection, query: bytes, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    pid = conn.info.backend_pid
    try:
        return conn.execute(query, parameters, prepare=True, binary=True).fetchall()
    except psycopg.OperationalError as error:
        if conn.closed:
            raise _ConnectionLost(pid, str(error)) from error
        _unavailable(error)
    except psycopg.Error as error:
        refusal = _REFUSALS.get(error.sqlstate or "")
        if refusal is None:
            raise
        values = msgspec.json.decode(error.diag.message_detail or "{}", type=dict[str, Any])
        raise refusal(**values) from error


def _arguments(events: Sequence[StoredEvent], guards: Sequence[Guard]) -> tuple[list[Any], ...]:
    return (
        [event.originator_id for event in events],
        [event.originator_version for event in events],
        [event.topic for event in events],
        [event.state for event in events],
        [guard.kind.value for guard in guards],
        [guard.scope for guard in guards],
        [guard.amount for guard in guards],
        [guard.limit for guard in guards],
        [guard.ref for guard in guards],
    )


def _unavailable(error: Exception) -> NoReturn:
    why = str(error).partition("\n")[0]
    raise StoreUnavailable(why=why) from error
