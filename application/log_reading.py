"""The event log as one team may read it: pages of events by position, filtered, with their sentences.

A stream belongs to the team its first event names. Accounts and sessions belong to nobody's team
and are never shown. Not here: permission, which the caller asks first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from application.sentences import Names, sentence
from domain.codec import EVERYTHING
from domain.errors import UnknownEvent
from domain.model import Recorded
from projections.log_index import Said, team_of
from projections.log_queries import LogFilter
from projections.queries import Queries
from projections.rows import EventRow

SCAN_ROWS = 1_000
SCANS_AT_MOST = 20
LIMIT_AT_MOST = 1_000


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as recorded. ``data`` are its own fields; ``by``, ``at`` and ``cause`` its envelope's."""

    position: int
    at: datetime
    recorded_at: datetime
    stream: str
    version: int
    name: str
    by: str
    cause: str
    sentence: str
    data: Mapping[str, object]


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """``cursor`` goes on: the last position looked at; ``more`` is whether to ask again at once."""

    events: tuple[EventView, ...]
    cursor: int
    more: bool


class LogReading:
    """Safe to share between threads. What team a stream is of never changes, so it is remembered."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._remembered = lru_cache(maxsize=50_000)(self._team_of)

    def page(
        self, team: str, where: LogFilter, *, after: int, limit: int, names: Names
    ) -> EventPage:
        """At most ``limit`` of the team's events after a position, in order, as far as the log is indexed."""
        most = max(1, min(limit, LIMIT_AT_MOST))
        end = self._queries.indexed()  # before the rows: what is indexed meanwhile comes next time
        rows = self._queries.found(
            team, where, after=after, before=end + 1, limit=most + 1, newest=False
        )
        shown = tuple(_view(row, names) for row in rows[:most])
        more = len(rows) > most
        return EventPage(
            events=shown, cursor=shown[-1].position if more else max(after, end), more=more
        )

    def back(
        self,
        team: str,
        where: LogFilter,
        *,
        before: int,
        limit: int,
        names: Names,
        after: int = 0,
    ) -> EventPage:
        """The same newest first, between two positions."""
        most = max(1, min(limit, LIMIT_AT_MOST))
        rows = self._queries.found(
            team, where, after=after, before=before, limit=most + 1, newest=True
        )
        shown = tuple(_view(row, names) for row in rows[:most])
        cursor = shown[-1].position if shown else before
        return EventPage(events=shown, cursor=cursor, more=len(rows) > most)

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

    def recorded(self, streams: Sequence[str], *, upto: int | None = None) -> list[Recorded]:
        """The events of some streams by position. ``UnknownEvent``."""
        found: list[Recorded] = []
        after = 0
        while rows := self._queries.events(
            after=after, limit=SCAN_ROWS, upto=upto, streams=streams
        ):
            for row in rows:
                event = EVERYTHING.decode(row.topic, row.state, version=row.version)
                found.append(Recorded(row.position, row.recorded_at, event))
            after = rows[-1].position
        return found

    def team_of(self, stream: str) -> str:
        """The team's id, or an empty string for what is no team's or not there."""
        try:
            return self._remembered(stream)
        except KeyError:  # not there yet: not remembered
            return ""

    def _team_of(self, stream: str) -> str:
        first = self._queries.events(after=0, limit=1, streams=(stream,))
        if not first:
            raise KeyError(stream)
        return team_of(stream, msgspec.json.decode(first[0].state, type=Said))


_ENVELOPE = frozenset({"originator_id", "originator_version", "at", "by", "type", "cause"})


def _view(row: EventRow, names: Names) -> EventView:
    fields = msgspec.json.decode(row.state, type=dict[str, object])
    return EventView(
        position=row.position,
        at=msgspec.convert(fields.get("at"), datetime) if "at" in fields else row.recorded_at,
        recorded_at=row.recorded_at,
        stream=row.stream,
        version=row.version,
        name=row.topic,
        by=str(fields.get("by", "")),
        cause=str(fields.get("cause", "")),
        sentence=_sentence(row, names),
        data={k: v for k, v in fields.items() if k not in _ENVELOPE},
    )


def _sentence(row: EventRow, names: Names) -> str:
    """A fact of a newer version is shown raw, not passed over."""
    try:
        return sentence(EVERYTHING.decode(row.topic, row.state, version=row.version), names)
    except UnknownEvent as error:
        return str(error)
