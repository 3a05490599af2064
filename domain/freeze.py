"""A launch freezes everything: from a task and what a person chose for this run to a ``JobSpec``.

Not here: resolving a git ref to a commit, or hashing files (``application/sources.py``,
``application/task_files.py``): their answers are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.errors import InvalidInput
from domain.git_urls import is_commit
from domain.job_spec import FrozenFile, GitSource, JobSpec, ParameterValue
from domain.parameter_fields import type_of
from domain.parameters import ParameterDef, ParameterType, resolve
from domain.resources import Resources
from domain.secret_names import all_secret_names
from domain.sweep_def import SweepRange
from domain.task_reading import Problems
from domain.task_resources import read_resources
from domain.task_spec import TaskSpec

_UNSETTLING = frozenset({"disk_space", "ports", "num_nodes", "any_of"})
"""Overrides that leave the task's alternatives open; any other chooses the machine itself."""


def freeze(
    task: TaskSpec,
    *,
    overrides: Mapping[str, object] | None = None,
    resource_overrides: Mapping[str, object] | None = None,
    files: tuple[FrozenFile, ...] = (),
    commit: str = "",
    minutes_requested: int | None = None,
    description: str = "",
) -> JobSpec:
    """What a job of ``task`` runs, for ever. Asked twice with the same arguments: the same answer.

    ``overrides`` are parameters, ``resource_overrides`` fields as in ``resources:`` of a task file;
    one that chooses a machine (``accelerators``, ``region`` …) drops the task's ``any_of``.
    ``commit`` is required with a git source. Raises ``InvalidTask`` for bad overrides.
    """
    chosen = overrides or {}
    spec = JobSpec(
        name=task.name,
        run=task.run,
        description=description or task.description,
        setup=task.setup,
        envs=dict(task.envs),
        parameters=resolve(definitions_for(task, chosen), chosen),
        resources=_resources(task.resources, resource_overrides or {}),
        git=_git(task, commit),
        files=files if task.file_mounts is not False else (),
        file_mounts=dict(task.file_mounts) if isinstance(task.file_mounts, dict) else {},
        timeout_s=task.timeout_s,
        launch_timeout_s=task.launch_timeout_s,
        idle_timeout_s=task.idle_timeout_s,
        ttl_s=task.ttl_s,
        retries=task.retries,
        priority=task.priority,
        minutes_requested=minutes_requested or task.minutes_requested,
        interactive=task.interactive,
    )
    return msgspec.structs.replace(spec, secrets=all_secret_names(msgspec.to_builtins(spec)))


def definitions_for(task: TaskSpec, chosen: Mapping[str, object]) -> dict[str, ParameterDef]:
    """The task's parameters and, of those only its sweep names, the chosen ones."""
    varied = task.sweeps.config if task.sweeps else {}
    extra = {
        name: _inferred(first.least if isinstance(first, SweepRange) else first.values)
        for name, first in varied.items()
        if name in chosen and name not in task.parameters
    }
    return dict(task.parameters) | extra


def _inferred(values: int | float | tuple[ParameterValue, ...]) -> ParameterDef:
    if not isinstance(values, tuple):
        return ParameterDef(type=ParameterType.FLOAT)
    listed = next((list(v) for v in values if isinstance(v, list)), None)
    scalars = [v for v in values if not isinstance(v, list)]
    kind = type_of(listed if listed is not None else scalars)
    if kind is None:
        return ParameterDef(type=ParameterType.ENUM, options=tuple(scalars))
    return ParameterDef(type=kind, default=listed)


def _resources(base: Resources, overrides: Mapping[str, object]) -> Resources:
    if not overrides:
        return base
    problems = Problems()
    if not _UNSETTLING.issuperset(overrides):
        base = msgspec.structs.replace(base, any_of=())
    answer = read_resources(overrides, "resources", problems, base=base)
    problems.raise_if_any()
    return answer


def _git(task: TaskSpec, commit: str) -> GitSource | None:
    if task.git is None:
        return None
    if not is_commit(commit):
        way_out = "Resolve the branch to a full commit hash first."
        raise InvalidInput(field="commit", value=commit, way_out=way_out)
    return msgspec.structs.replace(task.git, commit=commit.lower())
