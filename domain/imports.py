"""A run that was recorded without a server, as a job: it has no provider, holds no quota, costs nothing.

Not here: what its journal then says of it, which enters as any node's does (``domain/jobs.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.job_events import JobQueued, QuotaHold
from domain.jobs import Job
from domain.model import Event
from domain.observations import Observation, Phase

NO_HOLD = QuotaHold(scopes=(), seconds=0, weight=0.0)
"""Weight 0: time on a person's own machine is not compute of the team."""


def imported(queued: JobQueued) -> Sequence[Event]:
    """``queued`` and the facts that make it run since the same moment, as its first attempt."""
    job = Job().evolve(queued)
    launching = job.launch(now=queued.at, by=queued.by)
    for fact in launching:
        job = job.evolve(fact)
    seen = Observation(attempt=job.attempt, phase=Phase.RUNNING, at=queued.at, source="import")
    return [queued, *launching, *job.observe(seen, now=queued.at, by=queued.by)]
