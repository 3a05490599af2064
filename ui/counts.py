"""How many jobs of a team are in each status, counted once for all its open pages.

Counting a million rows takes a while; a count is shared by whoever asks meanwhile, and kept for
twenty times as long as it took, but at most for some seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from application.actor import Actor
from application.queries import Reads
from ui.threads import in_thread

KEPT_FOLD = 20.0
KEPT_AT_MOST_S = 10.0


@dataclass
class _Count:
    good_until: float
    found: asyncio.Future[Mapping[str, int]]


class Counts:
    """Of one web process; its methods belong to its event loop."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._teams: dict[str, _Count] = {}

    async def of(self, actor: Actor) -> Mapping[str, int]:
        """By status; statuses without a job are left out."""
        known = self._teams.get(actor.team)
        if known and (not known.found.done() or time.monotonic() < known.good_until):
            return await asyncio.shield(known.found)
        count = _Count(0.0, asyncio.ensure_future(self._ask(actor)))
        self._teams[actor.team] = count
        return await asyncio.shield(count.found)

    async def _ask(self, actor: Actor) -> Mapping[str, int]:
        begun = time.monotonic()
        try:
            found = await in_thread(lambda: self._reads.job_counts(actor))
        except BaseException:
            self._teams.pop(actor.team, None)
            raise
        took = time.monotonic() - begun
        kept = min(took * KEPT_FOLD, KEPT_AT_MOST_S)
        if actor.team in self._teams:
            self._teams[actor.team].good_until = begun + took + kept
        return found
