"""Access rules of a team: set and removed by its admins. What they mean is in ``domain/rules.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from application.actor import Actor
from application.commands.idempotency import once_at
from application.commands.naming import user_id
from application.lab import Lab
from application.permissions import Action, require, require_own
from domain.compute import fold as fold_provider
from domain.errors import InvalidInput
from domain.experiments import fold as fold_experiment
from domain.model import Guard
from domain.rules import REGISTRY, RULED, Verb
from domain.tasks import fold as fold_task
from domain.teams import fold

TEAM_OF: Mapping[str, tuple[str, Callable[[Lab, str], str]]] = {
    "exp_": ("experiment", lambda lab, id: fold_experiment(lab.log.stream(id)).team),
    "task_": ("task", lambda lab, id: fold_task(lab.log.stream(id)).team),
    "prov_": ("provider", lambda lab, id: fold_provider(lab.log.stream(id)).team),
}


def set_rule(
    lab: Lab, actor: Actor, *, resource: str, subject: str, verbs: Iterable[Verb], key: str = ""
) -> int:
    """Let ``subject`` do ``verbs`` with ``resource`` and no more, from now on; repeatable.

    ``resource``: an experiment's, task's or provider's id, or ``registry``. ``subject``: everyone,
    a role, or a member's id or address.
    """
    require(actor, Action.MANAGE_RULES)
    _must_own(lab, actor, resource)
    who, wanted = _subject(lab, subject), tuple(verbs)

    def record(guards: tuple[Guard, ...]) -> int:
        return lab.change(
            actor.team,
            fold,
            lambda t: t.set_rule(resource, who, wanted, now=lab.clock.now(), by=actor.by),
            actor=actor,
            guards=guards,
        ).position

    asked = ("set_rule", actor.team, resource, who, sorted(wanted))
    return once_at(lab, actor, key, asked, record=record)


def remove_rule(lab: Lab, actor: Actor, *, resource: str, subject: str) -> int:
    """Let the role decide again; repeatable."""
    require(actor, Action.MANAGE_RULES)
    _must_own(lab, actor, resource)
    who = _subject(lab, subject)
    return lab.change(
        actor.team,
        fold,
        lambda t: t.remove_rule(resource, who, now=lab.clock.now(), by=actor.by),
        actor=actor,
    ).position


def _must_own(lab: Lab, actor: Actor, resource: str) -> None:
    if resource == REGISTRY:
        return
    kind, team_of = TEAM_OF.get(resource.partition("_")[0] + "_", ("", None))
    if team_of is None:
        way_out = "Give the id of an experiment, a task or a provider, or registry."
        raise InvalidInput(field="resource", value=resource, way_out=way_out)
    require_own(actor, team_of(lab, resource), kind=kind, id=resource)


def _subject(lab: Lab, typed: str) -> str:
    return typed if typed in RULED else user_id(lab, typed)
