"""``--as-of``: a moment as people say it, on their clock, to what the server understands."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from lab.cli.failures import USAGE, CliError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
UNITS |= {"h": 3600, "hour": 3600, "d": 86_400, "day": 86_400, "w": 604_800, "week": 604_800}
AGO = re.compile(r"(\d+)\s*([a-z]+?)s?\s+ago")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
HELP = (
    "Say a position (48211), a time (2026-11-03 02:14), 02:14, 'yesterday 02:14', "
    "'monday 9:00' or '2 hours ago'."
)


def read(text: str, *, now: datetime) -> str:
    """A position, or an ISO time with its zone. ``now`` is aware, in the person's zone. ``CliError``."""
    said = " ".join(text.strip().lower().split())
    if said.removeprefix("#").isdecimal():
        return said.removeprefix("#")
    at = _ago(said, now) or _day(said, now) or _iso(text.strip())
    if at is None:
        raise CliError(f"--as-of {text!r} is no moment. {HELP}", USAGE)
    return at.astimezone().isoformat()  # without a zone it is the person's


def _ago(said: str, now: datetime) -> datetime | None:
    found = AGO.fullmatch(said)
    if not found or found[2] not in UNITS:
        return None
    try:
        return now - timedelta(seconds=int(found[1]) * UNITS[found[2]])
    except OverflowError:
        return None


def _day(said: str, now: datetime) -> datetime | None:
    """``yesterday``, ``today``, a weekday (the last one), each with a clock time or without; a clock time."""
    word, _, rest = said.partition(" ")
    if CLOCK.fullmatch(word):
        word, rest = "today", said
    back = {"today": 0, "yesterday": 1}.get(word)
    if word in DAYS:
        back = (now.weekday() - DAYS.index(word)) % 7 or 7
    if back is None:
        return None
    clock = _clock(rest) if rest else time(0, 0)
    return None if clock is None else datetime.combine(now.date() - timedelta(days=back), clock)


def _clock(text: str) -> time | None:
    found = CLOCK.fullmatch(text)
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
