"""Job: one run of a task, from QUEUED to its end, over any number of attempts.

Every move of a job is decided here. What a provider or node saw enters through ``observe``; what
a person wants enters through ``request_stop``. Every command may be asked twice: what is already
true records nothing. Not here: when to look, and how to stop a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypedDict

from msgspec.structs import replace

from domain.errors import IllegalTransition
from domain.ids import launch_token
from domain.job_events import (
    BLAME_OF_STOP,
    NEVER_RETRIED,
    NEXT,
    USER_FAULTS,
    JobActiveAgain,
    JobAttemptFailed,
    JobCompleted,
    JobErrorReported,
    JobEvent,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
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
    StopReason,
)
from domain.job_purse import JobPurse
from domain.model import Event
from domain.observations import Exit, FailureClass, Observation, Phase
from domain.telemetry import Signs

MAX_BACKOFF_S = 300.0
PROVES_MACHINE = frozenset({Phase.PROVISIONING, Phase.SETUP})
"""Phases that prove a machine, besides those in which the command runs or ran."""


class Charged(TypedDict):
    """What every end tells, as keyword arguments for its constructor."""

    used_s: int
    cost: float
    currency: str


class Job(JobPurse, frozen=True, kw_only=True):
    """The decider over ``JobState``."""

    def explain_wait(
        self,
        *,
        code: str,
        text: str,
        now: datetime,
        by: str,
        evidence: Mapping[str, str] | None = None,
        help: tuple[str, ...] = (),  # the word of the field
    ) -> list[JobEvent]:
        """Record why a job waits, with us or at its provider, when the reason is a new one."""
        waits = self.status in (JobStatus.QUEUED, JobStatus.LAUNCHING) and not self.setup_seen
        if not waits or self.wait_code == code:
            return []
        return [
            JobWaitExplained(
                code=code,
                text=text,
                evidence=dict(evidence or {}),
                help=help,
                **self._next(now, by),
            )
        ]

    def launch(self, *, now: datetime, by: str, checkpoint: str = "") -> list[JobEvent]:
        """Claim the next attempt. Nothing when it is claimed already; refused when stop was asked."""
        if self.status is JobStatus.LAUNCHING:
            return []
        self._must_reach(JobStatus.LAUNCHING)
        attempt = self.attempt + 1
        return [
            JobLaunching(
                attempt=attempt,
                token=launch_token(self.id, attempt),
                provider=self.provider,
                resume_checkpoint=checkpoint or self.resumed_from,
                charged_when_held=True,
                **self._next(now, by),
            )
        ]

    def submitted(
        self,
        *,
        attempt: int,
        ref: str,
        now: datetime,
        by: str,
        adopted: bool = False,
        price_per_hour: float = 0.0,
        currency: str = "",
    ) -> list[JobEvent]:
        """The provider accepted the attempt as ``ref``; ``adopted`` when it was found by its token."""
        if attempt != self.attempt or self.ref or not self.has_machine:
            return []
        return [
            JobSubmitted(
                attempt=attempt,
                ref=ref,
                adopted=adopted,
                price_per_hour=price_per_hour,
                currency=currency,
                **self._next(now, by),
            )
        ]

    def launch_refused(
        self, *, attempt: int, reason: str, transient: bool, now: datetime, by: str
    ) -> list[JobEvent]:
        """The provider said no and holds nothing. Final unless ``transient`` and the budget allows."""
        if attempt != self.attempt or self.status is not JobStatus.LAUNCHING:
            return []
        return self._fault(
            FailureClass.PROVIDER, reason=reason, exit=None, at=now, by=by, retry=transient
        )

    def observe(self, seen: Observation, *, now: datetime, by: str) -> list[JobEvent]:
        """Facts that ``seen`` adds; the only door by which a provider or node moves a job."""
        if seen.attempt != self.attempt or not self.has_machine:
            return []
        facts: list[JobEvent] = []
        job = self
        for fact in self._facts_of(seen, now, by):
            fact = replace(fact, originator_version=job.version + 1)  # noqa: PLW2901
            facts.append(fact)
            job = job.evolve(fact)
        if seen.phase in (Phase.ENDED, Phase.GONE):
            facts += job._ended(seen, now, by)
        return facts

    def confirm_gone(self, *, now: datetime, by: str) -> list[JobEvent]:
        """The provider is certain that nothing of the attempt exists, and a stop was asked."""
        if self.stop is None or self.is_over:
            return []
        return self._stopped(exit=None, at=now, by=by)

    def unseen(self, *, now: datetime, by: str) -> list[JobEvent]:
        """The provider answered without it."""
        if self.unseen_since or not self.has_machine:
            return []
        return [JobUnseen(attempt=self.attempt, **self._next(now, by))]

    def request_stop(
        self, *, reason: StopReason, grace_s: float, now: datetime, by: str, text: str = ""
    ) -> list[JobEvent]:
        """Ask for the end. A job with no machine of ours ends at once; others when the provider confirms.

        A person's stop is kept over a later timeout; a second ask adds nothing.
        """
        if self.is_over or self.stop:
            return []
        asked = JobStopRequested(reason=reason, grace_s=grace_s, text=text, **self._next(now, by))
        if self.has_machine and not self.imported:
            return [asked]
        return [asked, *self.evolve(asked)._stopped(exit=None, at=now, by=by)]

    def note_signs(
        self, signs: Signs, *, stalled_after_s: float, now: datetime, by: str
    ) -> list[JobEvent]:
        """Record that a running job stopped showing work, or shows some again; each once."""
        if self.status is not JobStatus.RUNNING:
            return []
        stalled = self.idle_s(signs) >= stalled_after_s
        if stalled and self.stalled_since is None:
            since = self._active_at(signs)
            return [JobStalled(attempt=self.attempt, idle_since=since, **self._next(now, by))]
        if self.stalled_since and not stalled:
            return [JobActiveAgain(attempt=self.attempt, **self._next(now, by))]
        return []

    def idle_s(self, signs: Signs) -> float:
        """Seconds it ran without work, as far as its node was heard: silence proves nothing."""
        if self.status is not JobStatus.RUNNING or signs.heard_at is None:
            return 0.0
        return max(0.0, (signs.heard_at - self._active_at(signs)).total_seconds())

    def _active_at(self, signs: Signs) -> datetime:
        began = self.running_at or self.queued_at
        assert began is not None  # noqa: S101  # asked of a running job only
        return max(began, signs.active_at or began)

    def due_stop(
        self, *, now: datetime, default_launch_timeout_s: float, signs: Signs
    ) -> StopReason | None:
        """The timeout that has passed, if any."""
        if self.stop or self.is_over or self.imported:
            return None
        if _passed(self.queued_at, self.spec.ttl_s, now):
            return StopReason.TTL
        if self.spec.idle_timeout_s and self.idle_s(signs) >= self.spec.idle_timeout_s:
            return StopReason.IDLE_TIMEOUT
        launch_s = self.spec.launch_timeout_s
        if launch_s is None and not self.wait_code:  # a provider's own queue may take longer
            launch_s = default_launch_timeout_s
        if self.status is JobStatus.LAUNCHING and _passed(self.launching_at, launch_s, now):
            return StopReason.LAUNCH_TIMEOUT
        if self.status is JobStatus.RUNNING and _passed(self.running_at, self.spec.timeout_s, now):
            return StopReason.RUN_TIMEOUT
        return None

    def report_error(self, *, attempt: int, message: str, now: datetime, by: str) -> list[JobEvent]:
        """The user's code says it failed; the exit code still decides when."""
        if attempt != self.attempt or self.is_over or self.user_error:
            return []
        return [JobErrorReported(attempt=attempt, message=message, **self._next(now, by))]

    def report_result(
        self, *, attempt: int, score: dict[str, float], message: str, now: datetime, by: str
    ) -> list[JobEvent]:
        """The user's code reports its score; the last report counts."""
        same = self.result and (self.result.score, self.result.message) == (score, message)
        if attempt != self.attempt or self.is_over or same:
            return []
        return [
            JobResultReported(attempt=attempt, score=score, message=message, **self._next(now, by))
        ]

    def _facts_of(self, seen: Observation, now: datetime, by: str) -> list[JobEvent]:
        facts: list[JobEvent] = []
        at = min(seen.at, now)
        ran = seen.phase is Phase.RUNNING or (
            seen.phase is Phase.ENDED and seen.exit is not None and seen.exit.phase == "run"
        )
        began = min(seen.started_at or at, now) if ran else at
        if self.unseen_since and seen.phase is not Phase.GONE:
            facts.append(JobSeenAgain(attempt=self.attempt, **self._next(now, by)))
        if self.machine_at is None and (ran or seen.phase in PROVES_MACHINE):
            held = max(began, self.launching_at or began)  # a node's clock may be behind
            facts.append(
                JobMachineHeld(attempt=self.attempt, host=seen.host, **self._next(held, by))
            )
        if seen.phase is Phase.SETUP and not self.setup_seen:
            facts.append(
                JobSetupStarted(attempt=self.attempt, host=seen.host, **self._next(at, by))
            )
        if ran and self.status is JobStatus.LAUNCHING:
            facts.append(
                JobRunning(
                    attempt=self.attempt,
                    evidence=seen.source,
                    host=seen.host,
                    **self._next(began, by),
                )
            )
        return facts

    def _ended(self, seen: Observation, now: datetime, by: str) -> list[JobEvent]:
        at = min(seen.at, now)
        end = seen.exit
        asked_first = self.stop is not None and self.stop.at <= at
        if asked_first or (self.stop and (end is None or end.code != 0)):
            return self._stopped(exit=end, at=at, by=by)
        if end is None:
            why = seen.reason or "The job disappeared and left no exit code."
            return self._fault(seen.blame or FailureClass.NODE_LOST, reason=why, at=at, by=by)
        if end.code == 0 and end.phase == "run" and not seen.blame and not self.user_error:
            return [JobCompleted(attempt=self.attempt, **self._charged(at), **self._next(at, by))]
        if end.signal is not None and _passed(self.running_at, self.spec.timeout_s, at):
            text = "The command ran longer than timeout allows and was ended on its node."
            return self._fault(FailureClass.TIMEOUT, reason=text, exit=end, at=at, by=by)
        blame = seen.blame or _blame(end)
        return self._fault(blame, reason=self._sentence(end, seen), exit=end, at=at, by=by)

    def _stopped(self, *, exit: Exit | None, at: datetime, by: str) -> list[JobEvent]:
        if self.stop is None:
            raise IllegalTransition(job=self.id, now=self.status, wanted=JobStatus.STOPPED)
        blame = BLAME_OF_STOP.get(self.stop.reason)
        if blame:
            return self._fault(blame, reason=self.stop.text, exit=exit, at=at, by=by)
        return [
            JobStopped(
                attempt=self.attempt,
                **self._charged(at),
                phase=self.status,
                exit=exit,
                **self._next(at, self.stop.by),
            )
        ]

    def _fault(
        self,
        blame: FailureClass,
        *,
        reason: str,
        at: datetime,
        by: str,
        exit: Exit | None = None,  # the word of the field
        retry: bool = True,
    ) -> list[JobEvent]:
        """Another attempt when the budget of whoever is to blame allows it, else the end."""
        left, spent = self._budget(blame)
        if not retry or left <= 0 or self.stop or blame in NEVER_RETRIED:
            return [
                JobFailed(
                    attempt=self.attempt,
                    blame=blame,
                    **self._charged(at),
                    reason=reason,
                    exit=exit,
                    **self._next(at, by),
                )
            ]
        wait_s = min(self.spec.retries.backoff_s * 2**spent, MAX_BACKOFF_S)
        return [
            JobAttemptFailed(
                attempt=self.attempt,
                blame=blame,
                next_at=at + timedelta(seconds=wait_s),
                retries_left=left - 1,
                reason=reason,
                exit=exit,
                **self._next(at, by),
            )
        ]

    def _charged(self, at: datetime) -> Charged:
        return {"used_s": self.used_s(at), "cost": self.cost(at), "currency": self.currency}

    def _budget(self, blame: FailureClass) -> tuple[int, int]:
        """Retries left and spent of whoever is to blame."""
        retries = self.spec.retries
        if blame in USER_FAULTS:
            return retries.user - self.user_faults, self.user_faults
        return retries.platform - self.platform_faults, self.platform_faults

    def _sentence(self, end: Exit, seen: Observation) -> str:
        known = seen.reason if seen.blame else ""
        return self.user_error or known or end.reason or seen.reason or describe_exit(end)

    def _must_reach(self, wanted: JobStatus) -> None:
        if wanted not in NEXT[self.status]:
            raise IllegalTransition(job=self.id, now=self.status, wanted=wanted)


def fold(events: Iterable[Event]) -> Job:
    """The job after ``events``, which are its whole stream in order."""
    job = Job()
    for event in events:
        job = job.evolve(event)
    return job


def describe_exit(end: Exit) -> str:
    """One sentence about how a process ended."""
    what = "The setup script" if end.phase == "setup" else "The command"
    if end.out_of_memory:
        return f"{what} was killed by the kernel: it used more memory than its limit."
    if end.signal is not None:
        return f"{what} was ended by signal {end.signal}."
    return f"{what} ended with exit code {end.code}."


def _blame(end: Exit) -> FailureClass:
    if end.out_of_memory:
        return FailureClass.OUT_OF_MEMORY
    return FailureClass.SETUP if end.phase == "setup" else FailureClass.USER_CODE


def _passed(since: datetime | None, limit_s: float | None, now: datetime) -> bool:
    return since is not None and limit_s is not None and (now - since).total_seconds() >= limit_s
