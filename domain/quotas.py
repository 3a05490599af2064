"""QuotaLedger: what is reserved, settled and allowed in one scope, in weighted compute seconds.

A scope is one team or one member in one calendar month. The ledger is append-only; the guard row
that moves with each append is the sum of its facts and refuses what does not fit. Not here: prices.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias, get_args

import msgspec

from domain.job_events import Ended, JobQueued, QuotaHold
from domain.model import NEXT_VERSION, UNLIMITED, Envelope, Event, Guard, GuardKind
from domain.resources import Resources


class QuotaLimitSet(Event, frozen=True, kw_only=True, tag="quota.limit_set.v1"):
    """``seconds`` from now on; -1 lifts the limit."""

    scope: str
    seconds: int


class QuotaReserved(Event, frozen=True, kw_only=True, tag="quota.reserved.v1"):
    scope: str
    job: str
    seconds: int
    weight: float = 1.0


class QuotaExtended(Event, frozen=True, kw_only=True, tag="quota.extended.v1"):
    """More of the scope held for a job that outlives its reservation."""

    scope: str
    job: str
    seconds: int


class QuotaSettled(Event, frozen=True, kw_only=True, tag="quota.settled.v1"):
    """The job is over: ``held`` seconds are given back, ``used`` are charged."""

    scope: str
    job: str
    held: int
    used: int


class RefusedJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked for: ``seconds`` are weighted, as they would have been reserved."""

    job: str
    name: str
    experiment: str
    provider: str
    seconds: int
    weight: float = 1.0
    priority: int = 0
    resources: Resources = Resources()


class QuotaRefused(Event, frozen=True, kw_only=True, tag="quota.refused.v1"):
    """``owner`` asked for these jobs at once, and all were refused: ``scope`` had ``left`` of ``limit``."""

    scope: str
    team: str
    owner: str
    left: int
    limit: int
    jobs: tuple[RefusedJob, ...]


class QuotaThresholdReached(Event, frozen=True, kw_only=True, tag="quota.threshold_reached.v1"):
    """``used`` seconds, reserved and charged, are ``percent`` of ``limit`` or more; once a limit."""

    scope: str
    percent: int
    used: int
    limit: int


QuotaEvent: TypeAlias = (
    QuotaLimitSet
    | QuotaReserved
    | QuotaExtended
    | QuotaSettled
    | QuotaRefused
    | QuotaThresholdReached
)
EVENTS: tuple[type[Event], ...] = get_args(QuotaEvent)
THRESHOLDS = (80, 100)
"""Percent of a limit, in order."""


class Entry(msgspec.Struct, frozen=True):
    """Ledger facts and the guards that must pass in the same append."""

    events: tuple[QuotaEvent, ...]
    guards: tuple[Guard, ...]


class Balance(msgspec.Struct, frozen=True):
    """The ledger folded: ``used`` is reserved plus charged seconds, ``limit`` is ``None`` when there is none."""

    used: int = 0
    limit: int | None = None

    def evolve(self, event: Event) -> Balance:
        match event:
            case QuotaLimitSet():
                return Balance(self.used, None if event.seconds == UNLIMITED else event.seconds)
            case QuotaReserved() | QuotaExtended():
                return Balance(self.used + event.seconds, self.limit)
            case QuotaSettled():
                return Balance(self.used + event.used - event.held, self.limit)
        return self

    def fits(self, seconds: int) -> bool:
        """Whether ``seconds`` more may be reserved; what gives back always may."""
        return seconds <= 0 or self.limit is None or self.used + seconds <= self.limit


def fold(events: Iterable[Event]) -> Balance:
    """The balance after ``events``, which are one ledger's whole stream in order."""
    balance = Balance()
    for event in events:
        balance = balance.evolve(event)
    return balance


def stream_of(scope: str) -> str:
    """The ledger's stream id."""
    return f"quota_{scope}"


def scopes(*, team: str, user: str, at: datetime) -> tuple[str, str]:
    """The team's and the member's scope for the month of ``at`` (UTC)."""
    month = f"{at:%Y-%m}"
    return f"team:{team}:{month}", f"user:{team}:{user}:{month}"


