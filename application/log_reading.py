"""The event log as one team may read it: pages of events by position, filtered, with their sentences.

A stream belongs to the team its first event names. Accounts and sessions belong to nobody's team
and are never shown. Not here: permission, which the caller asks first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import msgspec

from application.sentences import Names, sentence
from application.sight import REGISTERED
from application.wording import by_whom
from domain.codec import EVERYTHING
from domain.errors import UnknownEvent
from domain.model import Recorded
from domain.rules import REGISTRY
from projections.log_index import Said, team_of
from projections.log_queries import LogFilter
from projections.queries import Queries
from projections.rows import EventRow

SCAN_ROWS = 1_000
SCANS_AT_MOST = 20
LIMIT_AT_MOST = 1_000
RULED = ("exp_", "prov_", "task_", "job_", "art_")
Chains: TypeAlias = tuple[tuple[str, ...], ...]
See: TypeAlias = Callable[[Chains], bool]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as recorded. ``data`` are its own fields; ``by``, ``at`` and ``cause`` its envelope's.

    ``who`` and ``sentence`` are for people.
    """

    position: int
    at: datetime
    recorded_at: datetime
    stream: str
    version: int
    name: str
    by: str
    who: str
    cause: str
    sentence: str
    data: Mapping[str, object]


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """``cursor`` goes on: the last position looked at; ``more`` is whether to ask again at once."""

    events: tuple[EventView, ...]
    cursor: int
    more: bool


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many events there were in each of some equal stretches of time from ``begin`` to ``end``.

    Stretch ``n`` is of the positions after ``bounds[n]`` up to ``bounds[n + 1]``.
    """

    begin: datetime
    end: datetime
    counts: tuple[int, ...] = ()
    bounds: tuple[int, ...] = ()


def everything(_: Chains) -> bool:
    """The ``see`` of those who may be told of all."""
    return True


class _Place(NamedTuple):
    team: str
    chains: Chains


class LogReading:
    """Safe to share between threads. What team a stream is of never changes, so it is remembered."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._remembered = lru_cache(maxsize=50_000)(self._read_place)

    def page(
        self,
        team: str,
        where: LogFilter,
        *,
        after: int,
        limit: int,
        names: Names,
        see: See = everything,
    ) -> EventPage:
        """At most ``limit`` of the team's events after a position, in order, as far as the log is indexed.

        What ``see`` hides is passed over: a page may have fewer.
        """
        most = max(1, min(limit, LIMIT_AT_MOST))
        end = self._queries.indexed()  # before the rows: what is indexed meanwhile comes next time
        rows = self._queries.found(
            team, where, after=after, before=end + 1, limit=most + 1, newest=False
        )
        shown = self._views(rows[:most], names, see)
        more = len(rows) > most
        return EventPage(
            events=shown, cursor=rows[most - 1].position if more else max(after, end), more=more
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
        see: See = everything,
    ) -> EventPage:
        """The same newest first, between two positions."""
        most = max(1, min(limit, LIMIT_AT_MOST))
        rows = self._queries.found(
            team, where, after=after, before=before, limit=most + 1, newest=True
        )
        shown = self._views(rows[:most], names, see)
        cursor = rows[:most][-1].position if rows else before
        return EventPage(events=shown, cursor=cursor, more=len(rows) > most)

    def histogram(
        self, team: str, where: LogFilter, *, after: int, upto: int, slices: int
    ) -> Histogram | None:
        """The team's events between two positions over time; ``None`` when there is none."""
        bounds = {"after": after, "before": upto + 1, "limit": 1}
        first = self._queries.found(team, where, newest=False, **bounds)
        last = self._queries.found(team, where, newest=True, **bounds)
        if not first or not last:
            return None
        begin, end = first[0].recorded_at, last[0].recorded_at
        times = [begin + (end - begin) * n / slices for n in range(1, slices)]
        edges = (first[0].position - 1, *self._queries.positions_at(times), last[0].position)
        counts = self._queries.counted(team, where, bounds=edges)
        return Histogram(begin=begin, end=end, counts=tuple(counts), bounds=edges)

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
            return self._remembered(stream).team
        except KeyError:  # not there yet: not remembered
            return ""

    def chains_of(self, stream: str) -> Chains:
        """The resources that access rules judge its facts by, as ``application/sight.py`` tells."""
        if not stream.startswith(RULED):
            return ()
        try:
            return self._remembered(stream).chains
        except KeyError:
            return ()

    def _views(self, rows: Sequence[EventRow], names: Names, see: See) -> tuple[EventView, ...]:
        return tuple(
            _view(row, names)
            for row in rows
            if see is everything or see(self.chains_of(row.stream))
        )

    def _read_place(self, stream: str) -> _Place:
        first = self._queries.events(after=0, limit=1, streams=(stream,))
        if not first:
            raise KeyError(stream)
        state = first[0].state
        fields = msgspec.json.decode(state, type=dict[str, object])
        experiment = str(fields.get("experiment", ""))
        ruled = stream.startswith(("exp_", "prov_", "task_"))
        own = (stream,) if ruled else (str(fields.get("task", "")),)
        chains: Chains = ((*own, experiment) if experiment else own,)
        if stream.startswith("art_") and fields.get("kind") in REGISTERED:
            chains = (*chains, (REGISTRY,))
        return _Place(team=team_of(stream, msgspec.json.decode(state, type=Said)), chains=chains)


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
        who=by_whom(str(fields.get("by", "")), names),
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
