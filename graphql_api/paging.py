"""Relay connections over keysets: a cursor is the last row's place, opaque to clients."""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
import strawberry

from domain.errors import InvalidInput
from graphql_api.limits import PAGE_AT_MOST
from projections.queries import After


@strawberry.type(description="Where a page of a connection ends.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def cursor_of(at: datetime, id: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((at, id))).decode()


def place_of(cursor: str | None) -> After | None:
    """``InvalidInput`` for what is no cursor of ours."""
    if not cursor:
        return None
    try:
        at, id = msgspec.json.decode(
            base64.urlsafe_b64decode(cursor.encode("ascii")), type=tuple[datetime, str]
        )
    except (ValueError, msgspec.MsgspecError):
        way_out = "Send an endCursor of this connection, or none to begin anew."
        raise InvalidInput(field="after", value=cursor, way_out=way_out) from None
    if at.tzinfo is None or "\0" in id:
        raise InvalidInput(field="after", value=cursor, way_out="Send an endCursor as it was.")
    return After(at=at, id=id)


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
