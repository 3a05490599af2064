"""Relay connections over keysets: a cursor is the last row's place, opaque to clients."""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
import strawberry

from domain.errors import InvalidInput
from graphql_api.limits import PAGE_AT_MOST
from projections.job_lists import NEWEST, After, JobOrder


@strawberry.type(description="Where a page of a connection ends.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def cursor_of(place: After) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((place.at, place.id))).decode()


def place_of(cursor: str | None, order: JobOrder = NEWEST) -> After | None:
    """``InvalidInput`` for what is no cursor of ours, or of another order."""
    if not cursor:
        return None
    way_out = "Send an endCursor of this connection in this order, or none to begin anew."
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii"))
        raw, id = msgspec.json.decode(text, type=tuple[str | float, str])
        at = _value(raw, order.by)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput(field="after", value=cursor, way_out=way_out) from None
    naive = isinstance(at, datetime) and at.tzinfo is None
    if naive or "\0" in id or (isinstance(at, str) and "\0" in at):
        raise InvalidInput(field="after", value=cursor, way_out=way_out)
    return After(at=at, id=id)


def _value(raw: str | float, by: str) -> datetime | str | float:
    if by == "queued":
        return msgspec.convert(raw, datetime)
    if by == "name":
        return msgspec.convert(raw, str)
    return msgspec.convert(raw, float)


def size_of(first: int, *, field: str = "first", most: int = PAGE_AT_MOST) -> int:
    """``first`` when it is a page's size. ``InvalidInput`` names the limits."""
    if not 1 <= first <= most:
        raise InvalidInput(field=field, value=first, way_out=f"Ask for 1 to {most}.")
    return first


def page_info(cursors: list[str], *, more: bool, after: str | None) -> PageInfo:
    return PageInfo(
        has_next_page=more,
        has_previous_page=bool(after),
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
