"""What a metric, a step, a score and metadata may be; every refusal names the culprit."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import SupportsFloat, SupportsIndex

Scalar = str | int | float | bool | None

NAME_LENGTH = 200
_INT64 = 2**63


def metric_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"metric name {name!r} is a {type(name).__name__}, not a string")
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise ValueError(f"metric name {name!r} must be 1 to {NAME_LENGTH} printable characters")
    return name


def metric_value(name: str, value: object) -> float:
    """A float, finite or not. Accepts numbers and anything whose ``item()`` is one."""
    if not isinstance(value, (int, float)) and hasattr(value, "item"):
        value = _one_item(name, value)
    if not isinstance(value, (int, float, SupportsFloat)):
        kind = type(value).__name__
        raise TypeError(f"metric {name!r}: {_shown(value)} is a {kind}, not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"metric {name!r}: {_shown(value)} does not fit a float") from error


def metric_step(name: str, step: object) -> int:
    if type(step) is int and -_INT64 <= step < _INT64:
        return step
    if isinstance(step, float) and step.is_integer():
        step = int(step)
    if not isinstance(step, SupportsIndex):
        kind = type(step).__name__
        raise TypeError(f"metric {name!r}: step {step!r} is a {kind}, not an integer")
    number = operator.index(step)
    if not -_INT64 <= number < _INT64:
        raise ValueError(f"metric {name!r}: step {number} does not fit 64 bits")
    return number


def percent(value: object) -> float:
    """0..100; what lies outside is brought to the nearer end."""
    number = metric_value("progress", value)
    if not math.isfinite(number):
        raise ValueError(f"progress {value!r} is not a finite number")
    return min(100.0, max(0.0, number))


def scores(score: object) -> dict[str, float]:
    """A bare number is the score named ``score``; a mapping is taken name by name."""
    if score is None:
        return {}
    if not isinstance(score, Mapping):
        return {"score": metric_value("score", score)}
    return {metric_name(name): metric_value(str(name), value) for name, value in score.items()}


def metadata(values: Mapping[str, object] | None) -> dict[str, Scalar]:
    """A flat mapping of scalars; what is not a scalar is refused by name."""
    flat: dict[str, Scalar] = {}
    for name, value in (values or {}).items():
        item = value.item() if hasattr(value, "item") else value
        if isinstance(item, float) and not math.isfinite(item):
            item = str(item)
        if item is not None and not isinstance(item, (str, int, float, bool)):
            kind = type(item).__name__
            raise TypeError(f"metadata {name!r}: {_shown(value)} is a {kind}, not a scalar")
        flat[str(name)] = item
    return flat


def _one_item(name: str, value: object) -> object:
    """What a 0-d array or tensor holds, without importing its package."""
    try:
        return value.item()  # type: ignore[attr-defined,unused-ignore]  # the caller looked
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"metric {name!r}: {_shown(value)} is not one number") from error


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
