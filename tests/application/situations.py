"""What can hold up or end a job, as facts: each with the one that shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from application.owners import CODE, STATES
from application.why import Told, history
from domain.compute import (
    Provider,
    ProviderAdded,
    ProviderDisabled,
    ProviderUnreachable,
    fold,
)
from domain.job_events import (
    JobAttemptFailed,
    JobFailed,
    JobQueued,
    JobStopRequested,
    JobSubmitted,
    JobUnseen,
    JobWaitExplained,
    StopReason,
)
from domain.job_spec import JobSpec, RetryPolicy
from domain.jobs import Job
from domain.model import Event, Recorded
from domain.observations import Exit, FailureClass, Observation, Phase
from domain.resources import Resources
from providers.base import Wait
from providers.local.settings import Capacity
from providers.local.slots import Slot, never, place
from providers.slurm.waits import help_of
from tests.domain.jobs_given import ANN, SYSTEM, T0, at, ended, queued, saw

JOB, PROVIDER = "job_1", "prov_1"
Facts = list[Event]


class Situation(NamedTuple):
    """``shows`` is the class of the fact that shows the dominant reason."""

    facts: Facts
    shows: type[Event]

    @property
    def told(self) -> list[Told]:
        return told(self.facts)

    @property
    def told_without(self) -> list[Told]:
        """As it would be if the dominant reason had not been shown: its last fact, and what follows."""
        last = max(i for i, fact in enumerate(self.facts) if isinstance(fact, self.shows))
        return told(self.facts[:last])


def told(facts: Sequence[Event]) -> list[Told]:
    return history(JOB, [Recorded(n, fact.at, fact) for n, fact in enumerate(facts, 1)])


class Life:
    """A provider and a job, whose commands add to the facts."""

    def __init__(self, retries: RetryPolicy | None = None) -> None:
        given = queued(retries=retries)
        added = ProviderAdded(
            originator_id=PROVIDER, originator_version=1, at=T0, by=ANN, team="team_1",
            name="cluster", kind="slurm",
        )  # fmt: skip
        self.provider: Provider = fold([added])
        self.job = Job()
        self.facts: Facts = [added]
        self.play([_first(given)])

    def play(self, facts: Sequence[Event]) -> Life:
        for fact in facts:
            self.facts.append(fact)
            if fact.originator_id == JOB:
                self.job = self.job.evolve(fact)
            else:
                self.provider = self.provider.evolve(fact)
        return self

    def wait(self, wait: Wait, seconds: float) -> Life:
        return self.play(
            self.job.explain_wait(
                code=wait.code, text=wait.text, evidence=wait.evidence, help=wait.help,
                now=at(seconds), by=SYSTEM,
            )
        )  # fmt: skip

    def launch(self, seconds: float = 10) -> Life:
        self.play(self.job.launch(now=at(seconds), by=SYSTEM))
        number = self.job.attempt
        return self.play(
            self.job.submitted(attempt=number, ref="4711", now=at(seconds + 1), by=SYSTEM)
        )

    def see(self, seen: Observation, seconds: float) -> Life:
        return self.play(self.job.observe(seen, now=at(seconds), by=SYSTEM))

    def run(self, seconds: float = 20) -> Life:
        self.launch(seconds - 10)
        return self.see(saw(Phase.RUNNING, seconds, attempt=self.job.attempt), seconds)


def _first(job: Job) -> Event:
    return JobQueued(
        originator_id=JOB, originator_version=1, at=T0, by=ANN, team=job.team,
        experiment=job.experiment, owner=job.owner, provider=job.provider, spec=job.spec,
        hold=job.hold,
    )  # fmt: skip


def no_room() -> Situation:
    has = Capacity(cpus=4, memory_gib=8, accelerators=())
    held = [Slot(job="job_0", attempt=1, cpus=3)]
    spec = JobSpec(name="t", run="true", resources=Resources(cpus=2))
    wait = place(spec, job=JOB, attempt=1, has=has, held=held)
    assert isinstance(wait, Wait)
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def behind() -> Situation:
    wait = Wait(
        code="behind", text="Job job_0 is ahead and waits for room.",
        evidence={"job": "job_0", "priority": "80"},
    )  # fmt: skip
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def impossible() -> Situation:
    wait = never(Resources(cpus=64), Capacity(cpus=4, memory_gib=8, accelerators=()))
    assert wait is not None
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def disabled() -> Situation:
    life = Life()
    return Situation(life.play(life.provider.disable(now=at(3), by=ANN)).facts, ProviderDisabled)


def unreachable() -> Situation:
    life = no_room_life()
    seen = life.provider.seen(problem="Connection timed out.", now=at(5), by=SYSTEM)
    return Situation(life.play(seen).facts, ProviderUnreachable)


def no_room_life() -> Life:
    return Life().wait(Wait(code="no_room:cpus", text="4 of 4 cpus are in use."), 2)


def account() -> Situation:
    wait = Wait(code="no_account", text="You have no account on cluster.", forever=True)
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def owner_away() -> Situation:
    told = STATES["removed"]
    wait = Wait(
        code=f"{CODE}:removed", text=f"{told.text} It is held.",
        evidence={"owner": "user_1", "state": "removed"}, help=(told.help,),
    )  # fmt: skip
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def concurrency() -> Situation:
    wait = Wait(
        code="concurrency", text="2 of 2 jobs of the sweep run.",
        evidence={"sweep": "sweep_1", "limit": "2", "running": "2"},
    )  # fmt: skip
    return Situation(Life().wait(wait, 2).facts, JobWaitExplained)


def retrying() -> Situation:
    life = Life(RetryPolicy(platform=2, backoff_s=30)).run()
    lost = replace(saw(Phase.GONE, 60), blame=FailureClass.NODE_LOST, reason="Node n17 is down.")
    return Situation(life.see(lost, 60).facts, JobAttemptFailed)


def provider_queue() -> Situation:
    reason = "Priority"
    wait = Wait(
        code=f"provider: Slurm: {reason}.", text=f"Slurm: {reason}.",
        evidence={"slurm": reason}, help=help_of(reason),
    )  # fmt: skip
    return Situation(Life().launch().wait(wait, 12).facts, JobWaitExplained)


def starting() -> Situation:
    return Situation(Life().launch().facts, JobSubmitted)


def unseen() -> Situation:
    life = Life().run()
    return Situation(life.play(life.job.unseen(now=at(90), by=SYSTEM)).facts, JobUnseen)


def out_of_memory() -> Situation:
    life = Life().run()
    end = Exit(signal=9, out_of_memory=True)
    return Situation(life.see(saw(Phase.ENDED, 70, end=end), 70).facts, JobFailed)


def quota_used_up() -> Situation:
    life = Life().run()
    asked = life.job.request_stop(
        reason=StopReason.QUOTA, grace_s=30, now=at(60), by=SYSTEM,
        text="The team's quota of 10 minutes is used up.",
    )  # fmt: skip
    return Situation(life.play(asked).see(ended(65, signal=15), 65).facts, JobFailed)


def stopped() -> Situation:
    life = Life().run()
    asked = life.job.request_stop(reason=StopReason.USER, grace_s=30, now=at(60), by=ANN)
    return Situation(life.play(asked).facts, JobStopRequested)


SITUATIONS: dict[str, Callable[[], Situation]] = {
    made.__name__: made
    for made in (
        no_room, behind, impossible, disabled, unreachable, account, owner_away, concurrency, retrying,
        provider_queue, starting, unseen, out_of_memory, quota_used_up, stopped,
    )
}  # fmt: skip
