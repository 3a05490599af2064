"""Usage as a table, stacked days and CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from projections.rows import UsageRow

HOUR_S = 3600
SERIES_AT_MOST = 7
OTHERS = "others"


class Stacked(msgspec.Struct, frozen=True, kw_only=True):
    """Hours a day of each series, the largest first; the rest are ``others``."""

    days: tuple[str, ...]
    series: Mapping[str, tuple[float, ...]]


def stacked(
    rows: Sequence[UsageRow], key: str, names: Mapping[str, str], *, since: date, until: date
) -> Stacked:
    """``rows`` are by day and ``key``; days without use are zeros."""
    days = [(since + timedelta(days=i)).isoformat() for i in range((until - since).days + 1)]
    totals: dict[str, float] = {}
    cells: dict[tuple[str, str], float] = {}
    for row in rows:
        name = names.get(getattr(row, key) or "", "?")
        hours = row.used_s / HOUR_S
        totals[name] = totals.get(name, 0.0) + hours
        cells[(name, row.day or "")] = cells.get((name, row.day or ""), 0.0) + hours
    largest = sorted(totals, key=lambda n: -totals[n])
    shown = largest[:SERIES_AT_MOST]
    series = {n: tuple(round(cells.get((n, d), 0.0), 2) for d in days) for n in shown}
    rest = largest[SERIES_AT_MOST:]
    if rest:
        series[OTHERS] = tuple(round(sum(cells.get((n, d), 0.0) for n in rest), 2) for d in days)
    return Stacked(days=tuple(days), series=series)


def usage_csv(rows: Sequence[UsageRow], key: str, names: Mapping[str, str]) -> str:
    """One line a day and name. A name that a spreadsheet would run is text."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(
        ["day", key, "jobs", "complete", "failed", "stopped", "hours", "cost", "currency"]
    )
    for row in sorted(rows, key=lambda r: r.day or ""):
        name = names.get(getattr(row, key) or "", "?")
        safe = f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
        told = (row.jobs, row.complete, row.failed, row.stopped, round(row.used_s / HOUR_S, 3))
        sheet.writerow(
            [row.day, safe, *told, row.cost if row.cost is not None else "", row.currency or ""]
        )
    return out.getvalue()


def runs_out(charged_s: int, limit_s: int | None, *, day: int, days: int) -> int | None:
    """The day of this month on which the limit is reached at the present pace; ``None``: not in it."""
    if not limit_s or not charged_s or day < 1:
        return None
    at = limit_s / (charged_s / day)
    return int(at) + 1 if at < days else None
