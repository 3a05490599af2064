"""The one way a job's stream grows: whoever ends a job settles its quota in the same append."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.actor import Actor
from application.lab import Change, Lab
from domain.job_events import JobCompleted, JobEvent, JobFailed, JobQuotaExtended, JobStopped
from domain.jobs import Job, fold
from domain.model import Event, Guard
from domain.quotas import extend, settle


def change_job(
    lab: Lab, job: str, decide: Callable[[Job], Sequence[JobEvent]], *, actor: Actor
) -> Change[Job]:
    """Load, decide, append with the ledger's part; again when another fact came first."""
    return lab.change(job, fold, decide, actor=actor, accompany=_ledger)


def _ledger(job: Job, events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Guard]]:
    facts: list[Event] = []
    guards: list[Guard] = []
    hold = job.hold
    for event in events:
        match event:
            case JobCompleted() | JobFailed() | JobStopped():
                entry = settle(hold, event)
            case JobQuotaExtended():
                entry = extend(hold, job=job.id, seconds=event.seconds, now=event.at, by=event.by)
            case _:
                continue
        facts += entry.events
        guards += entry.guards
    return facts, guards
