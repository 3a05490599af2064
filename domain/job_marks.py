"""What people put on a job for each other: tags, and out of sight. Facts of the job's own stream.

They move no job and take part in none of its decisions (``domain/jobs.py``), so they may be recorded
at any time of its life.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec
from msgspec.structs import replace

from domain.errors import InvalidInput
from domain.job_events import JobQueued
from domain.model import NEXT_VERSION, Envelope, Event

TAG = re.compile(r"[\w][\w .:/+-]{0,39}")
TAGS_AT_MOST = 20


class JobTagged(Event, frozen=True, kw_only=True, tag="job.tagged.v1"):
    team: str
    label: str


class JobUntagged(Event, frozen=True, kw_only=True, tag="job.untagged.v1"):
    team: str
    label: str


class JobHidden(Event, frozen=True, kw_only=True, tag="job.hidden.v1"):
    """Left out of lists unless asked for; nothing of it is lost."""

    team: str


class JobUnhidden(Event, frozen=True, kw_only=True, tag="job.unhidden.v1"):
    team: str


MarkEvent: TypeAlias = JobTagged | JobUntagged | JobHidden | JobUnhidden
EVENTS: tuple[type[Event], ...] = get_args(MarkEvent)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """Folded from the job's stream."""

    id: str = ""
    team: str = ""
    tags: tuple[str, ...] = ()
    hidden: bool = False

    def evolve(self, event: Event) -> Marks:
        match event:
            case JobQueued():
                return replace(self, id=event.originator_id, team=event.team)
            case JobTagged():
                return replace(self, tags=(*self.tags, event.label))
            case JobUntagged():
                return replace(self, tags=tuple(t for t in self.tags if t != event.label))
            case JobHidden() | JobUnhidden():
                return replace(self, hidden=isinstance(event, JobHidden))
        return self

    def tag(self, label: str, *, now: datetime, by: str) -> list[MarkEvent]:
        """Put a label on it; one that is there is none. ``InvalidInput`` for what is no label."""
        label = label.strip()
        if not TAG.fullmatch(label):
            way_out = "Use 1 to 40 letters, digits, spaces and . : / + - _, beginning with a letter or digit."
            raise InvalidInput(field="tag", value=label, way_out=way_out)
        if label in self.tags:
            return []
        if len(self.tags) >= TAGS_AT_MOST:
            way_out = f"A job has at most {TAGS_AT_MOST} tags; take one off first."
            raise InvalidInput(field="tag", value=label, way_out=way_out)
        return [JobTagged(team=self.team, label=label, **self._next(now, by))]

    def untag(self, label: str, *, now: datetime, by: str) -> list[MarkEvent]:
        if label not in self.tags:
            return []
        return [JobUntagged(team=self.team, label=label, **self._next(now, by))]

    def hide(self, *, now: datetime, by: str) -> list[MarkEvent]:
        return [] if self.hidden else [JobHidden(team=self.team, **self._next(now, by))]

    def unhide(self, *, now: datetime, by: str) -> list[MarkEvent]:
        return [JobUnhidden(team=self.team, **self._next(now, by))] if self.hidden else []

    def _next(self, now: datetime, by: str) -> Envelope:
        return {
            "originator_id": self.id,
            "originator_version": NEXT_VERSION,
            "at": now,
            "by": by,
        }


def fold(events: Iterable[Event]) -> Marks:
    marks = Marks()
    for event in events:
        marks = marks.evolve(event)
    return marks
