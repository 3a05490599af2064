"""A lab that has more to run than room: a log of any length, made by the product's own deciders.

Time is virtual and every choice comes from a seed. Quotas are refused by the log's guards, room by
the Local provider's own arithmetic; nothing here knows of any replay.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from application.memory_log import MemoryEventLog
from domain.errors import QuotaExceeded
from domain.job_events import (
    JobCompleted,
    JobEvent,
    JobFailed,
    JobQueued,
    JobStopped,
    QuotaHold,
)
from domain.job_spec import JobSpec, RetryPolicy
from domain.jobs import Job
from domain.model import Event, Guard
from domain.observations import Exit, Observation, Phase
from domain.quotas import refuse, reserve, scopes, set_limit, settle
from domain.resources import Accelerator, Resources
from domain.scheduling import Queued, is_resting, turn, turns
from providers.base import Wait
from providers.local.settings import Capacity
from providers.local.slots import Slot, place

TEAM, PROVIDER = "team_busy", "prov_box"
PEOPLE = ("user_ada", "user_bob", "user_cyd", "user_dee", "user_eve")
HAS = Capacity(cpus=16, memory_gib=64, accelerators=(Accelerator(kind="A100", count=4),))
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
WORKER, EVERY_S = "system:poller", 60.0
GONE = 0.03
"""Of attempts, how many lose their machine."""


class BusyLab:
    """``run`` plays it; ``log`` is what was recorded. The team may use ``minutes`` a month."""

    def __init__(self, *, jobs: int, minutes: int, seed: int = 1) -> None:
        self.now = BEGIN
        self.log = MemoryEventLog(clock=self._clock)
        self._ticks = count()
        self._chance = random.Random(seed)  # a repeatable lab, no secret
        self._asked, self._minutes = jobs, minutes
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, Queued] = {}
        self._held: dict[str, Slot] = {}
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []

    def run(self) -> MemoryEventLog:
        entry = set_limit(
            scopes(team=TEAM, user="", at=BEGIN)[0],
            minutes=self._minutes,
            now=BEGIN,
            by="user:root",
        )
        self.log.append(entry.events, entry.guards)
        at = BEGIN
        for number in range(self._asked):
            at += timedelta(seconds=self._chance.expovariate(1 / EVERY_S))
            self._at(at, partial(self._ask, number))
        while self._heap:
            self.now, _, act = heapq.heappop(self._heap)
            act()
        return self.log

    def _clock(self) -> datetime:
        """No two appends have the same time, as in the database."""
        return self.now + timedelta(microseconds=next(self._ticks))

    def _at(self, when: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._ticks), act))

    def _ask(self, number: int) -> None:
        fact = self._queued(number)
        entry = reserve(fact.hold, job=fact.originator_id, now=self.now, by=fact.by)
        try:
            self.log.append([fact, *entry.events], entry.guards)
        except QuotaExceeded as error:
            left, limit = int(str(error.values["left"])), int(str(error.values["limit"]))
            scope = str(error.values["scope"])
            self.log.append([refuse(scope, [fact], left=left, limit=limit, now=self.now)])
            return
        self._jobs[fact.originator_id] = Job().evolve(fact)
        self._waiting[fact.originator_id] = Queued(
            id=fact.originator_id, priority=fact.spec.priority, queued_at=fact.at
        )
        self._launch()

    def _queued(self, number: int) -> JobQueued:
        chance = self._chance
        person = chance.choice(PEOPLE)
        gpus = chance.choice((0, 0, 1, 2))
        resources = Resources(
            cpus=float(chance.choice((1, 2, 4))),
            memory_gib=float(chance.choice((2, 4, 8))),
            accelerators=Accelerator(kind="A100", count=gpus) if gpus else None,
        )
        spec = JobSpec(
            name=f"run-{number}",
            run="python train.py",
            resources=resources,
            priority=chance.choice((50, 50, 50, 80, 20)),
            retries=RetryPolicy(platform=2),
        )
        weight = float(gpus or 1)
        hold = QuotaHold(
            scopes=scopes(team=TEAM, user=person, at=self.now),
            seconds=round(chance.choice((300, 600, 1200)) * weight),
            weight=weight,
        )
        return JobQueued(
            originator_id=f"job_{number:06d}",
            originator_version=1,
            at=self.now,
            by=f"user:{person}",
            team=TEAM,
            experiment=f"exp_{number % 3}",
            owner=person,
            provider=PROVIDER,
            spec=spec,
            hold=hold,
        )

    def _launch(self) -> None:
        queue = sorted(self._waiting.values(), key=turn)
        for waiting, wait in turns(queue, self._wait):
            job = self._jobs[waiting.id]
            if wait is None:
                self._begin(job)
            elif job.wait_code != wait.code:
                told = job.explain_wait(code=wait.code, text=wait.text, now=self.now, by=WORKER)
                self._record(job, told)

    def _wait(self, waiting: Queued) -> Wait | None:
        if is_resting(waiting.not_before, self.now):
            return Wait(code="retrying", text="The next attempt is not due.")
        spec = self._jobs[waiting.id].spec
        found = place(spec, job=waiting.id, attempt=1, has=HAS, held=list(self._held.values()))
        if isinstance(found, Wait):
            return found
        self._held[waiting.id] = found
        return None

    def _begin(self, job: Job) -> None:
        del self._waiting[job.id]
        self._record(job, job.launch(now=self.now, by=WORKER))
        busy_s = min(self._chance.lognormvariate(5.5, 0.8), 3_000.0)
        self._at(self.now + timedelta(seconds=busy_s), partial(self._end, str(job.id), self.now))

    def _end(self, id: str, begun: datetime) -> None:
        job = self._jobs[id]
        gone = self._chance.random() < GONE
        seen = Observation(
            attempt=job.attempt,
            phase=Phase.GONE if gone else Phase.ENDED,
            at=self.now,
            started_at=begun,
            source="provider",
            exit=None if gone else Exit(code=int(self._chance.random() < 0.1)),
        )
        del self._held[id]
        after = self._record(job, job.observe(seen, now=self.now, by=WORKER))
        if not after.is_over:
            self._waiting[id] = Queued(
                id=id,
                priority=job.spec.priority,
                queued_at=job.queued_at or self.now,
                not_before=after.not_before,
            )
            self._at(after.not_before or self.now, self._launch)
        self._launch()

    def _record(self, job: Job, facts: Sequence[JobEvent]) -> Job:
        """Append what was decided, with its settlement when that was the end."""
        after = job
        for fact in facts:
            after = after.evolve(fact)
        guards: tuple[Guard, ...] = ()
        more: Sequence[Event] = ()
        if facts and isinstance(facts[-1], JobCompleted | JobFailed | JobStopped):
            entry = settle(after.hold, facts[-1])
            more, guards = entry.events, entry.guards
        self.log.append([*facts, *more], guards)
        self._jobs[job.id] = after
        return after
