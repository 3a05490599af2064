"""A task's parameters: what may be set, and the values a run gets. Checked here for every client.

Not here: reading definitions (``domain/parameter_fields.py``), sweeps over parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from domain.errors import InvalidTask, Problem, shorten
from domain.job_spec import ParameterValue, Scalar
from domain.task_kinds import SWITCHES, finite, unstorable
from domain.task_reading import SHOWN_PROBLEMS, did_you_mean, show


class ParameterType(StrEnum):
    """What a value may be. ``enum`` values are any of the options."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    STRING = "string"
    ENUM = "enum"


class ParameterDef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``least`` and ``most`` are inclusive (``min``, ``max`` in the file). A list is a value only
    where ``default`` is a list. ``default`` ``None`` means none: the value is then ``None``, unless
    ``required``. ``ui_widget`` is a wish for forms and checks nothing.
    """

    type: ParameterType
    default: ParameterValue = None
    least: int | float | None = None
    most: int | float | None = None
    step: int | float | None = None
    options: tuple[Scalar, ...] = ()
    title: str = ""
    description: str = ""
    required: bool = False
    ui_widget: str = ""


_WORDS = {
    ParameterType.INT: "a whole number",
    ParameterType.FLOAT: "a number",
    ParameterType.BOOL: "true or false",
    ParameterType.STRING: "text",
    ParameterType.ENUM: "one of the options",
}


def resolve(
    definitions: Mapping[str, ParameterDef], overrides: Mapping[str, object]
) -> dict[str, ParameterValue]:
    """The value of every parameter: the override, else the default. In order of definition.

    Raises ``InvalidTask`` naming every unknown, missing and unacceptable one (paths
    ``parameters.<name>``). Text from a command line goes through ``coerce_text`` first.
    """
    unknown = [name for name in overrides if name not in definitions]
    problems = [_unknown(name, definitions) for name in unknown[:SHOWN_PROBLEMS]]
    answer: dict[str, ParameterValue] = {}
    for name, definition in definitions.items():
        if name not in overrides:
            answer[name] = definition.default
            if definition.required and definition.default is None:
                way_out = f"Set it, for example `-p {name}=…`."
                problems.append(_problem(name, "is required and has no value.", way_out=way_out))
            continue
        value, refusal = accept(definition, overrides[name])
        if refusal:
            problems.append(_problem(name, *refusal, value=overrides[name]))
        answer[name] = value
    if problems:
        raise InvalidTask(tuple(problems))
    return answer


def coerce_text(definition: ParameterDef, text: str) -> ParameterValue:
    """``text`` as the declared type when it reads so, else unchanged (``resolve`` then refuses it).

    A list is written ``1,2,3`` or ``[1, 2, 3]``.
    """
    if isinstance(definition.default, list):
        inner = text.strip().removeprefix("[").removesuffix("]")
        return [_coerce_one(definition, part.strip()) for part in inner.split(",") if part.strip()]
    return _coerce_one(definition, text)


def accept(
    definition: ParameterDef, value: object
) -> tuple[ParameterValue, tuple[str, str] | None]:
    """``value`` in the declared type and ``None``, or a refusal: what is wrong and the way out."""
    if value is None and not definition.required:
        return None, None
    if isinstance(definition.default, list) and isinstance(value, list | tuple):
        items: list[Scalar] = []
        for item in value:
            accepted, refusal = _accept_one(definition, item)
            if refusal:
                return None, refusal
            items.append(accepted)
        return items, None
    return _accept_one(definition, value)


def _accept_one(definition: ParameterDef, value: object) -> tuple[Scalar, tuple[str, str] | None]:
    typed = _typed(definition.type, value)
    if typed is None:
        wanted = _WORDS[definition.type]
        return None, (f"{show(value)} is not {wanted}.", f"Give {wanted}{_limits(definition)}.")
    if isinstance(typed, str) and unstorable(typed):
        return None, (f"{show(value)} {unstorable(typed)}.", "Take that character out.")
    if definition.options and not _among(typed, definition.options):
        listed = ", ".join(show(o) if isinstance(o, str) else str(o) for o in definition.options)
        return None, (f"{show(value)} is not an option.", f"Choose one of {shorten(listed, 300)}.")
    if isinstance(typed, int | float) and not isinstance(typed, bool):
        low = definition.least is not None and typed < definition.least
        high = definition.most is not None and typed > definition.most
        if low or high:
            side = f"below min {definition.least}" if low else f"above max {definition.most}"
            return None, (f"{show(value)} is {side}.", f"Give a number{_limits(definition)}.")
    return typed, None


def _typed(kind: ParameterType, value: object) -> Scalar:
    match kind:
        case ParameterType.INT:
            good = isinstance(value, int) and finite(value) is not None
            return value if good and isinstance(value, int) else None
        case ParameterType.FLOAT:
            number = finite(value)
            return None if number is None else float(number)
        case ParameterType.BOOL:
            return value if isinstance(value, bool) else None
        case ParameterType.STRING:
            return value if isinstance(value, str) else None
        case ParameterType.ENUM:
            scalar = isinstance(value, str | bool) or finite(value) is not None
            return value if scalar and isinstance(value, str | bool | int | float) else None


def _among(value: Scalar, options: tuple[Scalar, ...]) -> bool:
    return any(value == o and isinstance(value, bool) == isinstance(o, bool) for o in options)


def _limits(definition: ParameterDef) -> str:
    low, high = definition.least, definition.most
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""


def _coerce_one(definition: ParameterDef, text: str) -> Scalar:
    match definition.type:
        case ParameterType.INT:
            return _number(text, int)
        case ParameterType.FLOAT:
            return _number(text, float)
        case ParameterType.BOOL:
            return SWITCHES.get(text.strip().lower(), text)
        case ParameterType.ENUM:
            return next((o for o in definition.options if _same_text(o, text)), text)
        case ParameterType.STRING:
            return text


def _number(text: str, convert: type[int] | type[float]) -> Scalar:
    try:
        return convert(text) if len(text) <= 40 and "_" not in text else text
    except ValueError:
        return text


def _same_text(option: Scalar, text: str) -> bool:
    written = str(option).lower() if isinstance(option, bool) else str(option)
    return written == text


def _unknown(name: str, definitions: Mapping[str, ParameterDef]) -> Problem:
    listed = f"Parameters here: {', '.join(definitions)}." if definitions else "It has none."
    way_out = did_you_mean(name, definitions) or shorten(listed, 300)
    return _problem(name, "is not a parameter of this task.", way_out=way_out, value=name)


def _problem(name: str, message: str, way_out: str, *, value: object = "") -> Problem:
    path = shorten(f"parameters.{name}", 160)
    return Problem(
        path=path, message=message, suggestion=way_out, value=show(value) if value else ""
    )
