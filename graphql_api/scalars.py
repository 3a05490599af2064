"""Scalars of the schema beyond GraphQL's own five."""

from __future__ import annotations

from typing import Annotated, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON

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

Key = Annotated[
    str,
    strawberry.argument(
        description="Chosen by you; the same mutation sent again with the same key is done once."
    ),
]

__all__ = ["JSON", "LONG", "Key", "Long", "parse_long"]
