"""What admins set and jobs move in the budgets: money of a month, beside the quota of minutes.

Money is held when a job is queued, as far as its provider knows a price; held ahead of what its
machine costs while it runs; and settled from what it cost. Not here: prices (``providers``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from application.actor import Actor, system
from application.commands.idempotency import once_at
from application.commands.job_changes import change_job
from application.commands.quotas import member_id
from application.commands.thresholds import note_thresholds
from application.lab import Lab
from application.permissions import Action, require
from domain.budgets import (
    MILLIONTHS,
    fold,
    is_team,
    millionths,
    scopes,
    set_limit,
    stream_of,
)
from domain.errors import BudgetExceeded, InvalidInput, QuotaExceeded
from domain.job_events import BudgetHold, JobEvent, StopReason
from domain.jobs import Job
from domain.jobs import fold as fold_job
from domain.model import Event, Guard, GuardKind
from domain.quotas import standing

BOOKKEEPER = system("budgets")
MOST = 10**9
TRIES = 4
USED_UP = (
    "The month's budget is used up: no more could be held for this job. "
    "It can be resumed from its last checkpoint when there is money again."
)


def set_budget(
    lab: Lab, actor: Actor, *, limit: float | None, user: str = "", key: str = ""
) -> int:
    """Money a month from now on, for the team or one member; ``None`` lifts the limit. Once with ``key``."""
    require(actor, Action.MANAGE_QUOTAS)
    user = member_id(lab, actor, user) if user else ""
    if limit is not None and not 0 <= limit <= MOST:
        way_out = f"Give 0 to {MOST:,}, or nothing to lift the limit."
        raise InvalidInput(field="limit", value=limit, way_out=way_out)
    now = lab.clock.now()
    of_team, of_user = scopes(team=actor.team, user=user, at=now)
    scope = of_user if user else of_team
    amount = None if limit is None else millionths(limit)
    always = set_limit(standing(scope), amount=amount, now=now, by=actor.by)
    month = set_limit(scope, amount=amount, now=now, by=actor.by)

    def record(guards: tuple[Guard, ...]) -> int:
        events = [*always.events, *month.events]
        position = lab.append(events, [*guards, *always.guards, *month.guards], actor=actor)
        note_thresholds(lab, month.guards)
        return position

    asked = ("set_budget", standing(scope), amount)
    return once_at(lab, actor, key, asked, record=record)


def hold_for(lab: Lab, actor: Actor, *, price_per_hour: float, seconds: float) -> BudgetHold:
    """What a new job of the actor must hold, in whose scopes."""
    owned = scopes(team=actor.team, user=actor.user, at=lab.clock.now())
    return BudgetHold(scopes=owned, amount=millionths(price_per_hour * seconds / 3600))


def open_month(lab: Lab, wanted: Sequence[str]) -> tuple[list[Event], list[Guard]]:
    """What the first reservation of a month appends first in each scope."""
    events: list[Event] = []
    guards: list[Guard] = []
    known = lab.log.guards([(GuardKind.QUOTA, scope) for scope in wanted])
    for scope in wanted:
        if (GuardKind.QUOTA, scope) in known:
            continue
        limit = _standing_limit(lab, scope)
        entry = set_limit(scope, amount=limit, now=lab.clock.now(), by=BOOKKEEPER.by)
        events += entry.events
        guards += entry.guards
    return events, guards


def in_money(error: QuotaExceeded, currency: str) -> BudgetExceeded:
    """The same refusal, told in money."""
    told = {k: error.values.get(k) for k in ("asked", "left", "limit")}
    shown = {k: f"{v / MILLIONTHS:.2f}" if isinstance(v, int) else v for k, v in told.items()}
    return BudgetExceeded(scope=error.values.get("scope"), currency=currency, **shown)


def keep_in_budget(lab: Lab, job: str) -> None:
    """Hold money ahead of what a running job costs; stop it gracefully when there is none.

    Where less is left, the rest is held. A job whose machine has no price moves nothing.
    """
    state = fold_job(lab.log.stream(job))
    if not state.price_per_hour or not state.has_machine or state.stop:
        return
    left: object = None
    for _ in range(TRIES):
        most = left if isinstance(left, int) else None
        try:
            change_job(lab, job, partial(_ahead, lab, most=most), actor=BOOKKEEPER)
        except QuotaExceeded as error:
            left = error.values.get("left")
        else:
            return
        if not left:
            break
    change_job(lab, job, partial(_stop, lab), actor=BOOKKEEPER)


def _ahead(lab: Lab, job: Job, *, most: int | None) -> list[JobEvent]:
    """Nothing while more than a third of a stretch is held ahead."""
    now = lab.clock.now()
    if not job.has_machine or job.stop:
        return []
    stretch = millionths(job.price_per_hour * lab.policy.extension_s / 3600)
    ahead = job.budget.amount - millionths(job.cost(now))
    if ahead * 3 > stretch:
        return []
    wanted = max(stretch - ahead, 1)
    amount = wanted if most is None else min(wanted, most)
    return job.hold_budget(amount=amount, now=now, by=BOOKKEEPER.by)


def _stop(lab: Lab, job: Job) -> list[JobEvent]:
    """Once what it costs has reached what could be held."""
    now = lab.clock.now()
    if millionths(job.cost(now)) < job.budget.amount:
        return []
    return job.request_stop(
        reason=StopReason.QUOTA,
        grace_s=lab.policy.stop_grace_s,
        text=USED_UP,
        now=now,
        by=BOOKKEEPER.by,
    )


def _standing_limit(lab: Lab, scope: str) -> int | None:
    facts = lab.log.stream(stream_of(standing(scope)))
    if facts:
        return fold(facts).limit
    money = lab.policy.team_budget if is_team(scope) else None
    return None if money is None else millionths(money)
