"""Launching many attempts at one provider, with the promises of ``application/commands/attempts.py``.

    lock(every token) ─ claim (one append) ─ provider.submit_many ─ record (one append) ─ unlock

Cut anywhere, each attempt is where a single launch would have left it, and is recovered alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from application.commands.attempts import LAUNCHER, claim, record, refuse, request_for
from application.commands.job_changes import change_jobs
from application.lab import Lab
from domain.ids import JobId, launch_token
from domain.job_events import JobEvent
from domain.jobs import Job
from providers.base import CredentialsRejected, ProviderError, ProviderUnavailable, Submitted

Decide = Callable[[Job], Sequence[JobEvent]]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A queued job after ``attempt`` attempts; ``checkpoint`` is the artifact to resume from."""

    job: str
    attempt: int
    checkpoint: str = ""

    @property
    def token(self) -> str:
        return launch_token(JobId(self.job), self.attempt + 1)


def launch_jobs(lab: Lab, provider: str, jobs: Sequence[Waiting]) -> None:
    """Claim and submit the next attempt of each job that still waits. Repeatable."""
    if not jobs:
        return
    with lab.locks.hold_all([job.token for job in jobs]) as got:
        lab.reached("launch.locked")
        ours = {one.job: partial(_claim, lab, one, provider) for one in jobs if one.token in got}
        claimed = change_jobs(lab, ours, actor=LAUNCHER)
        if not claimed:
            return
        lab.reached("launch.claimed")
        _submit(lab, provider, claimed)


def _submit(lab: Lab, provider: str, jobs: Sequence[Job]) -> None:
    requests = [request_for(lab, job) for job in jobs]
    outcomes = lab.providers.of(provider).submit_many(requests)
    lab.reached("launch.submitted")
    change_jobs(lab, _facts(lab, jobs, outcomes), actor=LAUNCHER)
    lab.reached("launch.recorded")


def _facts(
    lab: Lab, jobs: Sequence[Job], outcomes: Sequence[Submitted | ProviderError]
) -> Mapping[str, Decide]:
    """What each outcome makes of its job; an unknown one is left to recovery."""
    found: dict[str, Decide] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, Submitted):
            found[job.id] = partial(_record, lab, job.attempt, outcome)
        elif not isinstance(outcome, ProviderUnavailable | CredentialsRejected):
            found[job.id] = partial(_refuse, lab, job.attempt, outcome)
    return found


def _claim(lab: Lab, one: Waiting, provider: str, job: Job) -> list[JobEvent]:
    return claim(lab, job, one.attempt, provider=provider, checkpoint=one.checkpoint)


def _record(lab: Lab, attempt: int, submitted: Submitted, job: Job) -> list[JobEvent]:
    return record(lab, job, attempt, submitted, adopted=False)


def _refuse(lab: Lab, attempt: int, refused: ProviderError, job: Job) -> list[JobEvent]:
    return refuse(lab, job, attempt, refused)
