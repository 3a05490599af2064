"""What people asked for and what came of it, taken from the log of one team in its order.

While it reads, it checks each recorded decision against the rules that live code follows now: what
differs is a divergence, told by position. Pure; not here: any other course (``simulation.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.job_events import (
    JobAttemptFailed,
    JobCompleted,
    JobFailed,
    JobLaunching,
    JobMoved,
    JobQueued,
    JobStopped,
    JobWaitExplained,
)
from domain.model import Event, Recorded
from domain.quotas import (
    Balance,
    QuotaExtended,
    QuotaLimitSet,
    QuotaRefused,
    QuotaReserved,
    QuotaSettled,
    scopes,
)
from domain.resources import Resources
from domain.scheduling import Queued, holds_up, is_resting, turn

WAITS_ITS_TURN = ("", "behind", "retrying")
"""Codes of a job that may be launched once it is due."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was asked for. ``command`` groups those that stand or fall together."""

    id: str
    name: str
    owner: str
    experiment: str
    task: str = ""
    provider: str
    at: datetime
    command: int
    seconds: int
    weight: float
    priority: int
    resources: Resources


class Course(msgspec.Struct, kw_only=True):
    """What became of a job. ``attempts`` are from each launch to its end, ``rests`` the least
    time after each but the last, ``used_s`` weighted machine time.
    """

    ended_at: datetime | None = None
    status: str = "QUEUED"
    attempts: list[tuple[datetime, datetime]] = []
    rests: list[timedelta] = []
    used_s: int = 0
    cost: float = 0.0
    attempt_at: datetime | None = None

    @property
    def launched_at(self) -> datetime | None:
        return self.attempts[0][0] if self.attempts else self.attempt_at


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded decision that the rules of now would not have made."""

    position: int
    subject: str
    text: str


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """``seconds`` of a scope from ``at`` on; ``None`` lifts it."""

    at: datetime
    scope: str
    seconds: int | None


class Trace:
    """Fed by ``read`` in the order of the log, whole streams from their beginning."""

    def __init__(self, team: str) -> None:
        self.team = team
        self.asks: dict[str, Ask] = {}
        self.courses: dict[str, Course] = {}
        self.refused: set[str] = set()
        self.limits: list[Limit] = []
        self.bounded: set[str] = set()
        """Providers where a job has waited for room with us."""
        self.divergences: list[Divergence] = []
        self.decisions = 0
        self._balances: dict[str, Balance] = {}
        self._waiting: dict[str, dict[str, Queued]] = {}
        self._codes: dict[str, str] = {}
        self._commands = 0
        self._together: tuple[str, datetime] | None = None

    def read(self, fact: Recorded) -> None:
        """Take one fact in. Facts that tell nothing of queues and quotas are passed over."""
        arm = _ARMS.get(type(fact.event))
        if arm:
            arm(self, fact, fact.event)

    def balance(self, scope: str) -> Balance:
        return self._balances.get(scope, Balance())

    def _note(self, position: int, subject: str, text: str) -> None:
        self.divergences.append(Divergence(position=position, subject=subject, text=text))

    def _queued(self, fact: Recorded, event: JobQueued) -> None:
        if event.team != self.team:
            return
        together = (event.owner, fact.recorded_at)  # one append has one time
        if together != self._together:
            self._together, self._commands = together, self._commands + 1
        job = event.originator_id
        self._ask(event, job=job)
        self.courses[job] = Course()
        self._enqueue(job, event.provider, priority=event.spec.priority, at=event.at)

    def _ask(self, event: JobQueued, *, job: str) -> None:
        self.asks[job] = Ask(
            id=job,
            name=event.spec.name,
            owner=event.owner,
            experiment=event.experiment,
            task=event.task,
            provider=event.provider,
            at=event.at,
            command=self._commands,
            seconds=event.hold.seconds,
            weight=event.hold.weight,
            priority=event.spec.priority,
            resources=event.spec.resources,
        )

    def _enqueue(
        self,
        job: str,
        provider: str,
        *,
        priority: int,
        at: datetime,
        not_before: datetime | None = None,
    ) -> None:
        queue = self._waiting.setdefault(provider, {})
        queue[job] = Queued(id=job, priority=priority, queued_at=at, not_before=not_before)
        self._codes.pop(job, None)

    def _moved(self, fact: Recorded, event: JobMoved) -> None:
        """It waits elsewhere, with its place by priority and time; as if it had been asked there."""
        del fact
        ask = self.asks.get(event.originator_id)
        if ask is None:
            return
        mine = self._waiting.get(ask.provider, {}).pop(ask.id, None)
        self.asks[ask.id] = msgspec.structs.replace(ask, provider=event.provider)
        self._codes.pop(ask.id, None)
        if mine is not None:
            self._waiting.setdefault(event.provider, {})[ask.id] = mine

    def _refused(self, fact: Recorded, event: QuotaRefused) -> None:
        if event.team != self.team:
            return
        self._commands += 1
        self.decisions += 1
        for job in event.jobs:
            self.refused.add(job.job)
            self.asks[job.job] = Ask(
                id=job.job,
                name=job.name,
                owner=event.owner,
                experiment=job.experiment,
                provider=job.provider,
                at=event.at,
                command=self._commands,
                seconds=job.seconds,
                weight=job.weight,
                priority=job.priority,
                resources=job.resources,
            )
        if event.scope not in self._balances:  # refused at once: no limit was recorded before
            self._balances[event.scope] = Balance(limit=event.limit)
            self.limits.append(Limit(at=event.at, scope=event.scope, seconds=event.limit))
        asked = sum(job.seconds for job in event.jobs)
        over = scopes(team=event.team, user=event.owner, at=event.at)
        if all(self.balance(scope).fits(asked) for scope in over):
            self._note(fact.position, event.scope, "It was refused, and there was room for it.")

    def _ledger(
        self, fact: Recorded, event: QuotaLimitSet | QuotaReserved | QuotaExtended | QuotaSettled
    ) -> None:
        if event.scope.split(":")[1] != self.team:
            return
        before = self.balance(event.scope)
        if isinstance(event, QuotaReserved | QuotaExtended):
            self.decisions += 1
            if not before.fits(event.seconds):
                self._note(
                    fact.position, event.scope, "It was accepted, and there was no room for it."
                )
        if isinstance(event, QuotaLimitSet):
            after = before.evolve(event).limit
            self.limits.append(Limit(at=event.at, scope=event.scope, seconds=after))
        self._balances[event.scope] = before.evolve(event)

    def _explained(self, fact: Recorded, event: JobWaitExplained) -> None:
        del fact
        ask = self.asks.get(event.originator_id)
        if ask is None:
            return
        self._codes[ask.id] = event.code
        if holds_up(event.code):
            self.bounded.add(ask.provider)

    def _launching(self, fact: Recorded, event: JobLaunching) -> None:
        ask = self.asks.get(event.originator_id)
        if ask is None:
            return
        self.decisions += 1
        course, queue = self.courses[ask.id], self._waiting.get(ask.provider, {})
        mine = queue.pop(ask.id, None)
        if mine is not None:
            self._check_turn(fact.position, mine, queue, event.at)
        course.attempt_at = event.at
        course.status = "LAUNCHING"

    def _check_turn(
        self, position: int, mine: Queued, queue: Mapping[str, Queued], now: datetime
    ) -> None:
        ahead = [
            other.id
            for other in queue.values()
            if turn(other) < turn(mine)
            and not is_resting(other.not_before, now)
            and (self._codes.get(other.id, "") in WAITS_ITS_TURN or holds_up(self._codes[other.id]))
        ]
        if ahead:
            self._note(position, mine.id, f"It was launched before {ahead[0]}, whose turn it was.")

    def _again(self, fact: Recorded, event: JobAttemptFailed) -> None:
        del fact
        ask = self.asks.get(event.originator_id)
        if ask is None:
            return
        self._leave(ask, event.at)
        self.courses[ask.id].rests.append(event.next_at - event.at)
        self._enqueue(
            ask.id, ask.provider, priority=ask.priority, at=ask.at, not_before=event.next_at
        )

    def _ended(self, fact: Recorded, event: JobCompleted | JobFailed | JobStopped) -> None:
        del fact
        ask = self.asks.get(event.originator_id)
        if ask is None:
            return
        self._leave(ask, event.at)
        course = self.courses[ask.id]
        self._waiting.get(ask.provider, {}).pop(ask.id, None)
        course.ended_at, course.used_s, course.cost = event.at, event.used_s, event.cost
        course.status = _STATUS[type(event)]

    def _leave(self, ask: Ask, at: datetime) -> None:
        course = self.courses[ask.id]
        if course.attempt_at is not None:
            course.attempts.append((course.attempt_at, at))
            course.attempt_at = None


_STATUS: Mapping[type[Event], str] = {
    JobCompleted: "COMPLETE",
    JobFailed: "FAILED",
    JobStopped: "STOPPED",
}
_ARMS: Mapping[type[Event], Callable[[Trace, Recorded, Any], None]] = {
    JobQueued: Trace._queued,
    JobMoved: Trace._moved,
    JobWaitExplained: Trace._explained,
    JobLaunching: Trace._launching,
    JobAttemptFailed: Trace._again,
    JobCompleted: Trace._ended,
    JobFailed: Trace._ended,
    JobStopped: Trace._ended,
    QuotaLimitSet: Trace._ledger,
    QuotaReserved: Trace._ledger,
    QuotaExtended: Trace._ledger,
    QuotaSettled: Trace._ledger,
    QuotaRefused: Trace._refused,
}
