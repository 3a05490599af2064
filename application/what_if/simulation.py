"""Another course of the same asks: event by event, by the very rules that live code decides with.

Jobs come as they came, run as long as they ran and are withdrawn when they were. Those that were
refused run as long as they asked for. Pure: the same trace and policy give the same course.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import msgspec

from application.what_if.policy import Policy, charged_s, scopes_of
from application.what_if.room import Room, Wait
from application.what_if.trace import Ask, Course, Trace
from domain.quotas import Balance
from domain.scheduling import Queued, is_resting, turn, turns

SECOND = timedelta(seconds=1)
RESTING = Wait("retrying")


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one ask. ``wait_s`` until it was launched, ``None`` for one that never was."""

    accepted: bool
    wait_s: float | None = None
    used_s: int = 0
    cost: float = 0.0


def recorded(trace: Trace) -> dict[str, Outcome]:
    """What did become of them."""
    found: dict[str, Outcome] = {}
    for job, ask in trace.asks.items():
        course = trace.courses.get(job)
        found[job] = Outcome(accepted=course is not None)
        if course is not None and course.launched_at is not None:
            wait_s = (course.launched_at - ask.at) / SECOND
            found[job] = Outcome(
                accepted=True, wait_s=wait_s, used_s=course.used_s, cost=course.cost
            )
    return found


def simulate(trace: Trace, policy: Policy) -> dict[str, Outcome]:
    """What would have become of them."""
    return _Course(trace, policy).run()


class _Course:
    def __init__(self, trace: Trace, policy: Policy) -> None:
        self._trace, self._policy = trace, policy
        self._room = Room(trace, policy)
        self._balances: dict[str, Balance] = {}
        self._recorded: dict[str, int | None] = {}
        self._waiting: dict[str, list[Queued]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._heap: list[tuple[datetime, int, int, Callable[[datetime], None]]] = []
        self._attempts: dict[str, int] = {}
        self._steps = 0

    def run(self) -> dict[str, Outcome]:
        for limit in self._trace.limits:
            scope, seconds = limit.scope, limit.seconds
            self._at(limit.at, 0, partial(self._limit, scope, seconds))
        for command in _commands(self._trace.asks.values()):
            self._at(command[0].at, 1, partial(self._ask, command))
        while self._heap:
            now, _, _, act = heapq.heappop(self._heap)
            act(now)
        return self._outcomes

    def _at(self, when: datetime, rank: int, act: Callable[[datetime], None]) -> None:
        """``rank`` orders what happens at once: limits, asks, ends."""
        self._steps += 1
        heapq.heappush(self._heap, (when, rank, self._steps, act))

    def _limit(self, scope: str, seconds: int | None, now: datetime) -> None:
        del now
        self._recorded[scope] = seconds

    def _ask(self, jobs: tuple[Ask, ...], now: datetime) -> None:
        """All of a command are reserved, or none is."""
        asked = sum(self._policy.reserved_s(job) for job in jobs)
        over = scopes_of(self._trace.team, jobs[0])
        accepted = all(self._balance(scope).fits(asked) for scope in over)
        for job in jobs:
            self._outcomes[job.id] = Outcome(accepted=accepted)
        if not accepted:
            return
        self._move(over, asked)
        for job in jobs:
            self._enqueue(job, now)
        self._launch({job.provider for job in jobs}, now)

    def _balance(self, scope: str) -> Balance:
        limit = self._policy.limit(scope, self._recorded.get(scope))
        return Balance(self._balances.get(scope, Balance()).used, limit)

    def _move(self, over: Iterable[str], seconds: int) -> None:
        for scope in over:
            self._balances[scope] = Balance(self._balances.get(scope, Balance()).used + seconds)

    def _enqueue(self, job: Ask, now: datetime) -> None:
        queue = self._waiting.setdefault(job.provider, [])
        queue.append(Queued(id=job.id, priority=self._policy.priority(job), queued_at=job.at))
        queue.sort(key=turn)
        course = self._trace.courses.get(job.id)
        if course is not None and course.launched_at is None and course.ended_at is not None:
            self._at(max(course.ended_at, now), 2, lambda at: self._withdraw(job, at))

    def _withdraw(self, job: Ask, now: datetime) -> None:
        """Somebody gave up waiting for it, if it still waits."""
        queue = self._waiting[job.provider]
        if any(waiting.id == job.id for waiting in queue):
            queue[:] = [waiting for waiting in queue if waiting.id != job.id]
            self._move(scopes_of(self._trace.team, job), -self._policy.reserved_s(job))
            self._launch({job.provider}, now)

    def _launch(self, providers: Iterable[str], now: datetime) -> None:
        for provider in sorted(providers):
            queue = self._waiting.get(provider, [])
            asked = turns(queue, partial(self._wait, now))
            begun = {waiting.id for waiting, wait in asked if wait is None}
            queue[:] = [waiting for waiting in queue if waiting.id not in begun]
            for id in begun:
                self._begin(self._trace.asks[id], now)

    def _wait(self, now: datetime, waiting: Queued) -> Wait | None:
        if is_resting(waiting.not_before, now):
            return RESTING
        ask = self._trace.asks[waiting.id]
        found = self._room.wait(ask)
        if found is None:
            self._room.take(ask)
        return found

    def _begin(self, job: Ask, now: datetime) -> None:
        outcome = self._outcomes[job.id]
        if outcome.wait_s is None:
            outcome.wait_s = (now - job.at) / SECOND
        done = self._attempts.setdefault(job.id, 0)
        busy = _busy(job, self._trace.courses.get(job.id), done)
        self._at(now + busy, 2, partial(self._leave, job, busy))

    def _leave(self, job: Ask, busy: timedelta, now: datetime) -> None:
        """An attempt is over: another follows where one did, or it is the end."""
        self._room.give_back(job)
        done = self._attempts[job.id] = self._attempts[job.id] + 1
        course = self._trace.courses.get(job.id)
        if course is not None and done < len(course.attempts) and done <= len(course.rests):
            again = now + course.rests[done - 1]
            self._wait_again(job, again)
            self._at(again, 2, lambda at: self._launch({job.provider}, at))
        else:
            self._end(job, course, busy)
        self._launch({job.provider}, now)

    def _wait_again(self, job: Ask, not_before: datetime) -> None:
        queue, priority = self._waiting[job.provider], self._policy.priority(job)
        queue.append(Queued(id=job.id, priority=priority, queued_at=job.at, not_before=not_before))
        queue.sort(key=turn)

    def _end(self, job: Ask, course: Course | None, busy: timedelta) -> None:
        ran = course is not None and bool(course.attempts)
        used_s = charged_s(self._policy, job, course.used_s if course and ran else 0, busy)
        outcome = self._outcomes[job.id]
        outcome.used_s = used_s
        outcome.cost = course.cost if course else 0.0
        self._move(scopes_of(self._trace.team, job), used_s - self._policy.reserved_s(job))


def _busy(job: Ask, course: Course | None, attempt: int) -> timedelta:
    """How long the attempt took; of one that never was, as long as the job asked for."""
    if course is not None and attempt < len(course.attempts):
        begin, end = course.attempts[attempt]
        return end - begin
    return timedelta(seconds=job.seconds / (job.weight or 1))


def _commands(asks: Iterable[Ask]) -> Iterator[tuple[Ask, ...]]:
    for _, jobs in groupby(asks, key=lambda ask: ask.command):
        yield tuple(jobs)
