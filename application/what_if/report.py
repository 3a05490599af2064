"""The answer: how well the model repeats what was recorded, and what the change would have moved."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from application.what_if.simulation import Outcome
from application.what_if.trace import Ask, Divergence, Trace

SHOWN_AT_MOST = 200
LIMITS_OF_THE_METHOD = (
    "Jobs arrive, run and are withdrawn when they did; nobody behaves otherwise because of the change.",
    "A job that was refused, or never ran, is taken to run as long as it asked for, at no cost.",
    "Where jobs wait with Labledger, there is as much room as was ever used at once; where a provider has its own "
    "queue, that queue is not replayed and jobs begin at once.",
    "An attempt that failed fails again after the same time. A reservation is not extended while a job runs: what "
    "it used is charged at its end.",
)


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Of a person's jobs, or with ``who`` empty of all. Waits are of those that were launched."""

    who: str
    asked: int
    refused: int
    launched: int
    wait_mean_s: float
    wait_p90_s: float
    used_s: int
    cost: float


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A job that fares otherwise. Waits are ``None`` where it is not launched.

    It has no name when access rules hide it from who asks.
    """

    job: str
    name: str
    owner: str
    accepted_before: bool
    accepted_after: bool
    wait_before_s: float | None
    wait_after_s: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """``recorded`` is what was, ``before`` the model without a change, ``after`` with it.

    ``decisions`` were checked, ``divergences`` are the first of ``diverged``. ``unlike`` counts jobs
    that the unchanged model accepts where they were refused, or the reverse; ``wait_error_s`` is the
    mean difference of its waits from the recorded ones.
    """

    since: datetime
    until: datetime
    decisions: int
    diverged: int
    divergences: tuple[Divergence, ...]
    unlike: int
    wait_error_s: float
    recorded: tuple[Totals, ...]
    before: tuple[Totals, ...]
    after: tuple[Totals, ...]
    moved: tuple[Moved, ...]
    moved_count: int
    limits: tuple[str, ...] = LIMITS_OF_THE_METHOD


Outcomes = Mapping[str, Outcome]


def report(
    trace: Trace,
    *,
    since: datetime,
    until: datetime,
    recorded: Outcomes,
    before: Outcomes,
    after: Outcomes,
    shows: Callable[[Ask], bool] = lambda _: True,
) -> Report:
    """Of the jobs asked for in ``[since, until)``; those before it only fill queues and ledgers."""
    asks = [ask for ask in trace.asks.values() if since <= ask.at < until]
    found = (_moved(ask, before, after, name=ask.name if shows(ask) else "") for ask in asks)
    moved = [one for one in found if one]
    return Report(
        since=since,
        until=until,
        decisions=trace.decisions,
        diverged=len(trace.divergences),
        divergences=tuple(trace.divergences[:SHOWN_AT_MOST]),
        unlike=sum(recorded[a.id].accepted != before[a.id].accepted for a in asks),
        wait_error_s=_error(asks, recorded, before),
        recorded=_totals(asks, recorded),
        before=_totals(asks, before),
        after=_totals(asks, after),
        moved=tuple(moved[:SHOWN_AT_MOST]),
        moved_count=len(moved),
    )


def _totals(asks: Iterable[Ask], outcomes: Outcomes) -> tuple[Totals, ...]:
    """All first, then by person."""
    by_owner: dict[str, list[Outcome]] = {}
    for ask in asks:
        by_owner.setdefault(ask.owner, []).append(outcomes[ask.id])
    everybody = [outcome for some in by_owner.values() for outcome in some]
    return (_total("", everybody), *(_total(who, some) for who, some in sorted(by_owner.items())))


def _total(who: str, outcomes: list[Outcome]) -> Totals:
    waits = sorted(o.wait_s for o in outcomes if o.wait_s is not None)
    return Totals(
        who=who,
        asked=len(outcomes),
        refused=sum(not o.accepted for o in outcomes),
        launched=len(waits),
        wait_mean_s=statistics.fmean(waits) if waits else 0.0,
        wait_p90_s=waits[min(len(waits) - 1, int(len(waits) * 0.9))] if waits else 0.0,
        used_s=sum(o.used_s for o in outcomes),
        cost=round(sum(o.cost for o in outcomes), 6),
    )


def _moved(ask: Ask, before: Outcomes, after: Outcomes, *, name: str) -> Moved | None:
    old, new = before[ask.id], after[ask.id]
    if (old.accepted, old.wait_s) == (new.accepted, new.wait_s):
        return None
    return Moved(
        job=ask.id,
        name=name,
        owner=ask.owner,
        accepted_before=old.accepted,
        accepted_after=new.accepted,
        wait_before_s=old.wait_s,
        wait_after_s=new.wait_s,
    )


def _error(asks: Iterable[Ask], recorded: Outcomes, before: Outcomes) -> float:
    pairs = ((recorded[a.id].wait_s, before[a.id].wait_s) for a in asks)
    errors = [abs(a - b) for a, b in pairs if a is not None and b is not None]
    return statistics.fmean(errors) if errors else 0.0
