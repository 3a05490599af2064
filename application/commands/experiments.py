"""What people do with experiments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, clean_name
from application.commands.tasks import must_have
from application.lab import Lab
from application.permissions import Action, require, require_on
from domain.experiments import (
    Experiment,
    ExperimentCreated,
    ExperimentEvent,
    fold,
    unique_name,
)
from domain.job_spec import FrozenFile
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
    return _change(lab, actor, experiment, lambda e: e.archive(now=lab.clock.now(), by=actor.by))


def restore_experiment(lab: Lab, actor: Actor, experiment: str) -> int:
    """Show it again; repeatable."""
    return _change(lab, actor, experiment, lambda e: e.restore(now=lab.clock.now(), by=actor.by))


def describe_experiment(lab: Lab, actor: Actor, experiment: str, *, text: str) -> int:
    return _change(
        lab, actor, experiment, lambda e: e.describe(text.strip(), now=lab.clock.now(), by=actor.by)
    )


def note_experiment(
    lab: Lab, actor: Actor, experiment: str, *, text: str, instead_of: str | None = None
) -> int:
    """Replace its notes. ``Conflict`` when they are not ``instead_of`` any more, if that is given."""
    return _change(
        lab,
        actor,
        experiment,
        lambda e: e.note(text, instead_of=instead_of, now=lab.clock.now(), by=actor.by),
    )


def choose_score(
    lab: Lab, actor: Actor, experiment: str, *, name: str, lower_is_better: bool = False
) -> int:
    """By which score its jobs are compared; an empty ``name`` by none."""
    return _change(
        lab,
        actor,
        experiment,
        lambda e: e.choose_score(
            name.strip(), lower_is_better=lower_is_better, now=lab.clock.now(), by=actor.by
        ),
    )


def attach_document(lab: Lab, actor: Actor, experiment: str, *, file: FrozenFile) -> int:
    """A file whose bytes were uploaded; one of the same path is replaced."""
    _own(lab, actor, experiment)
    must_have(lab, actor, (file,))
    named = msgspec.structs.replace(file, path=clean_name("path", file.path))
    return _change(
        lab, actor, experiment, lambda e: e.attach(named, now=lab.clock.now(), by=actor.by)
    )


def remove_document(lab: Lab, actor: Actor, experiment: str, *, path: str) -> int:
    return _change(
        lab, actor, experiment, lambda e: e.detach(path, now=lab.clock.now(), by=actor.by)
    )


def _change(
    lab: Lab,
    actor: Actor,
    experiment: str,
    decide: Callable[[Experiment], Sequence[ExperimentEvent]],
) -> int:
    _own(lab, actor, experiment)
    return lab.change(experiment, fold, decide, actor=actor).position


def _own(lab: Lab, actor: Actor, experiment: str) -> Experiment:
    found = fold(lab.log.stream(experiment))
    act = Action.WRITE_EXPERIMENTS
    require_on(actor, act, experiment, team=found.team, kind="experiment", id=experiment)
    return found
