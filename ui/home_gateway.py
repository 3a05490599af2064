"""What the first page asks, in one go off the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from application.log_reading import EventView
from application.permissions import Action
from application.quota_reading import Quota
from projections.job_lists import JobFilter
from projections.projector import END
from projections.rows import JobRow, ProviderRow
from ui.gateway import Gateway, in_thread

LIVE = ("RUNNING", "LAUNCHING", "QUEUED")
SHOWN = 8
LOOKED_AT = 200
SAMPLE = 200


@dataclass(frozen=True, kw_only=True)
class Now:
    """``waiting`` counts queued jobs by provider; ``queue_s`` are how long the latest jobs waited."""

    active: Sequence[JobRow]
    failed: Sequence[JobRow]
    providers: Sequence[ProviderRow]
    waiting: dict[str, int]
    accelerators: int
    quota: Quota
    queue_s: Sequence[float]
    events: Sequence[EventView]
    tasks: int
    jobs: int


async def now_of(gateway: Gateway) -> Now:
    """Everything the first page shows of the team."""
    reads, actor = gateway.reads, gateway.actor

    def ask() -> Now:
        mine = JobFilter(statuses=LIVE, owner=actor.user, hidden=False)
        live = reads.jobs(actor, JobFilter(statuses=LIVE, hidden=False), limit=SAMPLE)
        own = reads.jobs(actor, mine, limit=SHOWN)
        known = {row.id for row in own}
        ended = reads.jobs(actor, JobFilter(statuses=("FAILED",), hidden=False), limit=5)
        recent = reads.jobs(actor, JobFilter(statuses=("RUNNING", "COMPLETE")), limit=50)
        log = allowed_log(gateway)
        return Now(
            active=[*own, *(r for r in live if r.id not in known)][:SHOWN],
            failed=ended,
            providers=reads.providers(actor),
            waiting=dict(Counter(r.provider for r in live if r.status == "QUEUED")),
            accelerators=sum(accelerators_of(r) for r in live if r.status == "RUNNING"),
            quota=reads.quota(actor),
            queue_s=[
                (r.launching_at - r.queued_at).total_seconds() for r in recent if r.launching_at
            ],
            events=log,
            tasks=len(reads.tasks(actor)),
            jobs=len(reads.jobs(actor, limit=1)),
        )

    return await in_thread(ask)


def allowed_log(gateway: Gateway) -> Sequence[EventView]:
    """The team's latest events, for those who may read the log."""
    if not gateway.may(Action.READ_LOG):
        return ()
    return gateway.reads.events_back(gateway.actor, before=END, limit=LOOKED_AT).events


def accelerators_of(row: JobRow) -> int:
    wanted = row.spec.get("resources", {}).get("accelerators") or {}
    return int(wanted.get("count", 0)) * int(row.spec.get("resources", {}).get("num_nodes", 1))
