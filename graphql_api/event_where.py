"""Which events are wanted, as clients say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import strawberry

from application.audit_reads import EventWish
from application.moments import AsOf
from graphql_api.scalars import Moment


@strawberry.input(
    description="Empty fields do not filter. `actor`: a member (id, address, name; their tokens too), or an "
    "event's `by`. `kind`: the first word of names. `since` and `until`: positions or times, both included."
)
class EventWhere:
    actor: str = ""
    kind: str = ""
    name: str = ""
    job: str = ""
    cause: str = ""
    stream: str = ""
    since: Moment | None = None
    until: Moment | None = None


def wish_of(where: EventWhere | None, streams: Sequence[str] | None = None) -> EventWish:
    """As the application takes it."""
    chosen = where or EventWhere()
    named = [*(streams or ()), *([chosen.stream] if chosen.stream else [])]
    return EventWish(
        actor=chosen.actor,
        kind=chosen.kind,
        name=chosen.name,
        job=chosen.job,
        cause=chosen.cause,
        streams=tuple(named),
        since=cast("AsOf | None", chosen.since),
        until=cast("AsOf | None", chosen.until),
    )
