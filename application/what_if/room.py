"""How much runs at once at each provider: as many jobs as a policy says, or what the log shows.

Where jobs have waited for room with us, the most that ever ran at once was all there is. Elsewhere
the provider has a queue of its own, which nobody here can replay: there is always room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from application.what_if.policy import Policy
from application.what_if.trace import Ask, Trace

DEFAULT_CPUS = 1.0


class Amount(NamedTuple):
    """What jobs hold together."""

    jobs: float = 0
    cpus: float = 0.0
    memory_gib: float = 0.0
    accelerators: float = 0

    def plus(self, other: Amount, sign: int = 1) -> Amount:
        return Amount(*(a + sign * b for a, b in zip(self, other, strict=True)))

    def within(self, most: Amount) -> bool:
        return all(a <= b + 1e-9 for a, b in zip(self, most, strict=True))


class Wait(NamedTuple):
    """See ``domain.scheduling``."""

    code: str


NO_ROOM = Wait("no_room")


def amount_of(ask: Ask) -> Amount:
    """What one job holds while it runs."""
    wish = ask.resources
    nodes = wish.num_nodes
    count = wish.accelerators.count if wish.accelerators else 0
    cpus, memory = wish.cpus or DEFAULT_CPUS, wish.memory_gib or 0.0
    return Amount(1, cpus * nodes, memory * nodes, count * nodes)


class Room:
    """What is free now, provider by provider."""

    def __init__(self, trace: Trace, policy: Policy) -> None:
        infinite = float("inf")
        peaks = _peaks(trace)
        self._most: dict[str, Amount] = {p: peaks.get(p, Amount()) for p in trace.bounded}
        for provider, jobs in policy.slots.items():
            self._most[provider] = Amount(jobs, infinite, infinite, infinite)
        self._held: dict[str, Amount] = {}

    def wait(self, ask: Ask) -> Wait | None:
        """``None`` when it can begin now. What is larger than all there ever was begins alone."""
        most = self._most.get(ask.provider)
        held = self._held.get(ask.provider, Amount())
        if most is None or not held.jobs or held.plus(amount_of(ask)).within(most):
            return None
        return NO_ROOM

    def take(self, ask: Ask) -> None:
        self._held[ask.provider] = self._held.get(ask.provider, Amount()).plus(amount_of(ask))

    def give_back(self, ask: Ask) -> None:
        self._held[ask.provider] = self._held[ask.provider].plus(amount_of(ask), -1)


def _peaks(trace: Trace) -> Mapping[str, Amount]:
    """The most of each that was ever held at once, by provider."""
    held: dict[str, Amount] = {}
    most: dict[str, Amount] = {}
    for _, sign, ask in sorted(_moves(trace), key=lambda move: move[:2]):
        now = held.get(ask.provider, Amount()).plus(amount_of(ask), sign)
        held[ask.provider] = now
        before = most.get(ask.provider, Amount())
        most[ask.provider] = Amount(*(max(a, b) for a, b in zip(now, before, strict=True)))
    return most


def _moves(trace: Trace) -> Iterable[tuple[datetime, int, Ask]]:
    for job, course in trace.courses.items():
        for begin, end in course.attempts:
            yield begin, 1, trace.asks[job]
            yield end, -1, trace.asks[job]
        if course.attempt_at is not None:
            yield course.attempt_at, 1, trace.asks[job]
