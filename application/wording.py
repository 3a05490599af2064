"""Durations, numbers and counts as people read them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def duration(seconds: float) -> str:
    """``45s``, ``14m 1s``, ``3h 02m``, ``2d 4h``."""
    whole = max(0, int(seconds))
    if whole < MINUTE_S:
        return f"{whole}s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S}m {whole % MINUTE_S}s"
    if whole < 2 * DAY_S:
        return f"{whole // HOUR_S}h {whole % HOUR_S // MINUTE_S:02d}m"
    return f"{whole // DAY_S}d {whole % DAY_S // HOUR_S}h"


def number(value: float) -> str:
    """Four significant digits: ``0.8354``, ``3.00e-05``, ``18,234``."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 1e-3 else f"{value:.2e}"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def by_whom(by: str, names: Mapping[str, str]) -> str:
    """An event's ``by`` as a person reads it."""
    kind, _, rest = by.partition(":")
    words = {"node": "the machine", "token": "an API token", "system": "Labledger"}
    if kind == "user":
        return names.get(rest, "somebody")
    if kind == "provider":
        return "the provider"
    return words.get(kind, by)
