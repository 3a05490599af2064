"""The event log in memory, for tests and demonstrations: the same rules, nothing kept.

Not here: durability (``server/postgres/event_store.py``); one contract suite
binds both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from threading import RLock

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder
from msgspec.structs import replace

from application.log import Fenced, GuardKey, UniqueTaken
from domain.codec import EVERYTHING, Catalogue, encode
from domain.errors import Conflict, QuotaExceeded
from domain.model import NEXT_VERSION, UNLIMITED, Event, Guard, GuardKind, Recorded

Guards = dict[GuardKey, Guard]


def utc_now() -> datetime:
    """The machine's clock, aware."""
    return datetime.now(UTC)


class MemoryEventLog:
    """An ``EventLog`` of this process alone. Safe to share between threads."""

    def __init__(
        self, catalogue: Catalogue = EVERYTHING, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._recorder = POPOApplicationRecorder()
        self._recorded_at: list[datetime] = []
        self._guards: Guards = {}
        self._versions: dict[str, int] = {}
        self._lock = RLock()

    def append(self, events: Sequence[Event], guards: Sequence[Guard] = ()) -> int:
        """See ``EventLog.append``."""
        with self._lock:
            moved = dict(self._guards)
            for guard in guards:
                _MOVES[guard.kind](moved, guard)
            self._insert(events)
            self._guards = moved
            return self.head()

    def stream(self, originator_id: str) -> list[Event]:
        """See ``EventLog.stream``."""
        stored = self._recorder.select_events(originator_id)
        return [self._event(row) for row in sorted(stored, key=lambda s: s.originator_version)]

    def streams(self, originator_ids: Collection[str]) -> dict[str, list[Event]]:
        """See ``EventLog.streams``."""
        with self._lock:
            return {id: self.stream(id) for id in originator_ids}

    def read(self, after: int, limit: int, upto: int | None = None) -> list[Recorded]:
        """See ``EventLog.read``."""
        if limit < 1:
            return []
        with self._lock:
            rows = self._recorder.select_notifications(after, limit, upto, inclusive_of_start=False)
            return [self._recorded(row) for row in rows]

    def head(self) -> int:
        """See ``EventLog.head``."""
        return self._recorder.max_notification_id() or 0

    def guard(self, kind: GuardKind, scope: str) -> Guard | None:
        """See ``EventLog.guard``."""
        return self._guards.get((kind, scope))

    def guards(self, wanted: Collection[GuardKey]) -> dict[GuardKey, Guard]:
        """See ``EventLog.guards``."""
        held = self._guards
        return {key: held[key] for key in wanted if key in held}

    def _insert(self, events: Sequence[Event]) -> None:
        versions: dict[str, int] = {}
        rows: list[StoredEvent] = []
        for event in events:
            stream, version = event.originator_id, event.originator_version
            if version == NEXT_VERSION:
                version = 1 + (versions.get(stream) or self._versions.get(stream, 0))
            versions[stream] = max(version, versions.get(stream, self._versions.get(stream, 0)))
            rows.append(StoredEvent(stream, version, *encode(event)))
        try:
            self._recorder.insert_events(rows)
        except IntegrityError as error:
            raise Conflict(stream=", ".join(versions)) from error
        self._versions |= versions
        now = max([self._clock(), *self._recorded_at[-1:]])
        self._recorded_at += [now] * len(rows)

    def _event(self, row: StoredEvent) -> Event:
        return self._catalogue.decode(row.topic, row.state, version=row.originator_version)

    def _recorded(self, row: Notification) -> Recorded:
        return Recorded(row.id, self._recorded_at[row.id - 1], self._event(row))


def _move_quota(guards: Guards, asked: Guard) -> None:
    key = (asked.kind, asked.scope)
    held = guards.get(key, Guard(asked.kind, asked.scope, 0))
    limit = held.limit if asked.limit is None else asked.limit
    limit = None if limit == UNLIMITED else limit
    used = held.amount + asked.amount
    if asked.amount > 0 and limit is not None and used > limit:
        left = max(limit - held.amount, 0)
        raise QuotaExceeded(scope=asked.scope, asked=asked.amount, left=left, limit=limit)
    guards[key] = replace(held, amount=used, limit=limit)


def _charge(guards: Guards, asked: Guard) -> None:
    key = (GuardKind.QUOTA, asked.scope)
    held = guards.get(key, Guard(GuardKind.QUOTA, asked.scope, 0))
    guards[key] = replace(held, amount=held.amount + asked.amount)


def _move_unique(guards: Guards, asked: Guard) -> None:
    key = (asked.kind, asked.scope)
    held = guards.get(key)
    if asked.amount < 0:
        if held is not None and asked.ref in ("", held.ref):
            del guards[key]
    elif held is None:
        guards[key] = Guard(asked.kind, asked.scope, 1, None, asked.ref)
    elif held.ref != asked.ref:
        raise UniqueTaken(scope=asked.scope, ref=held.ref)


def _move_fence(guards: Guards, asked: Guard) -> None:
    key = (asked.kind, asked.scope)
    held = guards.get(key)
    if held is not None and held.amount > asked.amount:
        raise Fenced(scope=asked.scope, term=asked.amount, seen=held.amount)
    guards[key] = Guard(asked.kind, asked.scope, asked.amount)


_MOVES: dict[GuardKind, Callable[[Guards, Guard], None]] = {
    GuardKind.QUOTA: _move_quota,
    GuardKind.CHARGE: _charge,
    GuardKind.UNIQUE: _move_unique,
    GuardKind.FENCE: _move_fence,
}