def standing(scope: str) -> str:
    """The scope of every month: ``team:t:2026-11`` → ``team:t``."""
    return scope.rpartition(":")[0]


def reserve(hold: QuotaHold, *, job: str, now: datetime, by: str) -> Entry:
    """Hold ``hold.seconds`` in every scope, or be refused in whole."""
    return Entry(
        tuple(
            QuotaReserved(
                scope=s, job=job, seconds=hold.seconds, weight=hold.weight, **_envelope(s, now, by)
            )
            for s in hold.scopes
        ),
        tuple(Guard(GuardKind.QUOTA, s, hold.seconds) for s in hold.scopes),
    )


def refuse(
    scope: str, jobs: Sequence[JobQueued], *, left: int, limit: int, now: datetime
) -> QuotaRefused:
    """That ``jobs``, asked for together, did not fit ``scope``."""
    first = jobs[0]
    return QuotaRefused(
        scope=scope,
        team=first.team,
        owner=first.owner,
        left=left,
        limit=limit,
        jobs=tuple(map(_refused, jobs)),
        **_envelope(scope, now, first.by),
    )


def _refused(job: JobQueued) -> RefusedJob:
    return RefusedJob(
        job=job.originator_id,
        name=job.spec.name,
        experiment=job.experiment,
        provider=job.provider,
        seconds=job.hold.seconds,
        weight=job.hold.weight,
        priority=job.spec.priority,
        resources=job.spec.resources,
    )


def extend(hold: QuotaHold, *, job: str, seconds: int, now: datetime, by: str) -> Entry:
    """Hold ``seconds`` more, or be refused in whole."""
    return Entry(
        tuple(
            QuotaExtended(scope=s, job=job, seconds=seconds, **_envelope(s, now, by))
            for s in hold.scopes
        ),
        tuple(Guard(GuardKind.QUOTA, s, seconds) for s in hold.scopes),
    )


def settle(hold: QuotaHold, ended: Ended) -> Entry:
    """Give back what was held and charge what was used; never refused, even above the limit."""
    moved = ended.used_s - hold.seconds
    guards = tuple(Guard(GuardKind.CHARGE, s, moved) for s in hold.scopes)
    return Entry(
        tuple(
            QuotaSettled(
                scope=s,
                job=ended.originator_id,
                held=hold.seconds,
                used=ended.used_s,
                **_envelope(s, ended.at, ended.by),
            )
            for s in hold.scopes
        ),
        guards,
    )


def set_limit(scope: str, *, minutes: int | None, now: datetime, by: str) -> Entry:
    """Allow ``minutes`` in ``scope``; ``None`` lifts the limit. Below what is used: only new work is refused."""
    seconds = UNLIMITED if minutes is None else minutes * 60
    fact = QuotaLimitSet(scope=scope, seconds=seconds, **_envelope(scope, now, by))
    return Entry((fact,), (Guard(GuardKind.QUOTA, scope, 0, limit=seconds),))


def threshold_stream(scope: str, limit: int) -> str:
    """The stream of the thresholds told for ``scope`` under ``limit``."""
    return f"{stream_of(scope)}@{limit}"


def reach_threshold(
    told: Sequence[Event], scope: str, *, used: int, limit: int, now: datetime, by: str
) -> list[QuotaThresholdReached]:
    """The highest threshold reached, unless ``told`` (its stream) says it or a higher one already."""
    before = max((e.percent for e in told if isinstance(e, QuotaThresholdReached)), default=0)
    reached = [p for p in THRESHOLDS if p > before and used > 0 and used * 100 >= limit * p]
    return [
        QuotaThresholdReached(
            scope=scope,
            percent=percent,
            used=used,
            limit=limit,
            originator_id=threshold_stream(scope, limit),
            originator_version=len(told) + 1,
            at=now,
            by=by,
        )
        for percent in reached[-1:]
    ]


def minutes(seconds: int) -> int:
    """Whole minutes to show, rounded up."""
    return math.ceil(seconds / 60)


def _envelope(scope: str, now: datetime, by: str) -> Envelope:
    return {
        "originator_id": stream_of(scope),
        "originator_version": NEXT_VERSION,
        "at": now,
        "by": by,
    }
