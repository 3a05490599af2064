"""What can happen to a job: statuses, the one transition table, and every fact.

The decisions over these are in ``domain/jobs.py``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, get_args

import msgspec

from domain.job_spec import JobSpec
from domain.model import Event
from domain.observations import Exit, FailureClass


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    LAUNCHING = "LAUNCHING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


NEXT: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.LAUNCHING, JobStatus.FAILED, JobStatus.STOPPED}),
    JobStatus.LAUNCHING: frozenset(
        {JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.STOPPED}
    ),
    JobStatus.RUNNING: frozenset(
        {JobStatus.COMPLETE, JobStatus.QUEUED, JobStatus.FAILED, JobStatus.STOPPED}
    ),
    JobStatus.COMPLETE: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.STOPPED: frozenset(),
}
"""The one transition table. Back to QUEUED is a retry; final is "nothing follows"."""

FINAL = frozenset(status for status, after in NEXT.items() if not after)


class StopReason(StrEnum):
    """Why a stop was asked for. USER ends STOPPED; the others end FAILED with their class."""

    USER = "user"
    RUN_TIMEOUT = "run_timeout"
    LAUNCH_TIMEOUT = "launch_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    TTL = "ttl"
    QUOTA = "quota"


BLAME_OF_STOP = {
    StopReason.RUN_TIMEOUT: FailureClass.TIMEOUT,
    StopReason.LAUNCH_TIMEOUT: FailureClass.TIMEOUT,
    StopReason.IDLE_TIMEOUT: FailureClass.TIMEOUT,
    StopReason.TTL: FailureClass.TIMEOUT,
    StopReason.QUOTA: FailureClass.QUOTA,
}
USER_FAULTS = frozenset({FailureClass.USER_CODE, FailureClass.SETUP, FailureClass.OUT_OF_MEMORY})
"""Paid from ``retries.user``; the rest, but for those which are final, from ``retries.platform``."""
NEVER_RETRIED = frozenset({FailureClass.TIMEOUT, FailureClass.QUOTA, FailureClass.CANCELLED})


class QuotaHold(msgspec.Struct, frozen=True, kw_only=True):
    """What was reserved when the job was queued: weighted compute seconds in each scope."""

    scopes: tuple[str, ...]
    seconds: int
    weight: float = 1.0


class BudgetHold(msgspec.Struct, frozen=True, kw_only=True):
    """Money held in each scope, in millionths."""

    scopes: tuple[str, ...]
    amount: int = 0


class JobQueued(Event, frozen=True, kw_only=True, tag="job.queued.v1"):
    """``owner`` pays and runs; ``resumed_from`` is a checkpoint's artifact id."""

    team: str
    experiment: str
    owner: str
    provider: str
    spec: JobSpec
    hold: QuotaHold
    task: str = ""
    task_revision: int = 0
    number: int = 0
    cloned_from: str = ""
    resumed_from: str = ""
    sweep: str = ""
    budget: BudgetHold = BudgetHold(scopes=())


class JobWaitExplained(Event, frozen=True, kw_only=True, tag="job.wait_explained.v1"):
    """Why it waits, recorded when the reason changes. ``code`` is stable, ``text`` is for people.

    ``evidence`` is what showed it, ``help`` what would help.
    """

    code: str
    text: str
    evidence: dict[str, str] = {}
    help: tuple[str, ...] = ()


class JobMoved(Event, frozen=True, kw_only=True, tag="job.moved.v1"):
    """It waits for ``provider`` now. ``budget`` millionths are held for it from here on, all told."""

    provider: str
    budget: int = 0


class JobLaunching(Event, frozen=True, kw_only=True, tag="job.launching.v1"):
    """``charged_when_held``: charged from ``JobMachineHeld``; without it, from here."""

    attempt: int
    token: str
    provider: str
    resume_checkpoint: str = ""
    charged_when_held: bool = False


class JobSubmitted(Event, frozen=True, kw_only=True, tag="job.submitted.v1"):
    """The provider has it, as ``ref``. ``price_per_hour`` is frozen at lease time; 0 means free."""

    attempt: int
    ref: str
    adopted: bool = False
    price_per_hour: float = 0.0
    currency: str = ""


