"""What a replay of the log decides: how high a bar is, how long it rests, what an event changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

BAR_PX, LEAST_PX = 44, 2
SPEEDS: Mapping[str, str] = {"1": "1×", "10": "10×", "100": "100×"}
QUIET_AT_MOST_S = 2.0
"""A quiet stretch is cut to this, at any speed."""
READABLE_S = 0.25
LINES_AT_MOST = 14
LINE_AT_MOST = 160
OF_THE_ROW = frozenset({"position", "id", "team"})
"""Columns that say where a row is from, not how it is."""
Row = Mapping[str, object]


def heights(counts: Sequence[int]) -> list[int]:
    """Pixels, the fullest stretch highest; what holds anything is seen."""
    most = max(counts, default=0)
    return [max(LEAST_PX, round(BAR_PX * count / most)) if count else 0 for count in counts]


def rest_s(before: datetime, after: datetime, *, speed: int) -> float:
    """Seconds between two events that lie so far apart, told ``speed`` times as fast."""
    return min(QUIET_AT_MOST_S, max(READABLE_S, (after - before).total_seconds() / speed))


def place_of(at: datetime, *, begin: datetime, end: datetime, steps: int) -> int:
    """Where the handle stands at a time."""
    whole = (end - begin).total_seconds()
    part = (at - begin).total_seconds() / whole if whole else 1.0
    return round(min(1.0, max(0.0, part)) * steps)


def time_at(place: int, *, begin: datetime, end: datetime, steps: int) -> datetime:
    """The time the handle stands at; the last place is all of the log."""
    return (
        end
        if place >= steps
        else begin + timedelta(seconds=(end - begin).total_seconds() * place / steps)
    )


def changes(before: Row | None, after: Row | None) -> list[tuple[str, str]]:
    """Lines of a diff, as ``(sign, text)``: a sign is ``-``, ``+`` or a space for what was left out."""
    old, new = before or {}, after or {}
    names = [
        n for n in dict.fromkeys([*new, *old]) if n not in OF_THE_ROW and old.get(n) != new.get(n)
    ]
    lines: list[tuple[str, str]] = []
    for name in names:
        for sign, row in (("-", old), ("+", new)):
            if row.get(name) not in (None, "", [], {}):
                lines.append((sign, f"{name}: {_short(row[name])}"))
    more = len(lines) - LINES_AT_MOST
    return lines if more <= 0 else [*lines[:LINES_AT_MOST], (" ", f"and {more} more")]


def carried(data: Row) -> list[tuple[str, str]]:
    """What an event itself carries, where no row tells more."""
    return changes(None, data)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LINE_AT_MOST else text[:LINE_AT_MOST] + "…"
