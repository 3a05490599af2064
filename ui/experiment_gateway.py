"""How the jobs of each experiment stand, in one question for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from ui.gateway import Gateway, in_thread


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``counts`` by status; ``scores``: lowest and highest of each by name."""

    counts: Mapping[str, int] = {}
    tasks: int = 0
    last: datetime | None = None
    scores: Mapping[str, tuple[float, float]] = {}


async def standings(gateway: Gateway) -> dict[str, Standing]:
    """By experiment; one without jobs and tasks is left out."""
    reads, desks, actor = gateway.reads, gateway.desks, gateway.actor

    def ask() -> dict[str, Standing]:
        rows = desks.experiment_counts(actor)
        scores = desks.experiment_scores(actor)
        tasks = reads.tasks(actor)
        known = {row.experiment for row in rows} | {task.experiment for task in tasks}
        return {
            id: Standing(
                counts={r.status: r.jobs for r in rows if r.experiment == id},
                tasks=sum(task.experiment == id for task in tasks),
                last=max((r.last for r in rows if r.experiment == id), default=None),
                scores={s.name: (s.lowest, s.highest) for s in scores if s.experiment == id},
            )
            for id in known
        }

    return await in_thread(ask)
