"""The event log on PostgreSQL: events through the codec, rows through the recorder.

Not here: the connection's troubles and the SQL (``recorder.py``, ``migrations/``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC

from eventsourcing.persistence import StoredEvent

from application.log import GuardKey
from domain.codec import EVERYTHING, Catalogue, encode
from domain.model import Event, Guard, GuardKind, Recorded
from projections.connection import Pool
from server.postgres.recorder import LabRecorder


class PostgresEventLog:
    """An ``EventLog`` in one migrated schema. Safe to share; the pool stays the caller's."""

    def __init__(
        self, pool: Pool, schema: str = "lab", *, catalogue: Catalogue = EVERYTHING
    ) -> None:
        self._recorder = LabRecorder(pool, schema)
        self._catalogue = catalogue

    def append(self, events: Sequence[Event], guards: Sequence[Guard] = ()) -> int:
        """See ``EventLog.append``. A broken connection is repaired when that records no twin."""
        rows = [StoredEvent(e.originator_id, e.originator_version, *encode(e)) for e in events]
        causes = [event.cause for event in events]
        return self._recorder.insert_events(rows, guards=guards, causes=causes)[-1]

    def stream(self, originator_id: str) -> list[Event]:
        """See ``EventLog.stream``."""
        return [self._event(row) for row in self._recorder.select_events(originator_id)]

    def streams(self, originator_ids: Collection[str]) -> dict[str, list[Event]]:
        """See ``EventLog.streams``."""
        found: dict[str, list[Event]] = {id: [] for id in originator_ids}
        for row in self._recorder.select_streams(list(found)) if found else ():
            found[str(row.originator_id)].append(self._event(row))
        return found

    def read(self, after: int, limit: int, upto: int | None = None) -> list[Recorded]:
        """See ``EventLog.read``."""
        rows = self._recorder.select_notifications(after, limit, upto, inclusive_of_start=False)
        return [Recorded(r.id, r.recorded_at.astimezone(UTC), self._event(r)) for r in rows]

    def head(self) -> int:
        """See ``EventLog.head``."""
        return self._recorder.max_notification_id() or 0

    def guard(self, kind: GuardKind, scope: str) -> Guard | None:
        """See ``EventLog.guard``."""
        held = self._recorder.select_guard(kind.value, scope)
        return None if held is None else Guard(kind, scope, *held)

    def guards(self, wanted: Collection[GuardKey]) -> dict[GuardKey, Guard]:
        """See ``EventLog.guards``."""
        if not wanted:
            return {}
        rows = self._recorder.select_guards([(kind.value, scope) for kind, scope in wanted])
        held = (Guard(GuardKind(kind), scope, *values) for kind, scope, *values in rows)
        return {(guard.kind, guard.scope): guard for guard in held}

    def _event(self, row: StoredEvent) -> Event:
        return self._catalogue.decode(row.topic, row.state, version=row.originator_version)
