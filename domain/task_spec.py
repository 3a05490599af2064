"""A task: what ``task.yaml`` says, as one frozen value, and the reading of it from plain values.

Strict: unknown keys, wrong types and values out of range are all told at once, each with its path.
Not here: YAML and its line numbers (``application/task_yaml.py``), what a job is launched with
(``domain/freeze.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from domain.errors import shorten
from domain.job_spec import GitSource, RetryPolicy
from domain.parameter_fields import parameters_schema, read_parameters
from domain.parameters import ParameterDef
from domain.resources import Resources
from domain.secret_names import all_secret_names, tell_malformed
from domain.sweep_def import SweepDef, read_sweep, sweep_schema
from domain.task_kinds import text, whole
from domain.task_reading import Field, Kind, Problems, Section, join, show
from domain.task_resources import RESOURCE_FIELDS, read_resources, section_schema
from domain.task_sections import (
    ENVS,
    GIT_DIRECTORY,
    GIT_REF,
    GIT_URL,
    INTERACTIVE,
    MOUNTS,
    PRIORITY,
    RETRIES,
)
from domain.units import duration

MOST_BYTES = 1_048_576
MOST_DEPTH = 30
MINUTES_AT_MOST = 527_040
"""A leap year: of what a task or a launch may reserve."""
_MOST_VALUES = 100_000


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``file_mounts`` ``True`` places the task's files in the working directory, a mapping places
    further ones (path on the node to source). ``git.commit`` is empty: it is resolved at submit.
    ``secrets`` are the names referred to. ``interactive`` is a template, ``""`` for a plain job.
    """

    name: str
    run: str
    description: str = ""
    setup: str = ""
    envs: dict[str, str] = {}
    resources: Resources = Resources()
    git: GitSource | None = None
    file_mounts: bool | dict[str, str] = True
    parameters: dict[str, ParameterDef] = {}
    sweeps: SweepDef | None = None
    timeout_s: float | None = None
    launch_timeout_s: float | None = None
    idle_timeout_s: float | None = None
    ttl_s: float | None = None
    retries: RetryPolicy = RetryPolicy()
    priority: int = 50
    minutes_requested: int | None = None
    interactive: str = ""
    secrets: tuple[str, ...] = ()


NAME = Field(
    key="name",
    kind=text(most=100, printable=True, example="name: train-digits"),
    doc="Name of the task, 1 to 100 printable characters.",
    required=True,
    example="train-digits",
)
RUN = Field(
    key="run",
    kind=text(example="run: python train.py"),
    doc="Shell text executed on the node.",
    required=True,
    example="python train.py",
)
DESCRIPTION = Field(
    key="description", kind=text(most=8000), doc="Markdown, at most 8000 characters."
)
SETUP = Field(
    key="setup", kind=text(), doc="Shell text executed before `run`; its failure ends the job."
)
ENVS_FIELD = Field(key="envs", kind=ENVS, doc="Environment variables. Numbers are kept as typed.")
RESOURCES = Field(
    key="resources",
    kind=Kind(read=read_resources, schema=section_schema(RESOURCE_FIELDS)),
    doc="What a machine must have.",
)
REPO = Field(
    key="github_repo_url", kind=GIT_URL, doc="Any git address; resolved to a commit at submit."
)
REPO_DIR = Field(key="github_repo_dir", kind=GIT_DIRECTORY, doc="Folder inside the repository.")
REPO_REF = Field(key="github_repo_branch", kind=GIT_REF, doc="Branch, tag or commit.")
MOUNTS_FIELD = Field(
    key="file_mounts",
    kind=MOUNTS,
    doc="true (default): the task's files go to the working directory; or node path: source.",
)
PARAMETERS = Field(
    key="parameters",
    kind=Kind(read=read_parameters, schema=parameters_schema()),
    doc="Values a run may change: `name: value`, or a mapping with type, default and limits.",
)
SWEEPS = Field(
    key="sweeps",
    kind=Kind(read=lambda value, _path, _problems: value, schema=sweep_schema()),
    doc="Many jobs from one task, over values of its parameters.",
)
TIMEOUT = Field(key="timeout", kind=duration(), doc='Bounds `run`: seconds, or "90s", "2h30m".')
LAUNCH_TIMEOUT = Field(
    key="launch_timeout", kind=duration(), doc="Bounds everything before `run` starts."
)
IDLE_TIMEOUT = Field(
    key="idle_timeout",
    kind=duration(),
    doc="Stops a job that runs for so long without work: no output, metric, progress or load.",
)
TTL = Field(
    key="ttl", kind=duration(), doc="Bounds all from queueing to the end, waiting and retries too."
)
RETRIES_FIELD = Field(
    key="retries", kind=RETRIES, doc="Further attempts: a number, or {user, platform, backoff}."
)
PRIORITY_FIELD = Field(
    key="priority",
    kind=PRIORITY,
    doc="0 to 100, higher first; low 25, normal 50 (default), high 75.",
)
MINUTES = Field(
    key="minutes_requested",
    kind=whole(1, MINUTES_AT_MOST),
    doc="Compute minutes the quota reserves; the timeout otherwise.",
)
INTERACTIVE_FIELD = Field(
    key="interactive", kind=INTERACTIVE, doc="true, or an interactive template such as jupyter."
)

