"""What people do with experiments."""

from __future__ import annotations

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, clean_name
from application.lab import Lab
from application.permissions import Action, require, require_on
from domain.experiments import Experiment, ExperimentCreated, fold, unique_name
from domain.model import Guard


def create_experiment(lab: Lab, actor: Actor, *, name: str, key: str = "") -> str:
    """A new experiment's id. Repeatable with ``key``. ``AlreadyExists`` when the name is in use."""
    require(actor, Action.WRITE_EXPERIMENTS)
    name = clean_name("name", name)
    made = lab.ids.new("exp")

    def record(guards: tuple[Guard, ...]) -> str:
        fact = ExperimentCreated(
            team=actor.team,
            name=name,
            originator_id=made,
            originator_version=1,
            at=lab.clock.now(),
            by=actor.by,
        )
        own = unique_name(actor.team, name, made)
        with claiming(own, kind="experiment", name=name):
            lab.append([fact], [*guards, own], actor=actor)
        return made

    return once(actor, key, ("create_experiment", name), made=made, record=record)


def rename_experiment(lab: Lab, actor: Actor, experiment: str, *, name: str) -> int:
    """The position after the change; repeatable. ``AlreadyExists`` when the name is in use."""
    before = _own(lab, actor, experiment)
    name = clean_name("name", name)
    own = unique_name(actor.team, name, experiment)
    free = unique_name(actor.team, before.name, experiment, take=-1)
    with claiming(own, kind="experiment", name=name):
        return lab.change(
            experiment,
            fold,
            lambda e: e.rename(name, now=lab.clock.now(), by=actor.by),
            actor=actor,
            guards=[] if name == before.name else [own, free],
        ).position


def archive_experiment(lab: Lab, actor: Actor, experiment: str) -> int:
    """Hide it; repeatable. Jobs and their log stay."""
    _own(lab, actor, experiment)
    return lab.change(
        experiment, fold, lambda e: e.archive(now=lab.clock.now(), by=actor.by), actor=actor
    ).position


def _own(lab: Lab, actor: Actor, experiment: str) -> Experiment:
    found = fold(lab.log.stream(experiment))
    act = Action.WRITE_EXPERIMENTS
    require_on(actor, act, experiment, team=found.team, kind="experiment", id=experiment)
    return found
