"""The ``sweeps`` section of a task: which parameters vary, how values are chosen, what is best.

Not here: choosing the values (a sweep's own aggregate does), or the base parameters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from domain.job_spec import ParameterValue
from domain.parameter_fields import NAME, NUMBER, read_value
from domain.parameters import ParameterDef, accept
from domain.task_kinds import one_of, switch, text, whole
from domain.task_reading import Field, Kind, Problems, Section, did_you_mean, join, mapping_of, show
from domain.task_resources import section_schema

MOST_JOBS = 10_000
MOST_NAMES = 50


class SweepMethod(StrEnum):
    """How the next combination is chosen."""

    GRID = "grid"
    RANDOM = "random"
    BAYESIAN = "bayesian"
    HALVING = "halving"


class SweepRange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="range"):
    """Every number from ``least`` to ``most``, both included; ``log`` spreads over exponents."""

    least: int | float
    most: int | float
    log: bool = False
    step: int | float | None = None


class SweepValues(msgspec.Struct, frozen=True, kw_only=True, tag="values"):
    """These values and no others, in the order written."""

    values: tuple[ParameterValue, ...]


class SweepDef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``max_jobs`` bounds the jobs of a sweep (``None``: the grid's size), ``concurrency`` those
    at once (``None``: no bound of its own).
    """

    config: dict[str, SweepValues | SweepRange]
    metric: str = "eval/loss"
    lower_is_better: bool = True
    method: SweepMethod = SweepMethod.GRID
    max_jobs: int | None = None
    concurrency: int | None = None

    def grid_size(self) -> int | None:
        """How many combinations there are; ``None`` when a range makes them unlimited."""
        sizes = [len(v.values) for v in self.config.values() if isinstance(v, SweepValues)]
        return math.prod(sizes) if len(sizes) == len(self.config) else None


_MIN = Field(key="min", kind=NUMBER, doc="Least value.", required=True, example="0.0001")
_MAX = Field(key="max", kind=NUMBER, doc="Greatest value.", required=True, example="0.1")
_LOG = Field(key="log", kind=switch(), doc="Spread tries over exponents.")
_STEP = Field(key="step", kind=NUMBER, doc="Distance between values.")
_RANGE_FIELDS = (_MIN, _MAX, _LOG, _STEP)


def _read_config(
    value: object, path: str, problems: Problems
) -> dict[str, SweepValues | SweepRange] | None:
    answer: dict[str, SweepValues | SweepRange] = {}
    named = mapping_of(value, path, problems, most=MOST_NAMES)
    if isinstance(value, Mapping) and not value:
        problems.add(path, "varies nothing.", way_out="Add a line like `lr: [0.001, 0.01]`.")
    for name, item in named.items():
        place = join(path, name)
        if re.fullmatch(NAME, name) is None:
            told = f"{show(name)} is not a parameter name."
            problems.add(
                place, told, value=name, way_out="Use letters, digits, _ . / -.", on_key=True
            )
            continue
        read = _read_range if isinstance(item, Mapping) else _read_values
        varied = read(item, place, problems)
        if varied is not None:
            answer[name] = varied
    return answer


def _read_values(value: object, path: str, problems: Problems) -> SweepValues | None:
    if not isinstance(value, list | tuple) or not value:
        told = f"{show(value)} is not a list of values." if value != [] else "is an empty list."
        way_out = "Write `[0.001, 0.01]`, or `{min: 0.001, max: 0.1}` for a range."
        problems.add(path, told, value=value, way_out=way_out)
        return None
    values = [read_value(v, join(path, i), problems) for i, v in enumerate(value)]
    return SweepValues(values=tuple(values))


def _read_range(value: object, path: str, problems: Problems) -> SweepRange | None:
    before = len(problems)
    section = Section(value, path, fields=_RANGE_FIELDS, problems=problems)
    low, high = section.get(_MIN, 0), section.get(_MAX, 0)
    log, step = section.get(_LOG, False), section.get(_STEP, None)
    if len(problems) > before:
        return None
    if low >= high:
        told = f"min {low} is not below max {high}."
        problems.add(path, told, value=low, way_out="Swap them, or write a list of values.")
    if log and low <= 0:
        told = f"a log range cannot start at {low}."
        problems.add(join(path, "min"), told, value=low, way_out="Start above zero, or drop `log`.")
    if step is not None and step <= 0:
        problems.add(join(path, "step"), f"step {step} is not above zero.", value=step)
    return SweepRange(least=low, most=high, log=log, step=step)


