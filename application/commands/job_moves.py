"""Moving a job that waits to another provider: only while it is QUEUED, with the money held for it.

A worker that is about to launch it there loses: the claim is decided over the job as it is now, and
the append is refused when another fact came first.
"""

from __future__ import annotations

from functools import partial

import msgspec

from application.actor import Actor
from application.commands import budgets
from application.commands.idempotency import once_at, was_asked
from application.commands.job_changes import change_job
from application.commands.jobs import must_run_somewhere, own_job, reservation_s
from application.commands.naming import provider_id
from application.lab import Lab
from application.permissions import Action
from domain.budgets import MILLIONTHS, is_money, millionths
from domain.errors import InvalidInput, QuotaExceeded
from domain.job_events import JobEvent
from domain.jobs import Job
from domain.model import Guard


def move_job(lab: Lab, actor: Actor, job: str, *, provider: str, key: str = "") -> int:
    """Let a queued job wait for another provider (name or id); repeatable, once with ``key``.

    Asks that provider whether it could run it. ``NotQueued``, ``SubmissionRefused``, ``BudgetExceeded``.
    """
    found = own_job(lab, actor, job, Action.LAUNCH)
    if not provider:
        way_out = "Name a provider; `lab provider list` lists them."
        raise InvalidInput(field="provider", value=provider, way_out=way_out)
    target = provider_id(lab, actor.team, provider)

    def decide(state: Job) -> list[JobEvent]:
        amount = held_at(lab, state, target)
        return state.move(provider=target, budget=amount, now=lab.clock.now(), by=actor.by)

    asked = ("move_job", job, target)
    if was_asked(lab, actor, key):  # whatever became of the job since
        return once_at(lab, actor, key, asked, record=partial(_nothing, lab, actor))
    if not decide(found):
        return lab.log.head()
    must_run_somewhere(lab, actor, found.spec, target, owner=found.owner)

    def record(guards: tuple[Guard, ...]) -> int:
        return change_job(lab, job, decide, actor=actor, guards=guards).position

    try:
        return once_at(lab, actor, key, asked, record=record)
    except QuotaExceeded as error:
        if is_money(str(error.values.get("scope"))):
            raise budgets.in_money(error, lab.policy.currency) from None
        raise


class MoveCost(msgspec.Struct, frozen=True, kw_only=True):
    """Money held for a job where it waits, and what would be held elsewhere."""

    held: float
    held_there: float
    currency: str


def move_cost(lab: Lab, actor: Actor, job: str, *, provider: str) -> MoveCost:
    """What moving it would hold. Everything is checked as for moving it and nothing recorded."""
    found = own_job(lab, actor, job, Action.LAUNCH)
    target = provider_id(lab, actor.team, provider)
    amount = held_at(lab, found, target)
    found.move(provider=target, budget=amount, now=lab.clock.now(), by=actor.by)
    must_run_somewhere(lab, actor, found.spec, target, owner=found.owner)
    return MoveCost(
        held=found.budget.amount / MILLIONTHS,
        held_there=amount / MILLIONTHS,
        currency=lab.policy.currency,
    )


def _nothing(lab: Lab, actor: Actor, guards: tuple[Guard, ...]) -> int:
    return lab.append([], guards, actor=actor)


def held_at(lab: Lab, job: Job, provider: str) -> int:
    """Millionths held for the job at a provider: what it has cost so far, and its reservation there."""
    price = lab.providers.of(provider).price(job.spec)
    seconds = reservation_s(job.spec, lab.policy.default_reservation_s)
    return millionths(job.spent) + millionths(price * seconds / 3600)
