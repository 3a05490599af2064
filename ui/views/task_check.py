"""What a task file says and what a launch of it would run, checked by the rules the API uses. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from application.task_yaml import read_task
from domain.errors import InvalidTask, Problem
from domain.freeze import freeze
from domain.job_spec import JobSpec
from domain.parameters import ParameterDef, ParameterType, coerce_text
from domain.task_spec import TaskSpec
from ui.text import accelerators, duration, plural

SOME_COMMIT = "0" * 40
WHOLE = frozenset({"num_nodes"})


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Either a ``task``, or ``problems`` that say where and what."""

    task: TaskSpec | None = None
    problems: tuple[Problem, ...] = ()


class Choices(msgspec.Struct, kw_only=True):
    """What was filled in of a launch form, as text. Empty text leaves the task's own value."""

    parameters: dict[str, str] = {}
    resources: dict[str, str] = {}
    minutes: str = ""
    provider: str = ""
    experiment: str = ""

    def overrides(self, definitions: Mapping[str, ParameterDef]) -> dict[str, object]:
        return {
            name: coerce_text(definitions[name], text)
            for name, text in self.parameters.items()
            if text and name in definitions
        }

    def resource_overrides(self) -> dict[str, object]:
        return {
            key: int(text) if key in WHOLE and text.isdecimal() else text
            for key, text in self.resources.items()
            if text
        }

    @property
    def minutes_requested(self) -> int | None:
        return int(self.minutes) if self.minutes.isdecimal() else None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would run, or ``problems`` that keep it from running."""

    spec: JobSpec | None = None
    problems: tuple[Problem, ...] = ()


def check(text: str) -> Checked:
    """Read a task file; every problem with its line."""
    try:
        return Checked(task=read_task(text))
    except InvalidTask as error:
        return Checked(problems=error.problems)


def plan(task: TaskSpec, choices: Choices) -> Plan:
    """The job that ``choices`` would launch."""
    bad = choices.minutes and (choices.minutes_requested or 0) < 1
    if bad:
        text = "Give a whole number of minutes."
        return Plan(problems=(Problem(path="minutes_requested", message=text),))
    try:
        spec = freeze(
            task,
            overrides=choices.overrides(task.parameters),
            resource_overrides=choices.resource_overrides(),
            commit=SOME_COMMIT if task.git else "",
            minutes_requested=choices.minutes_requested,
        )
    except InvalidTask as error:
        return Plan(problems=error.problems)
    return Plan(spec=spec)


def told(spec: JobSpec, *, default_minutes: int) -> list[tuple[str, str]]:
    """What will run, for reading before it does."""
    wanted = msgspec.to_builtins(spec.resources)
    rows = [("Machine", accelerators(wanted))]
    if spec.resources.cpus is not None:
        rows.append(
            ("CPUs", f"{spec.resources.cpus:g}{'+' if spec.resources.cpus_or_more else ''}")
        )
    if spec.resources.memory_gib is not None:
        rows.append(("Memory", f"{spec.resources.memory_gib:g} GiB"))
    minutes = spec.minutes_requested or round((spec.timeout_s or default_minutes * 60) / 60)
    rows.append(("Quota held", plural(minutes, "minute")))
    rows.append(("Time limit", duration(spec.timeout_s) if spec.timeout_s else "none"))
    if spec.git:
        rows.append(("Repository", f"{spec.git.url} {spec.git.ref}".strip()))
    if spec.secrets:
        rows.append(("Secrets", ", ".join(spec.secrets)))
    return rows


def default_text(definition: ParameterDef) -> str:
    """The default as it would be typed."""
    value = definition.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)


def limits(definition: ParameterDef) -> str:
    """What a value may be, in few words."""
    low, high = definition.least, definition.most
    words = {
        ParameterType.INT: "whole number",
        ParameterType.FLOAT: "number",
        ParameterType.STRING: "text",
        ParameterType.BOOL: "yes or no",
        ParameterType.ENUM: "one of the options",
    }
    what = words[definition.type]
    if isinstance(definition.default, list):
        what = "values with commas between"
    if low is not None and high is not None:
        return f"{what}, {low} to {high}"
    if low is not None:
        return f"{what}, at least {low}"
    return f"{what}, at most {high}" if high is not None else what