_RANGE_SCHEMA = section_schema(_RANGE_FIELDS)
_CONFIG: Kind[dict[str, SweepValues | SweepRange]] = Kind(
    read=_read_config,
    schema={
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": {"anyOf": [{"type": "array", "minItems": 1}, _RANGE_SCHEMA]},
    },
)
CONFIG = Field(
    key="sweep_config",
    kind=_CONFIG,
    doc="Parameter to a list of values, or to a range {min, max, log, step}.",
    required=True,
    example="{lr: [0.001, 0.01]}",
)
METRIC = Field(key="sweep_metric", kind=text(most=200, printable=True), doc="What is compared.")
DIRECTION = Field(key="lower_is_better", kind=switch(), doc="true by default.")
METHOD = Field(key="method", kind=one_of([m.value for m in SweepMethod]), doc="grid by default.")
JOBS = Field(key="max_jobs", kind=whole(1, MOST_JOBS), doc="Most jobs of the sweep.")
CONCURRENCY = Field(key="concurrency", kind=whole(1, 1000), doc="Most jobs at once.")
FIELDS = (CONFIG, METRIC, DIRECTION, METHOD, JOBS, CONCURRENCY)
HINTS = {
    "parameters": "Write `sweep_config`.",
    "config": "Write `sweep_config`.",
    "metric": "Write `sweep_metric`.",
    "max_runs": "Write `max_jobs`.",
    "direction": "Write `lower_is_better: true` or `false`.",
}


def read_sweep(
    value: object, path: str, problems: Problems, *, parameters: Mapping[str, ParameterDef]
) -> SweepDef | None:
    """The section, checked against the declared parameters; ``None`` after problems."""
    before = len(problems)
    section = Section(value, path, fields=FIELDS, problems=problems, hints=HINTS)
    sweep = SweepDef(
        config=section.get(CONFIG, {}),
        metric=section.get(METRIC, "eval/loss"),
        lower_is_better=section.get(DIRECTION, True),
        method=SweepMethod(section.get(METHOD, "grid")),
        max_jobs=section.get(JOBS, None),
        concurrency=section.get(CONCURRENCY, None),
    )
    if len(problems) == before:
        sweep = _typed(sweep, join(path, CONFIG.key), problems, parameters=parameters)
        _check_size(sweep, path, problems)
    return sweep if len(problems) == before else None


def _check_size(sweep: SweepDef, path: str, problems: Problems) -> None:
    size = sweep.grid_size()
    if size is None and sweep.method is SweepMethod.GRID:
        ranged = next(n for n, v in sweep.config.items() if isinstance(v, SweepRange))
        told = "a range has no end in a grid."
        way_out = "List the values, or add `method: random` (or bayesian, halving)."
        problems.add(join(join(path, CONFIG.key), ranged), told, way_out=way_out)
    elif sweep.method is SweepMethod.GRID and size and size > MOST_JOBS and not sweep.max_jobs:
        told = f"the grid has {size} combinations; a sweep runs at most {MOST_JOBS} jobs."
        problems.add(join(path, CONFIG.key), told, way_out="Vary less, or set `max_jobs`.")
    elif sweep.method is not SweepMethod.GRID and sweep.max_jobs is None:
        told = f"method {sweep.method} needs `max_jobs`."
        problems.add(path, told, way_out="Add a line like `max_jobs: 20`.")


def _typed(
    sweep: SweepDef, path: str, problems: Problems, *, parameters: Mapping[str, ParameterDef]
) -> SweepDef:
    """Values in the type of their parameter. An undeclared name is accepted unless a slip."""
    config: dict[str, SweepValues | SweepRange] = {}
    for name, written in sweep.config.items():
        varied = written
        place = join(path, name)
        definition = parameters.get(name)
        if definition is None:
            unswept = [p for p in parameters if p not in sweep.config]
            hint = did_you_mean(name, unswept, cutoff=0.85)
            if hint:
                way_out = f"{hint} Else declare it under `parameters`."
                problems.add(
                    place, f"{show(name)} is not a parameter.", way_out=way_out, on_key=True
                )
        elif isinstance(varied, SweepValues):
            varied = _accepted(varied, place, problems, definition=definition)
        else:
            for limit in (varied.least, varied.most):
                _, refusal = accept(definition, limit)
                if refusal:
                    problems.add(place, refusal[0], value=limit, way_out=refusal[1])
        config[name] = varied
    return msgspec.structs.replace(sweep, config=config)


def _accepted(
    varied: SweepValues, path: str, problems: Problems, *, definition: ParameterDef
) -> SweepValues:
    values: list[ParameterValue] = []
    for place, value in enumerate(varied.values):
        accepted, refusal = accept(definition, value)
        if refusal:
            problems.add(join(path, place), refusal[0], value=value, way_out=refusal[1])
        values.append(accepted)
    return SweepValues(values=tuple(values))


def sweep_schema() -> dict[str, object]:
    """The JSON Schema of the section."""
    return dict(section_schema(FIELDS))
