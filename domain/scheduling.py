"""Whose turn it is: the one rule by which waiting jobs are launched, live and in a replay.

The more urgent first, then the older. A job that lacks room holds up those behind it, so that a
large one is not overtaken for ever; any other wait is its own. Not here: how much room there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec


class Ordered(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def priority(self) -> int | None: ...
    @property
    def queued_at(self) -> datetime: ...


class Wait(Protocol):
    @property
    def code(self) -> str: ...


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits. ``not_before`` is when its next attempt may begin."""

    id: str
    priority: int
    queued_at: datetime
    not_before: datetime | None = None


Q = TypeVar("Q", bound=Ordered)
W = TypeVar("W", bound=Wait)


def turn(job: Ordered) -> tuple[int, datetime, str]:
    """Sorts jobs into the order of their turns."""
    return -(job.priority or 0), job.queued_at, job.id


def holds_up(code: str) -> bool:
    """Whether one that waits for this keeps those behind it waiting."""
    return code.startswith("no_room")


def is_resting(not_before: datetime | None, now: datetime) -> bool:
    """Whether it waits for the time of its next attempt."""
    return not_before is not None and not_before > now


def turns(queue: Iterable[Q], wait_of: Callable[[Q], W | None]) -> Iterator[tuple[Q, W | None]]:
    """Each job of an ordered ``queue`` with what it waits for; with ``None`` it is launched now.

    ``wait_of`` is asked at each turn, after those before it were launched.
    """
    for job in queue:
        wait = wait_of(job)
        yield job, wait
        if wait is not None and holds_up(wait.code):
            return
