"""``asOf`` on every question that the log can answer: the field, and all below it, as of a moment.

Not here: what a moment is (``application/moments.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # a resolver's own arguments and answer, passed through

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from application.moments import AsOf
from graphql_api.context import Info, asked_by
from graphql_api.scalars import Moment

TOLD = "As it was: a position of the log, or a time. Permissions are those of now."


class _LooksBack(FieldExtension):
    def apply(self, field: StrawberryField) -> None:
        """Add the argument."""
        field.arguments.append(
            StrawberryArgument(
                python_name="as_of",
                graphql_name="asOf",
                type_annotation=StrawberryAnnotation(Moment | None),
                description=TOLD,
                default=None,
            )
        )

    async def resolve_async(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: Info,
        as_of: AsOf | None = None,
        **arguments: Any,
    ) -> Any:
        """Note the moment, then ask."""
        await info.context.look_back(asked_by(info), as_of)
        return await next_(source, info, **arguments)


def past_field(description: str | None = None) -> Any:
    """``strawberry.field`` with ``asOf``; for async resolvers that read with ``reads_of``."""
    return strawberry.field(description=description, extensions=[_LooksBack()])
