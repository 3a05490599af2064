"""Changes of jobs between two positions, read once for all subscribers of a team who wait for them.

Tables and log answer; notifications only say when to look. Not here: who may look.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Generic, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool

from application.actor import Actor
from application.live import Live
from application.queries import Reads
from application.sight import sees
from projections.job_lists import JobFilter
from projections.jobs import JOBS_PROJECTION
from projections.rows import JobRow

FRESH_S = 0.05
KEPT_AT_MOST = 32
T = TypeVar("T")


class JobChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs with an event in ``(after, position]``, as they are now."""

    jobs: tuple[JobRow, ...]
    position: int
    shown: dict[JobFilter, object] = msgspec.field(default_factory=dict)
    """As the API shows them through a filter, made once for all who see the same."""


class Lookup(Generic[T]):
    """What all who wait for it are told; whoever goes away meanwhile takes it from nobody else.

    A thousand who wait on an event cost half of what a thousand shields of its task would.
    """

    def __init__(self, looking: Coroutine[object, object, T]) -> None:
        self._task = asyncio.ensure_future(looking)
        self._over = asyncio.Event()
        self._task.add_done_callback(lambda _: self._over.set())

    def done(self) -> bool:
        return self._task.done()

    def result(self) -> T:
        return self._task.result()

    async def answer(self) -> T:
        """The result, or what was raised."""
        if not self._task.done():
            await self._over.wait()
        return self._task.result()


class Feed:
    """Lives on one event loop."""

    def __init__(self, reads: Reads, live: Live) -> None:
        self._reads = reads
        self._live = live
        self._known: OrderedDict[tuple[str, int, int], Lookup[JobChanges]] = OrderedDict()
        self._position: Lookup[int] | None = None
        self._asked_at = 0.0

    async def position(self) -> int:
        """How far the jobs are shown: at most 50 ms old, and looked up anew for what was announced since.

        An announcement alone is not believed: a crash of the database takes back what was not yet on
        disk, and the log folds it again.
        """
        announced = self._live.announced(JOBS_PROJECTION.position_name)
        found = await self._looked_up(announced).answer()
        if found < announced:  # that look may have begun before
            found = await self._looked_up(announced).answer()
        return found

    def _looked_up(self, wanted: int) -> Lookup[int]:
        now, last = asyncio.get_running_loop().time(), self._position
        if last is None or (
            last.done() and (now - self._asked_at > FRESH_S or last.result() < wanted)
        ):
            self._asked_at = now
            last = Lookup(run_in_threadpool(self._reads.jobs_position))
            self._position = last
        return last

    async def changes(self, actor: Actor, *, after: int) -> JobChanges:
        """What changed after a position, up to what is shown now."""
        upto = await self.position()
        if upto <= after:
            return JobChanges(jobs=(), position=after)
        key = (actor.team, after, upto)
        if key not in self._known:
            self._known[key] = Lookup(run_in_threadpool(self._read, actor, after, upto))
            while len(self._known) > KEPT_AT_MOST:
                self._known.popitem(last=False)
        try:
            found = await self._known[key].answer()
            seen = tuple(row for row in found.jobs if sees(actor, row))
            return found if seen == found.jobs else JobChanges(jobs=seen, position=found.position)
        except BaseException:
            self._known.pop(key, None)
            raise

    def _read(self, actor: Actor, after: int, upto: int) -> JobChanges:
        rows, position = self._reads.jobs_changed(actor, after=after, upto=upto)
        return JobChanges(jobs=tuple(rows), position=position)
