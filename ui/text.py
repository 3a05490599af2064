"""Words for people: durations, sizes, numbers, who and what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from application.wording import by_whom, duration, number, plural

__all__ = [
    "accelerators",
    "by_whom",
    "duration",
    "hours",
    "iso",
    "money",
    "number",
    "plural",
    "short",
    "size",
    "spelled",
]


SHORT_ID = 8
HOUR_S = 3600
SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def size(count: int) -> str:
    """Powers of ten with one decimal, as disks are sold."""
    value = float(count)
    for unit in SIZES:
        if value < 1000 or unit == SIZES[-1]:
            return f"{int(value)} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return ""


def short(id: str) -> str:
    """The end of an id: enough to tell two apart on one page."""
    return id[-SHORT_ID:]


def iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def accelerators(resources: Mapping[str, object]) -> str:
    """The machine in few words: ``2 × 4×A100``, ``CPU``."""
    wanted = resources.get("accelerators")
    what = "CPU"
    if isinstance(wanted, Mapping):
        what = f"{wanted.get('count', 1)}×{wanted.get('kind', '')}"
    nodes = resources.get("num_nodes", 1)
    return f"{nodes} × {what}" if isinstance(nodes, int) and nodes > 1 else what


def money(amount: float | None, currency: str) -> str:
    """``$124.80``; other currencies by their code. Less than a cent is told as such."""
    if amount is None:
        return "—"
    sign = "$" if currency in ("USD", "") else ""
    tail = "" if sign else f" {currency}"
    if 0 < amount < 0.01:
        return f"under {sign}0.01{tail}"
    return f"{sign}{amount:,.2f}{tail}"


def hours(seconds: float) -> str:
    """``129.6 h``: compute time as people count it."""
    return f"{seconds / HOUR_S:,.1f} h"


def spelled(key: str) -> str:
    """A setting's name as a label: ``ssh_host`` → ``Ssh host``."""
    return key.replace("_", " ").capitalize()
