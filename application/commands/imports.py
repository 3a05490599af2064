"""Makes a job of a run that was recorded offline; its journal and blobs follow as a node's do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import clean_name, experiment_id
from application.lab import Lab
from application.permissions import Action, require_on, require_somewhere
from domain.errors import InvalidInput
from domain.experiments import fold as fold_experiment
from domain.imports import NO_HOLD, imported
from domain.job_events import JobQueued
from domain.job_spec import JobSpec, ParameterValue
from domain.model import Guard

KEY_LIMIT = 200
ALPHA = "alpha"


class OfflineRun(msgspec.Struct, frozen=True, kw_only=True):
    """What ``lab sync`` tells of a run. ``key`` names it for ever; ``started_at`` is unix seconds."""

    key: str
    started_at: Annotated[float, msgspec.Meta(ge=0, le=32_503_680_000)]
    experiment: str = ""
    name: str = ""
    parameters: dict[str, object] = {}


def import_run(lab: Lab, actor: Actor, run: OfflineRun) -> str:
    """The job of the run: a new one, or the one an earlier call of this person with its key made."""
    require_somewhere(actor, Action.LAUNCH)
    if not 0 < len(run.key) <= KEY_LIMIT or not run.key.isprintable():
        way_out = f"Send 1 to {KEY_LIMIT} printable characters."
        raise InvalidInput(field="key", value=run.key, way_out=way_out)
    experiment = experiment_id(lab, actor.team, run.experiment or ALPHA)
    home = fold_experiment(lab.log.stream(experiment))
    act = Action.LAUNCH
    require_on(actor, act, experiment, team=home.team, kind="experiment", id=experiment)
    queued = _queued(lab, actor, run, experiment)

    def record(guards: tuple[Guard, ...]) -> str:
        lab.append(imported(queued), guards, actor=actor)
        return queued.originator_id

    owner = msgspec.structs.replace(actor, by=f"import:{actor.team}:{actor.user}")
    asked = ("import_run", experiment, run.name, run.started_at)
    return once(owner, run.key, asked, made=queued.originator_id, record=record)


def _queued(lab: Lab, actor: Actor, run: OfflineRun, experiment: str) -> JobQueued:
    began = min(datetime.fromtimestamp(run.started_at, UTC), lab.clock.now())
    parameters = {name: _plain(value) for name, value in run.parameters.items()}
    return JobQueued(
        originator_id=lab.ids.new("job"),
        originator_version=1,
        at=began,
        by=actor.by,
        team=actor.team,
        experiment=experiment,
        owner=actor.user,
        provider="",
        spec=JobSpec(name=clean_name("name", run.name or run.key), run="", parameters=parameters),
        hold=NO_HOLD,
    )


def _plain(value: object) -> ParameterValue:
    """Scalars and lists of them as they are; anything deeper as its JSON text."""
    try:
        plain: ParameterValue = msgspec.convert(value, ParameterValue)
    except msgspec.ValidationError:
        return msgspec.json.encode(value).decode()
    return plain
