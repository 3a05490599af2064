"""Desk: what one person keeps at hand in one team. Favourite jobs, and views of lists by name.

Nobody else sees a desk, and nothing is decided by it. Not here: what is on a job for everybody
(``domain/job_marks.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidInput
from domain.model import Envelope, Event

PREFIX = "desk_"
VIEWS_AT_MOST = 50
STARS_AT_MOST = 1_000
QUERY_AT_MOST = 2_000


class JobStarred(Event, frozen=True, kw_only=True, tag="desk.job_starred.v1"):
    team: str
    user: str
    job: str


class JobUnstarred(Event, frozen=True, kw_only=True, tag="desk.job_unstarred.v1"):
    team: str
    user: str
    job: str


class ViewSaved(Event, frozen=True, kw_only=True, tag="desk.view_saved.v1"):
    """``query`` is the part of the address that filters and sorts ``page`` (``jobs``)."""

    team: str
    user: str
    page: str
    name: str
    query: str


class ViewDeleted(Event, frozen=True, kw_only=True, tag="desk.view_deleted.v1"):
    team: str
    user: str
    page: str
    name: str


DeskEvent: TypeAlias = JobStarred | JobUnstarred | ViewSaved | ViewDeleted
EVENTS: tuple[type[Event], ...] = get_args(DeskEvent)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    version: int = 0
    team: str = ""
    user: str = ""
    stars: frozenset[str] = frozenset()
    views: Mapping[tuple[str, str], str] = {}
    """Query by page and name."""

    def evolve(self, event: Event) -> Desk:
        s = replace(self, version=event.originator_version)
        match event:
            case JobStarred():
                return replace(s, stars=s.stars | {event.job})
            case JobUnstarred():
                return replace(s, stars=s.stars - {event.job})
            case ViewSaved():
                return replace(s, views={**s.views, (event.page, event.name): event.query})
            case ViewDeleted():
                gone = (event.page, event.name)
                return replace(s, views={k: v for k, v in s.views.items() if k != gone})
        return s

    def star(self, job: str, *, now: datetime, by: str) -> list[DeskEvent]:
        if job in self.stars:
            return []
        if len(self.stars) >= STARS_AT_MOST:
            way_out = f"At most {STARS_AT_MOST:,} jobs can be favourites; take one off first."
            raise InvalidInput(field="job", value=job, way_out=way_out)
        return [JobStarred(job=job, **self._whose(), **self._next(now, by))]

    def unstar(self, job: str, *, now: datetime, by: str) -> list[DeskEvent]:
        if job not in self.stars:
            return []
        return [JobUnstarred(job=job, **self._whose(), **self._next(now, by))]

    def save_view(
        self, page: str, name: str, query: str, *, now: datetime, by: str
    ) -> list[DeskEvent]:
        """Keep ``query`` under a name; a view of that name is replaced."""
        if self.views.get((page, name)) == query:
            return []
        if len(query) > QUERY_AT_MOST:
            way_out = f"Save at most {QUERY_AT_MOST:,} characters."
            raise InvalidInput(field="query", value=query, way_out=way_out)
        if len(self.views) >= VIEWS_AT_MOST and (page, name) not in self.views:
            way_out = f"At most {VIEWS_AT_MOST} views can be kept; delete one first."
            raise InvalidInput(field="name", value=name, way_out=way_out)
        return [
            ViewSaved(page=page, name=name, query=query, **self._whose(), **self._next(now, by))
        ]

    def delete_view(self, page: str, name: str, *, now: datetime, by: str) -> list[DeskEvent]:
        if (page, name) not in self.views:
            return []
        return [ViewDeleted(page=page, name=name, **self._whose(), **self._next(now, by))]

    def _whose(self) -> Mapping[str, str]:
        return {"team": self.team, "user": self.user}

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": stream_of(team=self.team, user=self.user),
            "originator_version": self.version + 1,
            "at": now,
            "by": by,
        }


def stream_of(*, team: str, user: str) -> str:
    return f"{PREFIX}{team}:{user}"


def fold(events: Iterable[Event], *, team: str, user: str) -> Desk:
    desk = Desk(team=team, user=user)
    for event in events:
        desk = desk.evolve(event)
    return desk
