"""The event log as one team may read it: which streams are whose, and pages of events by position.

A stream belongs to the team its first event names. Accounts and sessions belong to nobody's team
and are never shown. Not here: permission, which the caller asks first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from projections.queries import Queries
from projections.rows import EventRow

SCAN_ROWS = 1_000
SCANS_AT_MOST = 20
LIMIT_AT_MOST = 1_000
QUOTA_PREFIX = "quota_"


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as recorded. ``data`` are its own fields; ``by`` and ``at`` are its envelope's."""

    position: int
    at: datetime
    recorded_at: datetime
    stream: str
    version: int
    name: str
    by: str
    data: Mapping[str, object]


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """``cursor`` is the last position looked at; ``more`` is whether to ask again at once."""

    events: tuple[EventView, ...]
    cursor: int
    more: bool


class LogReading:
    """Safe to share between threads. What team a stream is of never changes, so it is remembered."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._remembered = lru_cache(maxsize=50_000)(self._team_of)

    def page(self, team: str, *, after: int, limit: int, streams: Sequence[str]) -> EventPage:
        """At most ``limit`` of the team's events after a position, in order."""
        most = max(1, min(limit, LIMIT_AT_MOST))
        mine = [stream for stream in streams if self.team_of(stream) == team]
        if streams and not mine:
            return EventPage(events=(), cursor=after, more=False)
        found: list[EventView] = []
        cursor = after
        for _ in range(SCANS_AT_MOST):
            rows = self._queries.events(after=cursor, limit=SCAN_ROWS, streams=mine)
            for row in rows:
                cursor = row.position
                if self.team_of(row.stream) == team:
                    found.append(_view(row))
                if len(found) == most:
                    return EventPage(events=tuple(found), cursor=cursor, more=True)
            if len(rows) < SCAN_ROWS:
                return EventPage(events=tuple(found), cursor=cursor, more=False)
        return EventPage(events=tuple(found), cursor=cursor, more=True)

    def back(
        self, team: str, *, before: int, limit: int, kind: str, streams: Sequence[str]
    ) -> EventPage:
        """The same newest first, before a position; ``kind`` is the first word of their names."""
        most = max(1, min(limit, LIMIT_AT_MOST))
        mine = [stream for stream in streams if self.team_of(stream) == team]
        found: list[EventView] = []
        cursor = before
        if streams and not mine:
            return EventPage(events=(), cursor=before, more=False)
        for _ in range(SCANS_AT_MOST):
            rows = self._queries.events_back(
                before=cursor, limit=SCAN_ROWS, kind=kind, streams=mine
            )
            for row in rows:
                cursor = row.position
                if self.team_of(row.stream) == team:
                    found.append(_view(row))
                if len(found) == most:
                    return EventPage(events=tuple(found), cursor=cursor, more=True)
            if len(rows) < SCAN_ROWS:
                return EventPage(events=tuple(found), cursor=cursor, more=False)
        return EventPage(events=tuple(found), cursor=cursor, more=True)

    def jobs_between(self, team: str, *, after: int, upto: int) -> tuple[list[str], int]:
        """Ids of the team's jobs with an event in the range, and how far it was looked at."""
        found: dict[str, None] = {}
        cursor = after
        for _ in range(SCANS_AT_MOST):
            rows = self._queries.events(after=cursor, limit=SCAN_ROWS, upto=upto)
            for row in rows:
                if row.stream.startswith("job_") and self.team_of(row.stream) == team:
                    found[row.stream] = None
            if len(rows) < SCAN_ROWS:
                return list(found), upto
            cursor = rows[-1].position
        return list(found), cursor

    def team_of(self, stream: str) -> str:
        """The team's id, or an empty string for what is no team's or not there."""
        if stream.startswith("team_"):
            return stream
        if stream.startswith(QUOTA_PREFIX):
            return stream.removeprefix(QUOTA_PREFIX).split(":")[1] if ":" in stream else ""
        if stream.startswith(("user_", "session_", "desk_")):  # a person's own
            return ""
        try:
            return self._remembered(stream)
        except KeyError:  # not there yet: not remembered
            return ""

    def _team_of(self, stream: str) -> str:
        first = self._queries.events(after=0, limit=1, streams=(stream,))
        if not first:
            raise KeyError(stream)
        fields = msgspec.json.decode(first[0].state, type=dict[str, object])
        return str(fields.get("team", ""))


_ENVELOPE = frozenset({"originator_id", "originator_version", "at", "by", "type", "cause"})


def _view(row: EventRow) -> EventView:
    fields = msgspec.json.decode(row.state, type=dict[str, object])
    return EventView(
        position=row.position,
        at=msgspec.convert(fields.get("at"), datetime) if "at" in fields else row.recorded_at,
        recorded_at=row.recorded_at,
        stream=row.stream,
        version=row.version,
        name=row.topic,
        by=str(fields.get("by", "")),
        data={k: v for k, v in fields.items() if k not in _ENVELOPE},
    )
