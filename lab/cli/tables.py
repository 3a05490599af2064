"""Rows as aligned text. What came from elsewhere cannot move the cursor or change colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

NOTHING = "(none)"
WIDEST = 60


def table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """``columns``: title by key, in order."""
    if not rows:
        return NOTHING
    cells = [[clip(clean(row.get(key))) for key in columns] for row in rows]
    heads = list(columns.values())
    widths = [max(len(line[i]) for line in [heads, *cells]) for i in range(len(heads))]
    lines = [heads, *cells]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def pairs(values: Mapping[str, object]) -> str:
    """``name  value`` lines, without what has no value."""
    shown = {k: clean(v) for k, v in values.items() if v not in (None, "", [], {})}
    width = max((len(name) for name in shown), default=0)
    return "\n".join(f"{name.ljust(width)}  {text}" for name, text in shown.items()) or NOTHING


def clean(value: object) -> str:
    """One printable line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(c if c.isprintable() else " " for c in str(value))


def printable(line: str) -> str:
    """A log line without control characters but tabs."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def clip(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def age(at: object, now: datetime | None = None) -> str:
    """``3 min`` since an ISO time."""
    if not isinstance(at, str):
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(at)).total_seconds()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(int(seconds), 0)} s"
