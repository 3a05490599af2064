"""Authorised reads of the event log: pages by position, filtered by who, what, when and why."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from functools import partial

import msgspec

from application.actor import Actor
from application.audit_export import Line
from application.log_reading import EventPage, Histogram, LogReading
from application.moments import AsOf
from application.permissions import Action, require
from application.sight import may_hear
from domain.errors import NotFound
from projections.log_queries import END, LogFilter
from projections.queries import Queries

PAGE = 1_000
SLICES = 72


class EventWish(msgspec.Struct, frozen=True, kw_only=True):
    """Empty fields do not filter. ``actor`` is a member (id, address or name: their tokens too), or an event's ``by``.

    ``kind`` is the first word of names. Recorded at ``since`` or later, at ``until`` or before: positions or times.
    """

    actor: str = ""
    kind: str = ""
    name: str = ""
    job: str = ""
    cause: str = ""
    streams: tuple[str, ...] = ()
    since: AsOf | None = None
    until: AsOf | None = None


class AuditReads(ABC):
    """Every method raises ``NotAuthenticated`` or ``PermissionDenied`` before it answers."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._log = LogReading(queries)

    @abstractmethod
    def names(self, actor: Actor) -> dict[str, str]:
        """What ids are called, for whoever asks."""

    @abstractmethod
    def persons(self, actor: Actor) -> dict[str, tuple[str, ...]]:
        """The words by which each member is known, by id."""

    def events(
        self, actor: Actor, wish: EventWish | None = None, *, after: int = 0, limit: int = 100
    ) -> EventPage:
        """The team's events by position; ``cursor`` goes on even over a stretch that held none."""
        require(actor, Action.READ_LOG)
        wish = wish or EventWish()
        first = max(after, self._before(wish.since))
        page = self._log.page(
            actor.team,
            self._filter(actor, wish),
            after=first,
            limit=limit,
            names=self.names(actor),
            see=partial(may_hear, actor),
        )
        return _cut(page, self._last(wish.until)) if wish.until is not None else page

    def events_back(
        self, actor: Actor, wish: EventWish | None = None, *, before: int = END, limit: int = 100
    ) -> EventPage:
        """The team's events newest first; ``cursor`` is the ``before`` to go on with."""
        require(actor, Action.READ_LOG)
        wish = wish or EventWish()
        return self._log.back(
            actor.team,
            self._filter(actor, wish),
            before=min(before, self._last(wish.until) + 1),
            after=self._before(wish.since),
            limit=limit,
            names=self.names(actor),
            see=partial(may_hear, actor),
        )

    def histogram(
        self, actor: Actor, wish: EventWish | None = None, *, slices: int = SLICES
    ) -> Histogram | None:
        """How many events there were over time; ``None`` when there is none.

        What access rules hide from the actor is counted, not told.
        """
        require(actor, Action.READ_LOG)
        wish = wish or EventWish()
        return self._log.histogram(
            actor.team,
            self._filter(actor, wish),
            after=self._before(wish.since),
            upto=self._last(wish.until),
            slices=slices,
        )

    def exported(self, actor: Actor, wish: EventWish) -> Iterator[Line]:
        """Every event that is wanted, in order, as it is exported; as far as the log is indexed now."""
        require(actor, Action.READ_LOG)
        after, more = 0, True
        while more:
            page = self.events(actor, wish, after=after, limit=PAGE)
            links = self._queries.links([view.position for view in page.events])
            for view, link in zip(page.events, links, strict=True):
                yield Line(view=view, link=link)
            after, more = page.cursor, page.more

    def _filter(self, actor: Actor, wish: EventWish) -> LogFilter:
        return LogFilter(
            actors=self._actors(actor, wish.actor) if wish.actor else (),
            kind=wish.kind,
            topic=wish.name if not wish.name or ".v" in wish.name else f"{wish.name}.v1",
            job=wish.job,
            cause=wish.cause,
            streams=wish.streams,
        )

    def _actors(self, actor: Actor, said: str) -> tuple[str, ...]:
        if ":" in said:
            return (said,)
        found = [id for id, words in self.persons(actor).items() if said in (id, *words)]
        if not found:
            raise NotFound(kind="member", id=said)
        tokens = [row.id for id in found for row in self._queries.tokens(id, actor.team)]
        return (*(f"user:{id}" for id in found), *(f"token:{id}" for id in tokens))

    def _before(self, since: AsOf | None) -> int:
        """The position before the first that is wanted."""
        if isinstance(since, datetime):
            return self._queries.position_before(since)
        return 0 if since is None else since - 1

    def _last(self, until: AsOf | None) -> int:
        if isinstance(until, datetime):
            return self._queries.position_at(until)
        return END if until is None else until


def _cut(page: EventPage, last: int) -> EventPage:
    """Without what is after ``last``; then there is no more."""
    if page.cursor <= last:
        return page
    kept = tuple(event for event in page.events if event.position <= last)
    return EventPage(events=kept, cursor=page.cursor, more=False)