TASK_FIELDS: Sequence[Field[object]] = (
    *(NAME, DESCRIPTION, RESOURCES, ENVS_FIELD, SETUP, RUN, REPO, REPO_DIR, REPO_REF),
    *(MOUNTS_FIELD, PARAMETERS, SWEEPS, TIMEOUT, LAUNCH_TIMEOUT, IDLE_TIMEOUT, TTL),
    *(RETRIES_FIELD, PRIORITY_FIELD, MINUTES, INTERACTIVE_FIELD),
)
_HINTS = {
    "env": "Write `envs`.",
    "environment": "Write `envs`.",
    "script": "Write `run`.",
    "command": "Write `run`.",
    "cmd": "Write `run`.",
    "gpus": "Write `accelerators` under `resources`.",
    "provider": "Write `compute_provider` under `resources`.",
    "files": "Upload files beside the task; `file_mounts` says where they go.",
    "workdir": "Upload files beside the task; `file_mounts` says where they go.",
    "secrets": "Refer to a secret where it is used: {{secret.NAME}}.",
    "config": "Write `parameters`.",
    "interactive_type": "Write `interactive`.",
    "subtype": "Write `interactive`.",
    "sweep": "Write `sweeps`.",
    "retry": "Write `retries`.",
    "git": "Write `github_repo_url`.",
    "branch": "Write `github_repo_branch`.",
    "minutes": "Write `minutes_requested`.",
    "task": "Put the whole file under `task:`, or nothing.",
    **{f.key: f"`{f.key}` belongs under `resources`." for f in RESOURCE_FIELDS},
}


def parse_task(value: object, *, problems: Problems | None = None) -> TaskSpec:
    """The task that ``value`` (mappings, lists, scalars) describes; an outer ``task:`` is dropped.

    Raises ``InvalidTask`` with every problem, those already in ``problems`` too.
    """
    problems = problems if problems is not None else Problems()
    if _refuse_size(value, problems):
        problems.raise_if_any()
    path, inner = _unwrap(value)
    if not isinstance(inner, Mapping):
        way_out = "Write at least `name:` and `run:` lines."
        problems.add(path, f"{show(inner)} is not a task.", value=inner, way_out=way_out)
        problems.raise_if_any()
    section = Section(inner, path, fields=TASK_FIELDS, problems=problems, hints=_HINTS)
    tell_malformed(inner, path, problems)
    spec = _read(section, path, problems)
    problems.raise_if_any()
    return spec


def _unwrap(value: object) -> tuple[str, object]:
    if isinstance(value, Mapping) and len(value) == 1 and "task" in value:
        return "task", value["task"]
    return "", value


def _read(section: Section, path: str, problems: Problems) -> TaskSpec:
    spec = TaskSpec(
        name=section.get(NAME, ""),
        run=section.get(RUN, ""),
        description=section.get(DESCRIPTION, ""),
        setup=section.get(SETUP, ""),
        envs=section.get(ENVS_FIELD, {}),
        resources=section.get(RESOURCES, Resources()),
        git=_git(section, path, problems),
        file_mounts=section.get(MOUNTS_FIELD, True),
        parameters=section.get(PARAMETERS, {}),
        timeout_s=section.get(TIMEOUT, None),
        launch_timeout_s=section.get(LAUNCH_TIMEOUT, None),
        idle_timeout_s=section.get(IDLE_TIMEOUT, None),
        ttl_s=section.get(TTL, None),
        retries=section.get(RETRIES_FIELD, RetryPolicy()),
        priority=section.get(PRIORITY_FIELD, 50),
        minutes_requested=section.get(MINUTES, None),
        interactive=section.get(INTERACTIVE_FIELD, ""),
    )
    if section.has(SWEEPS):
        where = join(path, SWEEPS.key)
        sweep = read_sweep(section.raw(SWEEPS), where, problems, parameters=spec.parameters)
        spec = msgspec.structs.replace(spec, sweeps=sweep)
    return msgspec.structs.replace(spec, secrets=all_secret_names(msgspec.to_builtins(spec)))


def _git(section: Section, path: str, problems: Problems) -> GitSource | None:
    if section.has(REPO):
        return GitSource(
            url=section.get(REPO, ""),
            ref=section.get(REPO_REF, ""),
            directory=section.get(REPO_DIR, ""),
        )
    for field in (REPO_DIR, REPO_REF):
        if section.has(field):
            told = f"`{field.key}` needs `{REPO.key}`."
            way_out = f"Add a line like `{REPO.key}: https://github.com/owner/repo`."
            problems.add(join(path, field.key), told, way_out=way_out, on_key=True)
    return None


def _refuse_size(value: object, problems: Problems) -> bool:
    """Bounds depth, count and text before anything looks inside (a value may hold itself)."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    count = size = 0
    while waiting:
        item, depth = waiting.pop()
        count += 1
        size += len(item) if isinstance(item, str) else 0
        if depth > MOST_DEPTH or count > _MOST_VALUES or size > MOST_BYTES:
            limit = f"{MOST_DEPTH} levels, {_MOST_VALUES} values or 1 MiB of text"
            told = f"the task is larger than {limit} (it starts {shorten(show(value), 40)})."
            problems.add("", told, way_out="Move data out of the task, into files beside it.")
            return True
        if isinstance(item, Mapping):
            waiting.extend((k, depth + 1) for k in item)
            waiting.extend((v, depth + 1) for v in item.values())
        elif isinstance(item, list | tuple):
            waiting.extend((v, depth + 1) for v in item)
    return False
