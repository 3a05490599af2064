"""Scalars of the schema beyond GraphQL's own five."""

from __future__ import annotations

from typing import Annotated, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

from application.moments import AsOf, read_as_of

BIGGEST = 2**53 - 1

Long = NewType("Long", int)
"""A whole number that may exceed 32 bits: positions in the log, sizes in bytes."""


def parse_long(value: object) -> Long:
    """A whole JSON number within what every client can hold exactly."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > BIGGEST:
        raise GraphQLError(f"Long cannot represent {str(value)[:40]!r}: give a whole number.")
    return Long(value)


LONG = strawberry.scalar(
    name="Long",
    description="A whole number up to 2^53 - 1: positions in the event log, sizes in bytes.",
    serialize=int,
    parse_value=parse_long,
)

Moment = NewType("Moment", object)
"""A position or a time: what ``application.moments.AsOf`` is."""


def parse_moment(value: object) -> AsOf:
    """A whole number, or text that ``read_as_of`` reads."""
    if isinstance(value, str):
        return read_as_of(value)
    return parse_long(value)


MOMENT = strawberry.scalar(
    name="Moment",
    description="A position of the event log, or an ISO time with its zone: the last event by then.",
    serialize=str,
    parse_value=parse_moment,
)

Key = Annotated[
    str,
    strawberry.argument(
        description="Chosen by you; the same mutation sent again with the same key is done once."
    ),
]

__all__ = ["JSON", "LONG", "MOMENT", "Key", "Long", "Moment", "parse_long", "parse_moment"]
