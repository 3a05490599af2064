"""A job's life as events, from the way it ended back to when it was queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from domain.ids import launch_token
from domain.job_events import (
    JobAttemptFailed,
    JobCompleted,
    JobFailed,
    JobLaunching,
    JobMachineHeld,
    JobQueued,
    JobResultReported,
    JobRunning,
    JobSetupStarted,
    JobStatus,
    JobStopped,
    JobStopRequested,
    JobSubmitted,
    JobWaitExplained,
    QuotaHold,
    StopReason,
)
from domain.job_spec import FrozenFile, GitSource, JobSpec, ParameterValue, RetryPolicy
from domain.model import Envelope, Event
from domain.observations import Exit, FailureClass
from domain.quotas import scopes
from domain.resources import Accelerator, Resources
from tests.ui.seed.cast import MACHINES

FAULTS = (
    (FailureClass.OUT_OF_MEMORY, "CUDA out of memory on rank 3: tried to allocate 2.50 GiB."),
    (FailureClass.USER_CODE, "ValueError: tokenizer has no padding token (train.py, line 118)."),
    (FailureClass.SETUP, "pip could not find flash-attn==2.9."),
    (FailureClass.TIMEOUT, "The time limit of 6h was reached."),
    (FailureClass.NODE_LOST, "gpu05 was lost and no retry is left."),
)


@dataclass(kw_only=True)
class Story:
    """One job to be told. ``ending`` is a status, or STOPPING."""

    id: str
    team: str
    experiment: str
    owner: str
    provider: str
    machine: str
    name: str
    task: str
    queued_at: datetime
    ending: str
    ran_s: float = 1800.0
    retried: bool = False
    cloned_from: str = ""
    resumed_from: str = ""
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    wait: str = ""
    score: float = 0.0
    files: tuple[FrozenFile, ...] = ()

    @property
    def accuracy(self) -> float:
        return self.score


def story_events(story: Story, dice: Random) -> list[Event]:
    """Every fact of the job, in order."""
    kind, count, price = MACHINES[story.machine]
    told = _Telling(story)
    told.add(
        JobQueued, team=story.team, experiment=story.experiment, owner=story.owner,
        provider=story.provider, spec=_spec(story, kind, count), task=story.task,
        task_revision=1, cloned_from=story.cloned_from, hold=_hold(story),
        resumed_from=story.resumed_from,
    )  # fmt: skip
    if story.wait:
        told.pass_s(2)
        told.add(JobWaitExplained, by="system:launch", code="busy", text=story.wait)
    if story.ending == JobStatus.QUEUED:
        return told.facts
    attempt = 1
    if story.retried:
        _machine(told, story, attempt=1, price=price, dice=dice, upto=JobStatus.RUNNING)
        told.pass_s(story.ran_s * 0.4)
        told.add(
            JobAttemptFailed, by="system:observe", attempt=1, blame=FailureClass.PREEMPTED,
            next_at=told.now + timedelta(seconds=15), retries_left=2,
            reason="The machine was taken back by its provider.",
        )  # fmt: skip
        attempt = 2
    _machine(told, story, attempt=attempt, price=price, dice=dice, upto=story.ending)
    _end(told, story, attempt=attempt, price=price, dice=dice)
    return told.facts


class _Telling:
    def __init__(self, story: Story) -> None:
        self._story = story
        self.now = story.queued_at
        self.facts: list[Event] = []

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def add(self, kind: type[Event], *, by: str = "", **fields: object) -> None:
        envelope: Envelope = {
            "originator_id": self._story.id,
            "originator_version": len(self.facts) + 1,
            "at": self.now,
            "by": by or f"user:{self._story.owner}",
        }
        self.facts.append(kind(**envelope, **fields))


def _machine(
    told: _Telling, story: Story, *, attempt: int, price: float, dice: Random, upto: str
) -> None:
    told.pass_s(dice.uniform(3, 240))
    token = launch_token(story.id, attempt)
    told.add(
        JobLaunching, by="system:launch", attempt=attempt, token=token, provider=story.provider,
        charged_when_held=True, resume_checkpoint=story.resumed_from,
    )  # fmt: skip
    told.pass_s(2)
    told.add(
        JobSubmitted, by="system:launch", attempt=attempt, ref=str(dice.randint(10_000, 99_999)),
        price_per_hour=price, currency="USD" if price else "",
    )  # fmt: skip
    if upto == JobStatus.LAUNCHING:
        return
    host = f"gpu{dice.randint(1, 6):02d}" if story.machine != "workshop" else "workshop"
    told.pass_s(dice.uniform(4, 50))
    by = f"node:{story.id}"
    told.add(JobMachineHeld, by=by, attempt=attempt, host=host)
    told.add(JobSetupStarted, by=by, attempt=attempt, host=host)
    told.pass_s(dice.uniform(8, 70))
    told.add(JobRunning, by=by, attempt=attempt, evidence="node", host=host)


def _end(told: _Telling, story: Story, *, attempt: int, price: float, dice: Random) -> None:
    used = round(story.ran_s)
    cost = round(story.ran_s / 3600 * price, 2)
    money = {"cost": cost, "currency": "USD" if price else ""}
    told.pass_s(story.ran_s)
    by = f"node:{story.id}"
    match story.ending:
        case JobStatus.COMPLETE:
            score = {"eval/accuracy": round(story.score, 4)}
            told.add(JobResultReported, by=by, attempt=attempt, score=score)
            told.add(JobCompleted, by=by, attempt=attempt, used_s=used, **money)
        case JobStatus.FAILED:
            blame, reason = FAULTS[dice.randrange(len(FAULTS))]
            told.add(
                JobFailed, by=by, attempt=attempt, blame=blame, used_s=used, reason=reason,
                exit=Exit(code=1), **money,
            )  # fmt: skip
        case JobStatus.STOPPED:
            told.add(JobStopRequested, reason=StopReason.USER, grace_s=30.0)
            told.pass_s(9)
            told.add(
                JobStopped, attempt=attempt, used_s=used, phase=JobStatus.RUNNING,
                exit=Exit(signal=15), **money,
            )  # fmt: skip
        case "STOPPING":
            told.add(JobStopRequested, reason=StopReason.USER, grace_s=30.0)


def _spec(story: Story, kind: str, count: int) -> JobSpec:
    return JobSpec(
        name=story.name,
        description=f"{story.name} of the lab",
        setup="pip install -r requirements.txt\n",
        run="python train.py --epochs 3\n",
        parameters=story.parameters,
        envs={"TOKENIZERS_PARALLELISM": "false", "WANDB_KEY": "{{secret.WANDB_KEY}}"},
        secrets=("WANDB_KEY",),
        resources=Resources(
            accelerators=Accelerator(kind=kind, count=count) if count else None,
            cpus=8,
            memory_gib=64,
        ),
        git=GitSource(
            url="https://git.lab.example/distill.git", commit=story.id[-8:] * 5, ref="main"
        ),
        files=story.files,
        timeout_s=21_600,
        retries=RetryPolicy(user=1),
        minutes_requested=120,
    )


def _hold(story: Story) -> QuotaHold:
    months = scopes(team=story.team, user=story.owner, at=story.queued_at)
    return QuotaHold(scopes=months, seconds=7200)
