"""Changes of jobs between two positions, read once for all subscribers of a team who wait for them.

Tables and log answer; notifications only say when to look. Not here: who may look.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool

from application.actor import Actor
from application.live import Live
from application.queries import Reads
from application.sight import sees
from projections.jobs import JOBS_PROJECTION
from projections.rows import JobRow

FRESH_S = 0.05
KEPT_AT_MOST = 256
T = TypeVar("T")


class JobChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs with an event in ``(after, position]``, as they are now."""

    jobs: tuple[JobRow, ...]
    position: int


class Feed:
    """Lives on one event loop."""

    def __init__(self, reads: Reads, live: Live) -> None:
        self._reads = reads
        self._live = live
        self._known: OrderedDict[tuple[str, int, int], asyncio.Task[JobChanges]] = OrderedDict()
        self._position: asyncio.Task[int] | None = None
        self._asked_at = 0.0

    async def position(self) -> int:
        """How far the jobs are shown: at most 50 ms old, and looked up anew for what was announced since.

        An announcement alone is not believed: a crash of the database takes back what was not yet on
        disk, and the log folds it again.
        """
        announced = self._live.announced(JOBS_PROJECTION.position_name)
        found = await _answer(self._looked_up(announced))
        if found < announced:  # that look may have begun before
            found = await _answer(self._looked_up(announced))
        return found

    def _looked_up(self, wanted: int) -> asyncio.Task[int]:
        now, last = asyncio.get_running_loop().time(), self._position
        if last is None or (
            last.done() and (now - self._asked_at > FRESH_S or last.result() < wanted)
        ):
            self._asked_at = now
            last = asyncio.ensure_future(run_in_threadpool(self._reads.jobs_position))
            self._position = last
        return last

    async def changes(self, actor: Actor, *, after: int) -> JobChanges:
        """What changed after a position, up to what is shown now."""
        upto = await self.position()
        if upto <= after:
            return JobChanges(jobs=(), position=after)
        key = (actor.team, after, upto)
        if key not in self._known:
            look = run_in_threadpool(self._read, actor, after, upto)
            self._known[key] = asyncio.ensure_future(look)
            while len(self._known) > KEPT_AT_MOST:
                self._known.popitem(last=False)
        try:
            found = await _answer(self._known[key])
            seen = tuple(row for row in found.jobs if sees(actor, row))
            return found if seen == found.jobs else msgspec.structs.replace(found, jobs=seen)
        except BaseException:
            self._known.pop(key, None)
            raise

    def _read(self, actor: Actor, after: int, upto: int) -> JobChanges:
        rows, position = self._reads.jobs_changed(actor, after=after, upto=upto)
        return JobChanges(jobs=tuple(rows), position=position)


async def _answer(asked: asyncio.Task[T]) -> T:
    """Whoever goes away meanwhile takes it from nobody else."""
    return asked.result() if asked.done() else await asyncio.shield(asked)
