"""When to look again: at once, at news that concern the subscriber, and now and then anyway.

After a look news are gathered for a moment, so that a burst is two looks. The credential is looked up anew within
half a minute, after a look and for each subscriber at a moment of its own, so that a thousand proofs are not in
the way of what all of them wait for. A revoked one ends the subscription.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

from application.actor import Actor
from application.live import Change
from graphql_api.context import Context
from projections.jobs import JOBS_PROJECTION

IDLE_S = 5.0
PROVE_AGAIN_S = 25.0  # and IDLE_S until it is seen that they are over
JOBS_OR_ANY = frozenset(("", JOBS_PROJECTION.position_name))


async def wakes(
    context: Context, concerns: Callable[[Change], bool], *, gather_s: float
) -> AsyncIterator[Actor]:
    """The actor, each time it is worth looking. Raises when the credential is good no more."""
    loop = asyncio.get_running_loop()
    actor, good_until = await context.authenticate(), loop.time() + _a_while()
    with context.use.live.watch(concerns) as watcher:
        while True:
            yield actor
            await asyncio.sleep(gather_s)
            if loop.time() > good_until:
                actor, good_until = await context.authenticate(), loop.time() + _a_while()
            await watcher.next(IDLE_S)
            watcher.forget()


def _a_while() -> float:
    return PROVE_AGAIN_S * random.uniform(0.5, 1)  # noqa: S311  # nothing is kept secret by it


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


def of_jobs(change: Change) -> bool:
    """Rows of jobs moved, or nobody knows what did."""
    return change.model in JOBS_OR_ANY and not change.telemetry
