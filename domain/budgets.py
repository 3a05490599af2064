"""Budget ledger: money of one scope and month, reserved for jobs and settled from what they cost.

A scope is one team or one member in one calendar month. Amounts are whole millionths of the
installation's currency; the guard row that moves with each append refuses what does not fit. Not
here: compute minutes (``domain/quotas.py``), and what a machine costs (its provider tells).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec

from domain.job_events import BudgetHold, Ended
from domain.model import NEXT_VERSION, UNLIMITED, Envelope, Event, Guard, GuardKind
from domain.quotas import THRESHOLDS, threshold_stream

MILLIONTHS = 1_000_000
PREFIX = "money-"


class BudgetLimitSet(Event, frozen=True, kw_only=True, tag="budget.limit_set.v1"):
    """``amount`` from now on; -1 lifts the limit."""

    scope: str
    amount: int


class BudgetReserved(Event, frozen=True, kw_only=True, tag="budget.reserved.v1"):
    """More of the scope held for a job."""

    scope: str
    job: str
    amount: int


class BudgetReleased(Event, frozen=True, kw_only=True, tag="budget.released.v1"):
    """Less of the scope held for a job that was moved to where it costs less."""

    scope: str
    job: str
    amount: int


class BudgetSettled(Event, frozen=True, kw_only=True, tag="budget.settled.v1"):
    """The job is over: ``held`` is given back, ``cost`` is charged."""

    scope: str
    job: str
    held: int
    cost: int


class BudgetThresholdReached(Event, frozen=True, kw_only=True, tag="budget.threshold_reached.v1"):
    """``used``, reserved and charged, is ``percent`` of ``limit`` or more; once a limit."""

    scope: str
    percent: int
    used: int
    limit: int


BudgetEvent: TypeAlias = (
    BudgetLimitSet | BudgetReserved | BudgetReleased | BudgetSettled | BudgetThresholdReached
)
EVENTS: tuple[type[Event], ...] = get_args(BudgetEvent)


class Entry(msgspec.Struct, frozen=True):
    """Ledger facts and the guards that must pass in the same append."""

    events: tuple[BudgetEvent, ...]
    guards: tuple[Guard, ...]


class Balance(msgspec.Struct, frozen=True):
    """The ledger folded: ``used`` is reserved plus charged, ``limit`` is ``None`` when there is none."""

    used: int = 0
    limit: int | None = None

    def evolve(self, event: Event) -> Balance:
        match event:
            case BudgetLimitSet():
                return Balance(self.used, None if event.amount == UNLIMITED else event.amount)
            case BudgetReserved():
                return Balance(self.used + event.amount, self.limit)
            case BudgetReleased():
                return Balance(self.used - event.amount, self.limit)
            case BudgetSettled():
                return Balance(self.used + event.cost - event.held, self.limit)
        return self


def fold(events: Sequence[Event]) -> Balance:
    """The balance after ``events``, which are one ledger's whole stream in order."""
    balance = Balance()
    for event in events:
        balance = balance.evolve(event)
    return balance


def stream_of(scope: str) -> str:
    return f"budget_{scope}"


def scopes(*, team: str, user: str, at: datetime) -> tuple[str, str]:
    """The team's and the member's scope for the month of ``at`` (UTC)."""
    month = f"{at:%Y-%m}"
    return f"{PREFIX}team:{team}:{month}", f"{PREFIX}user:{team}:{user}:{month}"


def is_money(scope: str) -> bool:
    """Whether a quota guard's scope counts money rather than seconds."""
    return scope.startswith(PREFIX)


def is_team(scope: str) -> bool:
    """Whether it is a team's and no member's."""
    return scope.startswith(f"{PREFIX}team:")


def millionths(money: float) -> int:
    return round(money * MILLIONTHS)


def reserve(hold: BudgetHold, *, job: str, amount: int, now: datetime, by: str) -> Entry:
    """Hold ``amount`` more in every scope, or be refused in whole."""
    if not amount:
        return Entry((), ())
    return Entry(
        tuple(
            BudgetReserved(scope=s, job=job, amount=amount, **_envelope(s, now, by))
            for s in hold.scopes
        ),
        tuple(Guard(GuardKind.QUOTA, s, amount) for s in hold.scopes),
    )


def move(hold: BudgetHold, *, job: str, amount: int, now: datetime, by: str) -> Entry:
    """Hold ``amount`` in all instead of what ``hold`` says: more, or be refused in whole, or less."""
    less = hold.amount - amount
    if less <= 0:
        return reserve(hold, job=job, amount=-less, now=now, by=by)
    return Entry(
        tuple(
            BudgetReleased(scope=s, job=job, amount=less, **_envelope(s, now, by))
            for s in hold.scopes
        ),
        tuple(Guard(GuardKind.CHARGE, s, -less) for s in hold.scopes),
    )


def settle(hold: BudgetHold, ended: Ended) -> Entry:
    """Give back what was held and charge the cost; never refused, even above the limit."""
    cost = millionths(ended.cost)
    if not cost and not hold.amount:
        return Entry((), ())
    facts = tuple(
        BudgetSettled(
            scope=s,
            job=ended.originator_id,
            held=hold.amount,
            cost=cost,
            **_envelope(s, ended.at, ended.by),
        )
        for s in hold.scopes
    )
    return Entry(facts, tuple(Guard(GuardKind.CHARGE, s, cost - hold.amount) for s in hold.scopes))


def set_limit(scope: str, *, amount: int | None, now: datetime, by: str) -> Entry:
    """Allow ``amount`` in ``scope``; ``None`` lifts the limit. Below what is used: only new work is refused."""
    limit = UNLIMITED if amount is None else amount
    fact = BudgetLimitSet(scope=scope, amount=limit, **_envelope(scope, now, by))
    return Entry((fact,), (Guard(GuardKind.QUOTA, scope, 0, limit=limit),))


def warning_stream(scope: str, limit: int) -> str:
    """The stream of the thresholds told for ``scope`` under ``limit``."""
    return threshold_stream(scope, limit).replace("quota_", "budget_", 1)


def reach_threshold(
    told: Sequence[Event], scope: str, *, used: int, limit: int, now: datetime, by: str
) -> list[BudgetThresholdReached]:
    """The highest threshold reached, unless ``told`` (its stream) says it or a higher one already."""
    before = max((e.percent for e in told if isinstance(e, BudgetThresholdReached)), default=0)
    reached = [p for p in THRESHOLDS if p > before and used > 0 and used * 100 >= limit * p]
    return [
        BudgetThresholdReached(
            scope=scope,
            percent=percent,
            used=used,
            limit=limit,
            originator_id=warning_stream(scope, limit),
            originator_version=len(told) + 1,
            at=now,
            by=by,
        )
        for percent in reached[-1:]
    ]


def _envelope(scope: str, now: datetime, by: str) -> Envelope:
    return {
        "originator_id": stream_of(scope),
        "originator_version": NEXT_VERSION,
        "at": now,
        "by": by,
    }
