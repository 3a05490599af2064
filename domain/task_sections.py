"""The small sections of a task: environment, mounts, retries, priority, interactive, git.

Not here: ``resources``, ``parameters`` and ``sweeps``, which have modules of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.git_urls import is_inner_path, is_ref, refuse_url
from domain.job_spec import RetryPolicy
from domain.task_kinds import finite, unstorable, whole
from domain.task_reading import Field, Kind, Problems, Section, join, mapping_of, show, simple
from domain.task_resources import section_schema
from domain.units import duration

PRIORITIES = {"low": 25, "normal": 50, "high": 75}
TEMPLATES = ("jupyter", "vscode", "ssh", "vllm", "ollama", "gradio", "tensorboard", "custom")
"""Built-in interactive templates; a team may have more, so other slugs are accepted."""

_ENV_NAME = "[A-Za-z_][A-Za-z0-9_]{0,199}"
_SLUG = "[a-z][a-z0-9-]{0,62}"


def _read_envs(value: object, path: str, problems: Problems) -> dict[str, str] | None:
    answer: dict[str, str] = {}
    for name, item in mapping_of(value, path, problems).items():
        place = join(path, name)
        if re.fullmatch(_ENV_NAME, name) is None:
            told = f"{show(name)} is not a name for an environment variable."
            way_out = "Use letters, digits and _, not starting with a digit."
            problems.add(place, told, value=name, way_out=way_out, on_key=True)
            continue
        text = _env_text(item, place, problems)
        if text is not None:
            answer[name] = text
    return answer


def _env_text(value: object, path: str, problems: Problems) -> str | None:
    """Numbers and switches as typed: ``1.10`` stays ``1.10`` when the source knows its text."""
    if isinstance(value, str):
        why = unstorable(value)
        if why:
            problems.add(path, f"{show(value)} {why}.", value=value, way_out="Take it out.")
        return None if why else value
    if isinstance(value, bool):
        return problems.written(path) or ("true" if value else "false")
    if isinstance(value, int | float) and finite(value) is not None:
        return problems.written(path) or repr(value)
    told = f"{show(value)} is not a value for an environment variable."
    problems.add(path, told, value=value, way_out='Write text, or "" for an empty one.')
    return None


ENVS: Kind[dict[str, str]] = Kind(
    read=_read_envs,
    schema={
        "type": "object",
        "propertyNames": {"pattern": f"^{_ENV_NAME}$"},
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    },
)


def _read_mounts(value: object, path: str, problems: Problems) -> bool | dict[str, str] | None:
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        way_out = "Write `true`, or `/path/on/node: path/in/task` lines."
        told = f"{show(value)} is neither true, false nor a mapping."
        problems.add(path, told, value=value, way_out=way_out)
        return None
    answer: dict[str, str] = {}
    for target, source in mapping_of(value, path, problems).items():
        place = join(path, target)
        if not _is_mount_path(target):
            way_out = "Write a path on the node, without `..`."
            problems.add(place, f"{show(target)} is not a path.", value=target, way_out=way_out)
        elif not isinstance(source, str) or not _is_mount_path(source):
            way_out = "Write a path in the task's folder or a storage address, without `..`."
            problems.add(place, f"{show(source)} is not a source.", value=source, way_out=way_out)
        else:
            answer[target] = source
    return answer


def _is_mount_path(path: str) -> bool:
    return bool(path.strip()) and path.isprintable() and ".." not in path.split("/")


MOUNTS: Kind[bool | dict[str, str]] = Kind(
    read=_read_mounts,
    schema={
        "anyOf": [
            {"type": "boolean"},
            {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
        ]
    },
)

_USER = Field(
    key="user", kind=whole(0, 100), doc="Attempts after a fault of the code; 0 by default."
)
_PLATFORM = Field(
    key="platform", kind=whole(0, 100), doc="Attempts after a fault of the platform; 3 by default."
)
_BACKOFF = Field(key="backoff", kind=duration(), doc="First wait between attempts; 5 s by default.")
_RETRY_FIELDS = (_USER, _PLATFORM, _BACKOFF)


def _read_retries(value: object, path: str, problems: Problems) -> RetryPolicy | None:
    if isinstance(value, Mapping):
        section = Section(value, path, fields=_RETRY_FIELDS, problems=problems)
        usual = RetryPolicy()
        return RetryPolicy(
            user=section.get(_USER, usual.user),
            platform=section.get(_PLATFORM, usual.platform),
            backoff_s=section.get(_BACKOFF, usual.backoff_s),
        )
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        told = f"{show(value)} is neither a whole number from 0 to 100 nor a mapping."
        way_out = "Write `2`, or `{user: 2, platform: 5, backoff: 30s}`."
        problems.add(path, told, value=value, way_out=way_out)
        return None
    return RetryPolicy(user=value)


RETRIES: Kind[RetryPolicy] = Kind(
    read=_read_retries,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 100},
            section_schema(_RETRY_FIELDS),
        ]
    },
)


def _priority(value: object) -> int | None:
    if isinstance(value, str):
        return PRIORITIES.get(value)
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100
    return value if good and isinstance(value, int) else None


PRIORITY: Kind[int] = simple(
    _priority,
    expects="a priority",
    schema={"anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"enum": [*PRIORITIES]}]},
    way_out="Write a whole number from 0 to 100, or low, normal, high.",
)


def _interactive(value: object) -> str | None:
    if isinstance(value, bool):
        return "custom" if value else ""
    return value if isinstance(value, str) and re.fullmatch(_SLUG, value) else None


INTERACTIVE: Kind[str] = simple(
    _interactive,
    expects="a template",
    schema={"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": f"^{_SLUG}$"}]},
    way_out=f"Write true, false or a template such as {', '.join(TEMPLATES)}.",
)


def _read_url(value: object, path: str, problems: Problems) -> str | None:
    refusal = refuse_url(value) if isinstance(value, str) else ("is not text.", "")
    if refusal[0] and "credential" in refusal[0]:
        problems.add(path, f"the address {refusal[0]}", way_out=refusal[1])
        return None
    if refusal[0]:
        way_out = refusal[1] or "Write an address like `https://github.com/owner/repo`."
        problems.add(path, f"{show(value)} {refusal[0]}", value=value, way_out=way_out)
        return None
    return value if isinstance(value, str) else None


GIT_URL: Kind[str] = Kind(read=_read_url, schema={"type": "string", "minLength": 4})
GIT_DIRECTORY: Kind[str] = simple(
    lambda v: v if isinstance(v, str) and is_inner_path(v) else None,
    expects="a folder inside the repository",
    schema={"type": "string", "minLength": 1},
    way_out="Write a relative path like `recipes/small`, without `..`.",
)
GIT_REF: Kind[str] = simple(
    lambda v: v if isinstance(v, str) and is_ref(v) else None,
    expects="a branch, tag or commit",
    schema={"type": "string", "minLength": 1},
    way_out='Write its name like `main`; put numbers in quotes: "1.10".',
)
