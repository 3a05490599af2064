"""Text with units, as people write it: durations, sizes, core counts; ``None`` for nonsense.

Sizes are powers of 1024 in every spelling: ``16GB``, ``16G`` and ``16GiB`` are the same 16 GiB, as
Slurm and the clouds' instance tables count (https://slurm.schedmd.com/sbatch.html#OPT_mem).
"""

from __future__ import annotations

import math
import re

from domain.task_kinds import finite
from domain.task_reading import Kind, simple

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_UNIT_NAMES = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
}
_DURATION_PART = r"(\d+(?:\.\d+)?)\s*([a-z]+)"
_GIB = {"k": 2.0**-20, "m": 2.0**-10, "g": 1.0, "t": 1024.0, "p": 1024.0**2}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgtp])(?:i?b|i)?)?\s*(\+?)", re.IGNORECASE)
_CORES = re.compile(r"(\d+(?:\.\d+)?)\s*(\+?)")
_LONGEST = 60

MOST_SECONDS = 366 * 86400.0
LEAST_GIB = 2.0**-20
MOST_GIB = 1024.0**2
MOST_CORES = 100_000.0


def seconds(value: object) -> float | None:
    """``30``, ``"90s"``, ``"2h30m"``, ``"1.5 hours"`` in seconds; a bare number is seconds."""
    number = finite(value)
    if number is not None:
        return float(number)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(rf"(?:{_DURATION_PART}\s*)+", text):
        return None
    parts = re.findall(_DURATION_PART, text)
    sizes = [_SECONDS.get(_UNIT_NAMES.get(unit, unit)) for _, unit in parts]
    if None in sizes:
        return None
    return math.fsum(float(n) * s for (n, _), s in zip(parts, sizes, strict=True) if s)


def gib(value: object) -> tuple[float, bool] | None:
    """``16``, ``"16GB"``, ``"16000MB"``, ``"64Gi+"`` as GiB, and whether ``+`` was written."""
    number = finite(value)
    if number is not None:
        return float(number), False
    found = _matched(_SIZE, value)
    if found is None:
        return None
    amount, unit, more = found.groups()
    return float(amount) * _GIB[(unit or "g").lower()], bool(more)


def cores(value: object) -> tuple[float, bool] | None:
    """``4``, ``0.5``, ``"4"``, ``"4+"`` as logical cores, and whether ``+`` was written."""
    number = finite(value)
    if number is not None:
        return float(number), False
    found = _matched(_CORES, value)
    return None if found is None else (float(found[1]), bool(found[2]))


def _matched(pattern: re.Pattern[str], value: object) -> re.Match[str] | None:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return pattern.fullmatch(value.strip())


def duration() -> Kind[float]:
    """More than nothing and at most 366 days."""

    def convert(value: object) -> float | None:
        answer = seconds(value)
        return answer if answer is not None and 0 < answer <= MOST_SECONDS else None

    return simple(
        convert,
        expects="a duration above zero and up to 366 days",
        schema=_number_or(r"^\s*[0-9][0-9.a-zA-Z\s]*$"),
        way_out='Write seconds like `90`, or units like "90s", "45m", "2h30m", "1d".',
    )


def memory() -> Kind[tuple[float, bool]]:
    """GiB above zero, with the trailing ``+``."""

    def convert(value: object) -> tuple[float, bool] | None:
        answer = gib(value)
        return answer if answer and LEAST_GIB <= answer[0] <= MOST_GIB else None

    return simple(
        convert,
        expects="an amount of memory",
        schema=_number_or(_SIZE_SCHEMA),
        way_out='Write GB like `16`, or "16GB", "16000MB", "64GB+" (at least so much).',
    )


def disk() -> Kind[float]:
    """GiB above zero; a disk is always "at least", so ``+`` is refused."""

    def convert(value: object) -> float | None:
        answer = gib(value)
        return answer[0] if answer and 0 < answer[0] <= MOST_GIB and not answer[1] else None

    return simple(
        convert,
        expects="a disk size",
        schema=_number_or(_SIZE_SCHEMA.replace(r"\+?", "")),
        way_out='Write GB like `200`, or "200GB", "1TB". It is the least you need; no `+`.',
    )


def cpus() -> Kind[tuple[float, bool]]:
    """Logical cores above zero, with the trailing ``+``."""

    def convert(value: object) -> tuple[float, bool] | None:
        answer = cores(value)
        return answer if answer and 0 < answer[0] <= MOST_CORES else None

    return simple(
        convert,
        expects="a number of CPU cores",
        schema=_number_or(r"^\s*[0-9]+(\.[0-9]+)?\s*\+?\s*$"),
        way_out='Write `4`, or "4+" for at least four.',
    )


_SIZE_SCHEMA = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtTpP]([iI]?[bB]|[iI])?)?\s*\+?\s*$"


def _number_or(pattern: str) -> dict[str, object]:
    number = {"type": "number", "exclusiveMinimum": 0}
    return {"anyOf": [number, {"type": "string", "pattern": pattern}]}


def plain(number: float) -> int | float:
    """``number`` the way a person writes it: ``16`` and not ``16.0``."""
    return int(number) if number.is_integer() else number
