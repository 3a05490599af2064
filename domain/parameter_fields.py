"""The ``parameters`` section of a task: ``name: value``, or type, default and limits.

Not here: values of a run (``domain/parameters.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from domain.errors import shorten
from domain.job_spec import ParameterValue, Scalar
from domain.parameters import ParameterDef, ParameterType, accept
from domain.task_kinds import finite, list_of, one_of, switch, text, unstorable
from domain.task_reading import Field, Kind, Problems, Section, join, mapping_of, show, simple
from domain.task_resources import section_schema

TYPE_NAMES = {
    "int": ParameterType.INT,
    "integer": ParameterType.INT,
    "float": ParameterType.FLOAT,
    "number": ParameterType.FLOAT,
    "bool": ParameterType.BOOL,
    "boolean": ParameterType.BOOL,
    "string": ParameterType.STRING,
    "str": ParameterType.STRING,
    "enum": ParameterType.ENUM,
}
WIDGETS = (
    *("slider", "range", "switch", "radio", "password", "select"),
    *("lab_model_select", "lab_dataset_select"),
)
NAME = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,99}"
MOST = 1000


def _read_scalar(value: object, path: str, problems: Problems) -> Scalar:
    if isinstance(value, str):
        if why := unstorable(value):
            problems.add(path, f"{show(value)} {why}.", value=value, way_out="Take it out.")
            return None
        return value
    if isinstance(value, bool):
        return value
    number = finite(value)
    if number is None:
        told = f"{show(value)} is not a value a parameter can have."
        way_out = "Give text, true, false or a finite number of at most 64 bits."
        problems.add(path, told, value=value, way_out=way_out)
    return number


def read_value(value: object, path: str, problems: Problems) -> ParameterValue:
    """A scalar, or a list of scalars."""
    if not isinstance(value, list | tuple):
        return _read_scalar(value, path, problems)
    return [_read_scalar(v, join(path, i), problems) for i, v in enumerate(value)]


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
SCALAR: Kind[Scalar] = Kind(read=_read_scalar, schema=_SCALAR_SCHEMA)
_VALUE: Kind[ParameterValue] = Kind(
    read=read_value, schema={"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA}]}
)
NUMBER: Kind[float] = simple(
    finite, expects="a finite number", schema={"type": "number"}, way_out="Write one like `0.1`."
)
_STEP: Kind[float] = simple(
    lambda v: n if (n := finite(v)) is not None and n > 0 else None,
    expects="a number above zero",
    schema={"type": "number", "exclusiveMinimum": 0},
)

TYPE = Field(key="type", kind=one_of(tuple(TYPE_NAMES)), doc="What a value may be.")
DEFAULT = Field(key="default", kind=_VALUE, doc="The value when a run gives none.")
MIN = Field(key="min", kind=NUMBER, doc="Least value.")
MAX = Field(key="max", kind=NUMBER, doc="Greatest value.")
STEP = Field(key="step", kind=_STEP, doc="Step of a form's slider.")
OPTIONS = Field(
    key="options",
    kind=list_of(SCALAR, most=MOST, example="a list like `[adam, sgd]`"),
    doc="The only values accepted.",
    aliases=("enum",),
)
TITLE = Field(key="title", kind=text(most=200), doc="Label of a form.")
DESCRIPTION = Field(key="description", kind=text(most=8000), doc="Help of a form.")
REQUIRED = Field(
    key="required", kind=switch(), doc="A run must give a value (or there is a default)."
)
WIDGET = Field(key="ui_widget", kind=one_of(WIDGETS), doc="How a form asks for it.")
FIELDS = (TYPE, DEFAULT, MIN, MAX, STEP, OPTIONS, TITLE, DESCRIPTION, REQUIRED, WIDGET)
HINTS = {
    "minimum": "Write `min`.",
    "maximum": "Write `max`.",
    "choices": "Write `options`.",
    "values": "Write `options`.",
    "value": "Write `default`.",
    "label": "Write `title`.",
    "help": "Write `description`.",
}


def read_parameters(value: object, path: str, problems: Problems) -> dict[str, ParameterDef]:
    """Every definition that could be read, in file order."""
    answer: dict[str, ParameterDef] = {}
    for name, item in mapping_of(value, path, problems).items():
        place = join(path, name)
        if re.fullmatch(NAME, name) is None:
            told = f"{show(name)} is not a parameter name."
            way_out = "Use letters, digits, _ . / and - (at most 100, not starting with . / or -)."
            problems.add(place, told, value=name, way_out=way_out, on_key=True)
        elif isinstance(item, Mapping):
            answer[name] = _read_definition(item, place, problems)
        elif item is None or (definition := _inferred(item, place, problems)) is None:
            answer[name] = ParameterDef(type=ParameterType.STRING)
        else:
            answer[name] = definition
    return answer


def _inferred(value: object, path: str, problems: Problems) -> ParameterDef | None:
    """A definition by its default alone; a mixed list is refused."""
    before = len(problems)
    default = read_value(value, path, problems)
    kind = type_of(default)
    if kind is None and len(problems) == before:
        told = "is a list of different kinds of values."
        problems.add(path, told, value=value, way_out="Give items of one kind.")
    if kind is None or len(problems) > before:
        return None
    return ParameterDef(type=kind, default=_as_type(kind, default))


def type_of(value: ParameterValue) -> ParameterType | None:
    """The type that holds ``value``; ``None`` for a list of different kinds."""
    if isinstance(value, list):
        kinds = {type_of(item) for item in value}
        if kinds == {ParameterType.INT, ParameterType.FLOAT}:
            return ParameterType.FLOAT
        return kinds.pop() if len(kinds) == 1 else (None if kinds else ParameterType.STRING)
    if isinstance(value, bool):
        return ParameterType.BOOL
    if isinstance(value, int):
        return ParameterType.INT
    return ParameterType.FLOAT if isinstance(value, float) else ParameterType.STRING


def _as_type(kind: ParameterType, value: ParameterValue) -> ParameterValue:
    probe = ParameterDef(type=kind, default=[] if isinstance(value, list) else None)
    return accept(probe, value)[0]


def _read_definition(value: Mapping[str, object], path: str, problems: Problems) -> ParameterDef:
    section = Section(value, path, fields=FIELDS, problems=problems, hints=HINTS)
    before = len(problems)
    options = tuple(section.get(OPTIONS, []))
    default = section.get(DEFAULT, None)
    definition = ParameterDef(
        type=_type(section, default, options),
        default=default,
        least=section.get(MIN, None),
        most=section.get(MAX, None),
        step=section.get(STEP, None),
        options=options,
        title=section.get(TITLE, ""),
        description=section.get(DESCRIPTION, ""),
        required=section.get(REQUIRED, False),
        ui_widget=section.get(WIDGET, ""),
    )
    if len(problems) > before:
        return definition
    return _consistent(definition, path, problems)


def _type(section: Section, default: ParameterValue, options: tuple[Scalar, ...]) -> ParameterType:
    """The written type, else the one that the default, the options or the limits show."""
    if section.has(TYPE):
        return TYPE_NAMES[section.get(TYPE, "string")]
    if options:
        return ParameterType.ENUM
    if default is not None:
        found = type_of(default) or ParameterType.STRING
        limited = [v for v in (section.get(MIN, None), section.get(MAX, None)) if v is not None]
        fractional = any(isinstance(v, float) for v in limited)
        return ParameterType.FLOAT if found is ParameterType.INT and fractional else found
    return ParameterType.FLOAT if section.has(MIN) or section.has(MAX) else ParameterType.STRING


def _consistent(definition: ParameterDef, path: str, problems: Problems) -> ParameterDef:
    numeric = definition.type in (ParameterType.INT, ParameterType.FLOAT)
    low, high = definition.least, definition.most
    if not numeric and (low is not None or high is not None):
        key, limit = ("min", low) if low is not None else ("max", high)
        told = f"a parameter of type {definition.type} has no limits (here {limit})."
        problems.add(join(path, key), told, way_out="Give it `type: float` or take the limit out.")
    if low is not None and high is not None and low > high:
        told = f"min {low} is above max {high}."
        problems.add(join(path, "min"), told, value=low, way_out="Swap them.")
    if definition.type is ParameterType.ENUM and not definition.options:
        told = "an enum needs `options`."
        problems.add(path, told, way_out="Add a line like `options: [adam, sgd]`.")
        return definition
    _check_options(definition, path, problems)
    if definition.default is None:
        return definition
    accepted, refusal = accept(definition, definition.default)
    if refusal:
        told, way_out = refusal
        where = join(path, "default")
        problems.add(
            where, f"the default {shorten(told, 200)}", value=definition.default, way_out=way_out
        )
    return msgspec.structs.replace(definition, default=accepted)


def _check_options(definition: ParameterDef, path: str, problems: Problems) -> None:
    unlimited = ParameterDef(type=definition.type)
    for place, option in enumerate(definition.options):
        _, refusal = accept(unlimited, option)
        if refusal:
            where = join(join(path, "options"), place)
            told = f"the option {refusal[0]}"
            problems.add(where, told, value=option, way_out=f"The type is {definition.type}.")


def parameters_schema() -> dict[str, object]:
    """The JSON Schema of the section."""
    short = {"type": ["string", "number", "boolean", "null"]}
    values = {"type": "array", "items": {"type": ["string", "number", "boolean"]}}
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^{NAME}$"},
        "additionalProperties": {"anyOf": [short, values, section_schema(FIELDS)]},
    }
