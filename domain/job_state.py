"""Where a job stands: the state folded from its stream, and the arm for each fact.

Appliers only assign: they will run again in ten years. Decisions are in ``domain/jobs.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from domain.ids import JobId, Token
from domain.job_events import (
    FINAL,
    USER_FAULTS,
    BudgetHold,
    JobActiveAgain,
    JobAttemptFailed,
    JobBudgetHeld,
    JobCompleted,
    JobErrorReported,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobMoved,
    JobQueued,
    JobQuotaExtended,
    JobResultReported,
    JobRunning,
    JobSeenAgain,
    JobSetupStarted,
    JobStalled,
    JobStatus,
    JobStopped,
    JobStopRequested,
    JobSubmitted,
    JobUnseen,
    JobWaitExplained,
    QuotaHold,
)
from domain.job_spec import JobSpec
from domain.model import Event

Changes = Mapping[str, object]


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """State folded from the stream.

    ``machine_at`` is since when the present attempt is charged, ``held_s`` are seconds of machine
    time of the attempts before it, and ``spent`` what those cost.
    """

    id: JobId = JobId("")
    version: int = 0
    status: JobStatus = JobStatus.QUEUED
    team: str = ""
    owner: str = ""
    experiment: str = ""
    task: str = ""
    provider: str = ""
    spec: JobSpec = JobSpec(name="", run="")
    hold: QuotaHold = QuotaHold(scopes=(), seconds=0)
    budget: BudgetHold = BudgetHold(scopes=())
    resumed_from: str = ""
    attempt: int = 0
    token: Token = Token("")
    ref: str = ""
    resume_checkpoint: str = ""
    wait_code: str = ""
    queued_at: datetime | None = None
    not_before: datetime | None = None
    launching_at: datetime | None = None
    machine_at: datetime | None = None
    setup_seen: bool = False
    running_at: datetime | None = None
    unseen_since: datetime | None = None
    stalled_since: datetime | None = None
    stop: JobStopRequested | None = None
    user_error: str = ""
    result: JobResultReported | None = None
    user_faults: int = 0
    platform_faults: int = 0
    held_s: float = 0.0
    price_per_hour: float = 0.0
    currency: str = ""
    spent: float = 0.0

    def evolve(self, event: Event) -> Self:
        """The state after ``event``: total, assigns only."""
        applier = APPLIERS.get(type(event))
        changes = applier(self, event) if applier else {}
        return replace(
            self,
            id=JobId(event.originator_id),
            version=event.originator_version,
            **changes,
        )

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def has_machine(self) -> bool:
        """Whether something of this job may exist at its provider."""
        return self.status in (JobStatus.LAUNCHING, JobStatus.RUNNING)

    @property
    def imported(self) -> bool:
        """Recorded offline: no provider ever had it."""
        return not self.provider

    def used_s(self, now: datetime) -> int:
        """Weighted compute seconds used until ``now``: while a machine was held, rounded up."""
        return math.ceil((self.held_s + self.machine_s(now)) * self.hold.weight)

    def cost(self, now: datetime) -> float:
        """Money until ``now``, in ``currency``: machine time at the price frozen with each lease."""
        return round(self.spent + self.machine_s(now) / 3600 * self.price_per_hour, 6)

    def machine_s(self, now: datetime) -> float:
        """Seconds for which the present attempt has held a machine; 0 while it waits for one."""
        return max(0.0, (now - self.machine_at).total_seconds()) if self.machine_at else 0.0


def _queued(job: JobState, event: JobQueued) -> Changes:
    return {
        "status": JobStatus.QUEUED,
        "team": event.team,
        "owner": event.owner,
        "experiment": event.experiment,
        "task": event.task,
        "provider": event.provider,
        "spec": event.spec,
        "hold": event.hold,
        "budget": event.budget,
        "resumed_from": event.resumed_from,
        "queued_at": event.at,
    }


def _moved(job: JobState, event: JobMoved) -> Changes:
    return {
        "provider": event.provider,
        "budget": replace(job.budget, amount=event.budget),
        "wait_code": "",
    }


def _launching(job: JobState, event: JobLaunching) -> Changes:
    return {
        "status": JobStatus.LAUNCHING,
        "attempt": event.attempt,
        "token": Token(event.token),
        "ref": "",
        "resume_checkpoint": event.resume_checkpoint,
        "wait_code": "",
        "launching_at": event.at,
        "machine_at": None if event.charged_when_held else event.at,
        "running_at": None,
        "setup_seen": False,
        "unseen_since": None,
        "stalled_since": None,
        "user_error": "",
    }


def _attempt_over(job: JobState, event: JobAttemptFailed) -> Changes:
    by_user = event.blame in USER_FAULTS
    return {
        "status": JobStatus.QUEUED,
        "not_before": event.next_at,
        "user_faults": job.user_faults + by_user,
        "platform_faults": job.platform_faults + (not by_user),
        "held_s": job.held_s + job.machine_s(event.at),
        "spent": job.cost(event.at),
        "price_per_hour": 0.0,
        "launching_at": None,
        "machine_at": None,
        "running_at": None,
        "ref": "",
    }


def _extended(job: JobState, event: JobQuotaExtended) -> Changes:
    return {"hold": replace(job.hold, seconds=job.hold.seconds + event.seconds)}


APPLIERS: dict[type[Event], Callable[[Any, Any], Changes]] = {  # each arm takes its own event
    JobQueued: _queued,
    JobWaitExplained: lambda _, e: {"wait_code": e.code},
    JobMoved: _moved,
    JobLaunching: _launching,
    JobSubmitted: lambda job, e: {
        "ref": e.ref,
        "price_per_hour": e.price_per_hour,
        "currency": e.currency or job.currency,
    },
    JobMachineHeld: lambda job, e: {"machine_at": job.machine_at or e.at},
    JobSetupStarted: lambda _, e: {"setup_seen": True},
    JobRunning: lambda _, e: {"status": JobStatus.RUNNING, "running_at": e.at},
    JobUnseen: lambda _, e: {"unseen_since": e.at},
    JobSeenAgain: lambda _, e: {"unseen_since": None},
    JobStalled: lambda _, e: {"stalled_since": e.idle_since},
    JobActiveAgain: lambda _, e: {"stalled_since": None},
    JobStopRequested: lambda _, e: {"stop": e},
    JobAttemptFailed: _attempt_over,
    JobErrorReported: lambda _, e: {"user_error": e.message},
    JobResultReported: lambda _, e: {"result": e},
    JobCompleted: lambda _, e: {"status": JobStatus.COMPLETE},
    JobFailed: lambda _, e: {"status": JobStatus.FAILED},
    JobStopped: lambda _, e: {"status": JobStatus.STOPPED},
    JobQuotaExtended: _extended,
    JobBudgetHeld: lambda job, e: {
        "budget": replace(job.budget, amount=job.budget.amount + e.amount)
    },
}
