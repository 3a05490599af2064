"""How many jobs of a team are in each status, counted once for all its open pages.

Counting a million rows takes a while; a count is shared by whoever asks meanwhile and sees the same
jobs, and kept for twenty times as long as it took, but at most for some seconds. Where counting is
slow nobody waits for the next count: who asks meanwhile gets the last one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable, Mapping
from typing import Protocol

from application.actor import Actor
from application.sight import sees_as
from ui.threads import in_thread

KEPT_FOLD = 20.0
KEPT_AT_MOST_S = 10.0
SLOW_S = 0.03
STALE_AT_MOST_S = 60.0

Found = Mapping[str, int]


class JobCounts(Protocol):
    def job_counts(self, actor: Actor) -> Found:
        """By status; may take a while."""
        ...


class _Count:
    """``before``: what a slow count said last, for whoever does not wait for this one."""

    found: asyncio.Future[Found]

    def __init__(self, before: Found | None) -> None:
        self.before = before
        self.took_s, self.ended = 0.0, 0.0

    def fresh(self, kept_fold: float) -> bool:
        kept = min(self.took_s * kept_fold, KEPT_AT_MOST_S)
        return not self.found.done() or time.monotonic() < self.ended + kept

    def for_the_next(self, slow_s: float) -> Found | None:
        recent = time.monotonic() < self.ended + STALE_AT_MOST_S
        return self.found.result() if recent and self.took_s > slow_s else None


class Counts:
    """Of one web process; its methods belong to its event loop."""

    def __init__(
        self, reads: JobCounts, *, slow_s: float = SLOW_S, kept_fold: float = KEPT_FOLD
    ) -> None:
        self._reads = reads
        self._slow_s, self._kept_fold = slow_s, kept_fold
        self._counts: dict[Hashable, _Count] = {}

    async def of(self, actor: Actor) -> Found:
        """By status; statuses without a job are left out."""
        count = self._counts.get(sees_as(actor))
        if count is None or not count.fresh(self._kept_fold):
            count = self._begin(actor, count.for_the_next(self._slow_s) if count else None)
        if count.before is not None and not count.found.done():
            return count.before
        return await asyncio.shield(count.found)

    def _begin(self, actor: Actor, before: Found | None) -> _Count:
        count = self._counts[sees_as(actor)] = _Count(before)
        count.found = asyncio.ensure_future(self._ask(actor, count))
        count.found.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return count

    async def _ask(self, actor: Actor, count: _Count) -> Found:
        begun = time.monotonic()
        try:
            return await in_thread(lambda: self._reads.job_counts(actor))
        except BaseException:
            self._counts.pop(sees_as(actor), None)
            raise
        finally:
            count.ended = time.monotonic()
            count.took_s = count.ended - begun
