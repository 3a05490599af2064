"""Jobs in a given state, for the specification of the Job aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from domain.job_events import JobEvent, JobQueued, QuotaHold
from domain.job_spec import JobSpec, RetryPolicy
from domain.jobs import Job
from domain.observations import Exit, Observation, Phase

T0 = datetime(2026, 11, 3, 2, 14, tzinfo=UTC)
SYSTEM = "system:test"
ANN = "user:ann"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def play(job: Job, events: Sequence[JobEvent]) -> Job:
    for event in events:
        job = job.evolve(event)
    return job


def queued(
    *,
    retries: RetryPolicy | None = None,
    timeout_s: float | None = None,
    launch_timeout_s: float | None = None,
    idle_timeout_s: float | None = None,
    ttl_s: float | None = None,
) -> Job:
    spec = JobSpec(
        name="t",
        run="true",
        retries=retries or RetryPolicy(platform=0),
        timeout_s=timeout_s,
        launch_timeout_s=launch_timeout_s,
        idle_timeout_s=idle_timeout_s,
        ttl_s=ttl_s,
    )
    fact = JobQueued(
        originator_id="job_1",
        originator_version=1,
        at=T0,
        by=ANN,
        team="team_1",
        experiment="exp_1",
        owner="user_ann",
        provider="prov_1",
        spec=spec,
        hold=QuotaHold(scopes=("team:team_1:2026-11",), seconds=600),
    )
    return Job().evolve(fact)


def launching(job: Job | None = None, *, seconds: float = 1) -> Job:
    job = job or queued()
    job = play(job, job.launch(now=at(seconds), by=SYSTEM))
    return play(job, job.submitted(attempt=job.attempt, ref="ref", now=at(seconds + 1), by=SYSTEM))


def running(job: Job | None = None, *, seconds: float = 5) -> Job:
    job = launching(job, seconds=seconds - 4)
    return play(
        job,
        job.observe(saw(Phase.RUNNING, seconds, attempt=job.attempt), now=at(seconds), by=SYSTEM),
    )


def saw(phase: Phase, seconds: float, *, attempt: int = 1, end: Exit | None = None) -> Observation:
    return Observation(attempt=attempt, phase=phase, at=at(seconds), source="node", exit=end)


def ended(
    seconds: float, *, code: int | None = None, signal: int | None = None, attempt: int = 1
) -> Observation:
    return saw(Phase.ENDED, seconds, attempt=attempt, end=Exit(code=code, signal=signal))


def facts(events: Sequence[JobEvent]) -> list[JobEvent]:
    """Events without their place in the stream, to compare what was decided."""
    return [replace(event, originator_version=0) for event in events]
