"""When to look again: at once, after news that concern the subscriber, and now and then anyway.

News are gathered for a moment, so that a burst is one look. The credential is looked up anew each
half minute: a revoked one ends the subscription.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from application.actor import Actor
from application.live import Change
from graphql_api.context import Context

IDLE_S = 5.0
PROVE_AGAIN_S = 30.0


async def wakes(
    context: Context, concerns: Callable[[Change], bool], *, gather_s: float
) -> AsyncIterator[Actor]:
    """The actor, each time it is worth looking. Raises when the credential is good no more."""
    loop = asyncio.get_running_loop()
    actor = await context.authenticate()
    proved_at = loop.time()
    with context.use.live.watch() as watcher:
        while True:
            yield actor
            end = loop.time() + IDLE_S
            while (left := end - loop.time()) > 0:
                change = await watcher.next(left)
                if change is not None and concerns(change):
                    await asyncio.sleep(gather_s)
                    break
            if loop.time() - proved_at > PROVE_AGAIN_S:
                actor, proved_at = await context.authenticate(), loop.time()


def of_job(job: str, what: str) -> Callable[[Change], bool]:
    """News of one job: that its row moved, or that ``what`` (a letter of ``Change``) streamed."""

    def concerns(change: Change) -> bool:
        if change.keys is None:
            return True
        return job in change.keys and (not change.telemetry or what in change.telemetry)

    return concerns


def of_rows(change: Change) -> bool:
    """Rows moved, whichever."""
    return not change.telemetry
