"""Asks the log of a team what another policy would have done; reads all and records nothing."""

from __future__ import annotations

from datetime import datetime

import msgspec

from application.actor import Actor
from application.commands.naming import experiment_id, provider_id, user_id
from application.lab import Lab
from application.permissions import Action, require
from application.sight import may_hear
from application.what_if.policy import Policy
from application.what_if.report import Report, report
from application.what_if.simulation import recorded, simulate
from application.what_if.trace import Trace
from domain.errors import InvalidInput, NotFound

BATCH = 5_000
TEAM = "team"


def what_if(lab: Lab, actor: Actor, policy: Policy, *, since: datetime, until: datetime) -> Report:
    """Of the jobs asked for in ``[since, until)``. The whole log up to ``until`` is read."""
    require(actor, Action.READ_LOG)
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        way_out = "Give two times with a zone, the earlier one first."
        raise InvalidInput(field="since", value=since.isoformat(), way_out=way_out)
    trace = read_trace(lab, actor.team, until=until)
    _known(trace, policy)
    return report(
        trace,
        since=since,
        until=until,
        recorded=recorded(trace),
        before=simulate(trace, Policy()),
        after=simulate(trace, policy),
        shows=lambda ask: may_hear(actor, [(ask.task, ask.experiment)]),
    )


def named(lab: Lab, actor: Actor, policy: Policy) -> Policy:
    """The same with ids for what people call by name or address. ``NotFound``."""
    require(actor, Action.READ_LOG)
    team = actor.team

    def person(name: str) -> str:
        return name if name == TEAM else user_id(lab, name)

    def person_or_experiment(name: str) -> str:
        try:
            return experiment_id(lab, team, name)
        except NotFound:
            return user_id(lab, name)

    return msgspec.structs.replace(
        policy,
        quotas={person(name): value for name, value in policy.quotas.items()},
        factors={person(name): value for name, value in policy.factors.items()},
        priorities={person_or_experiment(n): value for n, value in policy.priorities.items()},
        slots={provider_id(lab, team, name): value for name, value in policy.slots.items()},
    )


def read_trace(lab: Lab, team: str, *, until: datetime) -> Trace:
    """Everything of ``team`` that was recorded before ``until``."""
    trace, position = Trace(team), 0
    while facts := lab.log.read(position, BATCH):
        for fact in facts:
            if fact.recorded_at >= until:
                return trace
            trace.read(fact)
        position = facts[-1].position
    return trace


def _known(trace: Trace, policy: Policy) -> None:
    """``InvalidInput`` for a person, experiment or provider that asked for nothing: a typing error."""
    asks = trace.asks.values()
    people = {ask.owner for ask in asks}
    checks = (
        ("quotas", policy.quotas, people | {TEAM}),
        ("factors", policy.factors, people | {TEAM}),
        ("priorities", policy.priorities, people | {ask.experiment for ask in asks}),
        ("slots", policy.slots, {ask.provider for ask in asks}),
    )
    for field, given, known in checks:
        for name in given:
            if name not in known:
                seen = ", ".join(sorted(known)) or "nothing at all: choose a longer window"
                way_out = f"No job of that time asked for it. Asked for were: {seen}."
                raise InvalidInput(field=field, value=name, way_out=way_out)
