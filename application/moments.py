"""A moment of the past: what a person means by "as of", found in the log. Permissions stay those of now."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from domain.errors import InvalidInput, LabError
from projections.queries import Queries

AsOf: TypeAlias = int | datetime
"""A position of the log, or an aware time: then the last position recorded by that time."""
WITHIN_S = 5.0
LOOK_S = 0.02
WAY_OUT = "Give a position of the log, or a time with its zone, like 2026-11-03T02:14:00Z."


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is the asked time, else when the event at ``position`` was recorded."""

    position: int
    at: datetime


class PastBehind(LabError):
    """The versions of read models are not kept that far yet. Values: ``asked``, ``kept``."""

    code = "PAST_BEHIND"
    sentence = "The past is kept up to position {kept} so far, {asked} was asked. Try again soon."
    transient = True


class PresentOnly(LabError):
    """Asked of the past, and answered from outside the log. Values: ``what``."""

    code = "PRESENT_ONLY"
    sentence = "{what} cannot be asked of the past: the log does not hold it. Ask without asOf."

    def __init__(self, *, what: str) -> None:
        super().__init__(what=what)


def read_as_of(text: str) -> AsOf:
    """``"48211"`` or an ISO time with its zone. ``InvalidInput``."""
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901  # without a zone: refused below
    if at.tzinfo is None:
        raise InvalidInput(field="asOf", value=text, way_out=WAY_OUT)
    return at


def find_moment(queries: Queries, as_of: AsOf, *, now: datetime) -> Moment:
    """The moment, once every read model can be shown as of it.

    ``InvalidInput`` for what is still to come; ``PastBehind`` when the versions are not kept so far.
    """
    head = queries.head()
    if isinstance(as_of, datetime):
        if as_of > now:
            raise InvalidInput(
                field="asOf", value=as_of.isoformat(), way_out="It is still to come."
            )
        found = Moment(position=queries.position_at(as_of), at=as_of)
    else:
        if not 0 <= as_of <= head:
            way_out = f"The log ends at position {head}."
            raise InvalidInput(field="asOf", value=as_of, way_out=way_out)
        recorded = queries.moment(as_of)
        found = Moment(position=as_of, at=recorded.astimezone(UTC) if recorded else now)
    _wait(queries, found.position)
    return found


def _wait(queries: Queries, position: int) -> None:
    end = time.monotonic() + WITHIN_S
    while not queries.past_shows(position):
        if time.monotonic() > end:
            kept = min((row.position for row in queries.past_positions()), default=0)
            raise PastBehind(asked=position, kept=kept)
        time.sleep(LOOK_S)
