"""What people do with tasks: write, revise, restore, archive. Every save is validated first."""

from __future__ import annotations

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, experiment_id
from application.lab import Lab
from application.permissions import Action, require_on, require_somewhere
from application.task_yaml import read_task
from domain.errors import InvalidInput, OutsidePath
from domain.experiments import fold as fold_experiment
from domain.git_urls import is_inner_path
from domain.job_spec import FrozenFile
from domain.model import Guard
from domain.tasks import Task, TaskCreated, fold, unique_name


def create_task(
    lab: Lab,
    actor: Actor,
    *,
    experiment: str,
    yaml: str,
    files: tuple[FrozenFile, ...] = (),
    key: str = "",
) -> str:
    """A new task's id, named as its YAML says. ``InvalidTask`` lists every problem and saves nothing.

    ``AlreadyExists`` when the experiment has a task of that name.
    """
    require_somewhere(actor, Action.WRITE_TASKS)
    spec = read_task(yaml)
    home = experiment_id(lab, actor.team, experiment)
    where = fold_experiment(lab.log.stream(home))
    require_on(actor, Action.WRITE_TASKS, home, team=where.team, kind="experiment", id=home)
    must_have(lab, actor, files)
    made = lab.ids.new("task")

    def record(guards: tuple[Guard, ...]) -> str:
        now = lab.clock.now()
        created = TaskCreated(
            team=actor.team,
            experiment=home,
            name=spec.name,
            originator_id=made,
            originator_version=1,
            at=now,
            by=actor.by,
        )
        revised = Task().evolve(created).revise(yaml, files, now=now, by=actor.by)
        own = unique_name(home, spec.name, made)
        with claiming(own, kind="task", name=spec.name):
            lab.append([created, *revised], [*guards, own], actor=actor)
        return made

    asked = ("create_task", home, yaml, files)
    return once(actor, key, asked, made=made, record=record)


def revise_task(
    lab: Lab, actor: Actor, task: str, *, yaml: str, files: tuple[FrozenFile, ...] | None = None
) -> int:
    """A new revision; ``files=None`` keeps those of the latest. The same text adds nothing."""
    own_task(lab, actor, task, Action.WRITE_TASKS)
    read_task(yaml)
    must_have(lab, actor, files or ())
    return lab.change(
        task,
        fold,
        lambda t: t.revise(
            yaml, t.latest.files if files is None else files, now=lab.clock.now(), by=actor.by
        ),
        actor=actor,
    ).position


def restore_task(lab: Lab, actor: Actor, task: str, *, revision: int) -> int:
    """Make an old revision the latest, as a new one."""
    own_task(lab, actor, task, Action.WRITE_TASKS)
    return lab.change(
        task,
        fold,
        lambda t: t.restore(revision, now=lab.clock.now(), by=actor.by),
        actor=actor,
    ).position


def archive_task(lab: Lab, actor: Actor, task: str) -> int:
    """Hide it and free its name; repeatable."""
    own = own_task(lab, actor, task, Action.WRITE_TASKS)
    free = () if own.archived else (unique_name(own.experiment, own.name, task, take=-1),)
    return lab.change(
        task,
        fold,
        lambda t: t.archive(now=lab.clock.now(), by=actor.by),
        actor=actor,
        guards=free,
    ).position


def own_task(lab: Lab, actor: Actor, task: str, action: Action) -> Task:
    """The task, when it is of the actor's team and ``action`` is allowed."""
    found = fold(lab.log.stream(task))
    of = (task, found.experiment)
    require_on(actor, action, *of, team=found.team, kind="task", id=task)
    return found


def must_have(lab: Lab, actor: Actor, files: tuple[FrozenFile, ...]) -> None:
    """Refuse files whose bytes this team never uploaded, and those outside of the task's folder."""
    for file in files:
        if not is_inner_path(file.path):
            way_out = "Name a path inside of the task's folder, with / between its parts."
            raise OutsidePath(field="files", value=file.path, way_out=way_out)
    missing = lab.holdings.missing(actor.team, [file.sha256 for file in files])
    for file in files:
        if file.sha256 in missing:
            raise InvalidInput(
                field="files",
                value=file.path,
                way_out=f"Upload its bytes (SHA-256 {file.sha256[:12]}…) first; `lab task add` does.",
            )