class GivenSecret(msgspec.Struct, frozen=True, kw_only=True):
    """Which value of which secret; ``user`` is empty for a team's."""

    name: str
    number: int
    user: str = ""


class JobSecretsGiven(Event, frozen=True, kw_only=True, tag="job.secrets_given.v1"):
    """What the attempt's node was handed; the values are never a fact."""

    attempt: int
    team: str
    secrets: tuple[GivenSecret, ...]


class JobMachineHeld(Event, frozen=True, kw_only=True, tag="job.machine_held.v1"):
    """The first sign that the attempt has a machine, which is charged since ``at``."""

    attempt: int
    host: str = ""


class JobSetupStarted(Event, frozen=True, kw_only=True, tag="job.setup_started.v1"):
    attempt: int
    host: str = ""


class JobRunning(Event, frozen=True, kw_only=True, tag="job.running.v1"):
    """``evidence`` is who saw it run: ``node`` or ``provider``."""

    attempt: int
    evidence: str
    host: str = ""


class JobUnseen(Event, frozen=True, kw_only=True, tag="job.unseen.v1"):
    """The provider answered and did not list it."""

    attempt: int


class JobSeenAgain(Event, frozen=True, kw_only=True, tag="job.seen_again.v1"):
    attempt: int


class JobStalled(Event, frozen=True, kw_only=True, tag="job.stalled.v1"):
    """It runs and its node is heard, but it has shown no work since ``idle_since``."""

    attempt: int
    idle_since: datetime


class JobActiveAgain(Event, frozen=True, kw_only=True, tag="job.active_again.v1"):
    attempt: int


class JobStopRequested(Event, frozen=True, kw_only=True, tag="job.stop_requested.v1"):
    reason: StopReason
    grace_s: float
    text: str = ""


class JobAttemptFailed(Event, frozen=True, kw_only=True, tag="job.attempt_failed.v1"):
    """This attempt is over and another follows, not before ``next_at``."""

    attempt: int
    blame: FailureClass
    next_at: datetime
    retries_left: int
    reason: str = ""
    exit: Exit | None = None


class JobErrorReported(Event, frozen=True, kw_only=True, tag="job.error_reported.v1"):
    """The user's code called ``lab.error``."""

    attempt: int
    message: str


class JobResultReported(Event, frozen=True, kw_only=True, tag="job.result_reported.v1"):
    """The user's code called ``lab.finish``."""

    attempt: int
    score: dict[str, float] = {}
    message: str = ""


class JobCompleted(Event, frozen=True, kw_only=True, tag="job.completed.v1"):
    """The main command ended with exit code 0. ``cost`` is of all attempts, at the price of each lease."""

    attempt: int
    used_s: int
    cost: float = 0.0
    currency: str = ""


class JobFailed(Event, frozen=True, kw_only=True, tag="job.failed.v1"):
    attempt: int
    blame: FailureClass
    used_s: int
    reason: str = ""
    exit: Exit | None = None
    cost: float = 0.0
    currency: str = ""


class JobStopped(Event, frozen=True, kw_only=True, tag="job.stopped.v1"):
    """Confirmed: nothing of it is left at the provider. ``by`` is who asked."""

    attempt: int
    used_s: int
    phase: JobStatus
    exit: Exit | None = None
    cost: float = 0.0
    currency: str = ""


class JobQuotaExtended(Event, frozen=True, kw_only=True, tag="job.quota_extended.v1"):
    seconds: int


class JobBudgetHeld(Event, frozen=True, kw_only=True, tag="job.budget_held.v1"):
    """``amount`` millionths more of each of its budget's scopes."""

    amount: int


JobEvent: TypeAlias = (
    JobQueued
    | JobWaitExplained
    | JobMoved
    | JobLaunching
    | JobSubmitted
    | JobMachineHeld
    | JobSetupStarted
    | JobRunning
    | JobUnseen
    | JobSeenAgain
    | JobStalled
    | JobActiveAgain
    | JobStopRequested
    | JobAttemptFailed
    | JobErrorReported
    | JobResultReported
    | JobCompleted
    | JobFailed
    | JobStopped
    | JobQuotaExtended
    | JobBudgetHeld
    | JobSecretsGiven
)
Ended: TypeAlias = JobCompleted | JobFailed | JobStopped
EVENTS: tuple[type[Event], ...] = get_args(JobEvent)
