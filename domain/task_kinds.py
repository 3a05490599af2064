"""The plain kinds of value a task file is made of: text, numbers, switches, choices.

Not here: units (``domain/units.py``) and kinds that belong to one section.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from domain.errors import shorten
from domain.task_reading import Kind, Problems, did_you_mean, join, show, simple

T = TypeVar("T")

INT64_MAX = 2**63 - 1
SWITCHES = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unstorable(text: str) -> str:
    """Why ``text`` cannot be kept (NUL, lone surrogate), or ``""``. Other characters are data."""
    found = _UNSTORABLE.search(text)
    if found is None:
        return ""
    name = "a NUL character" if found[0] == "\x00" else "half of a surrogate pair"
    return f"has {name} at character {found.start() + 1}"


def text(
    *,
    most: int = 1_048_576,
    printable: bool = False,
    example: str = "some text",
) -> Kind[str]:
    """Non-blank text of at most ``most`` characters, on one printable line if ``printable``."""

    def read(value: object, path: str, problems: Problems) -> str | None:
        refusal, help_ = _refuse_text(value, path, problems)
        if not refusal and isinstance(value, str):
            refusal, help_ = _refuse_shape(value)
        if refusal:
            problems.add(path, refusal, value=value, way_out=help_)
            return None
        return value if isinstance(value, str) else None

    def _refuse_shape(value: str) -> tuple[str, str]:
        if not value.strip():
            return "is blank.", f"Write `{example}`, or take the line out."
        if len(value) > most:
            told = f'"{shorten(value, 30)}" has {len(value)} characters; at most {most} are kept.'
            return told, "Make it shorter."
        if printable and not value.isprintable():
            return f"{show(value)} has characters that cannot be shown.", "Take them out."
        return "", ""

    def _refuse_text(value: object, path: str, problems: Problems) -> tuple[str, str]:
        if not isinstance(value, str):
            seen = problems.written(path) or show(value)
            scalar = isinstance(value, bool | int | float)
            help_ = f'Put it in quotes: "{shorten(seen)}".' if scalar else f"Write `{example}`."
            return f"{shorten(seen)} is not text.", help_
        why = unstorable(value)
        return (f"{show(value)} {why}.", "Take that character out.") if why else ("", "")

    return Kind(read=read, schema={"type": "string", "minLength": 1, "maxLength": most})


def whole(least: int, most: int, *, way_out: str = "") -> Kind[int]:
    """A whole number from ``least`` to ``most``; ``2.0`` and ``true`` are not whole numbers."""

    def convert(value: object) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if least <= value <= most else None

    return simple(
        convert,
        expects=f"a whole number from {least} to {most}",
        schema={"type": "integer", "minimum": least, "maximum": most},
        way_out=way_out or f"Write a number like `{max(least, 1)}`.",
    )


def switch() -> Kind[bool]:
    """``true`` or ``false``; the older spellings yes, no, on, off are understood."""

    def convert(value: object) -> bool | None:
        if isinstance(value, bool):
            return value
        return SWITCHES.get(value.lower()) if isinstance(value, str) else None

    schema = {"anyOf": [{"type": "boolean"}, {"enum": [*SWITCHES]}]}
    return simple(
        convert, expects="true or false", schema=schema, way_out="Write `true` or `false`."
    )


def one_of(names: Sequence[str]) -> Kind[str]:
    """One of ``names``, exactly."""

    def read(value: object, path: str, problems: Problems) -> str | None:
        if isinstance(value, str) and value in names:
            return value
        listed = ", ".join(names)
        hint = did_you_mean(value, names) if isinstance(value, str) else ""
        way_out = f"{hint} Choose one of {listed}.".strip()
        problems.add(path, f"{show(value)} is not a choice here.", value=value, way_out=way_out)
        return None

    return Kind(read=read, schema={"enum": list(names)})


def list_of(kind: Kind[T], *, most: int, example: str) -> Kind[list[T]]:
    """A list of at most ``most`` values of ``kind``; a bad item is told, the rest still read."""

    def read(value: object, path: str, problems: Problems) -> list[T] | None:
        if not isinstance(value, list | tuple):
            problems.add(
                path, f"{show(value)} is not a list.", value=value, way_out=f"Write {example}."
            )
            return None
        if len(value) > most:
            told = f"has {len(value)} items; at most {most} are accepted."
            problems.add(path, told, way_out="Shorten the list.")
            return None
        read_item: Callable[[object, str, Problems], T | None] = kind.read
        items = [read_item(v, join(path, i), problems) for i, v in enumerate(value)]
        return [item for item in items if item is not None]

    return Kind(read=read, schema={"type": "array", "items": dict(kind.schema), "maxItems": most})


def finite(value: object) -> float | None:
    """``value`` when it is a number that JSON can carry, else ``None``. ``true`` is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return value if abs(value) <= INT64_MAX else None
    return value if math.isfinite(value) else None
