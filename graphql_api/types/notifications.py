"""Channels, and what they were told, as the API shows them. No secret address, no signing key."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from domain.notifications import ChannelKind
from graphql_api.scalars import Long
from projections.rows import ChannelRow, DeliveryRow

strawberry.enum(ChannelKind, description="Who takes the messages, and so their form.")


@strawberry.type(description="Where you, or the team, are told of facts.")
class Channel:
    id: strawberry.ID
    kind: ChannelKind
    name: str
    target: str = strawberry.field(description="The address without what is secret in it.")
    topics: list[str]
    of_team: bool
    only_own: bool = strawberry.field(description="Of your own jobs, quota and membership alone.")
    added_at: datetime
    paused_at: datetime | None

    @classmethod
    def of(cls, row: ChannelRow) -> Channel:
        return cls(
            id=strawberry.ID(row.id),
            kind=ChannelKind(row.kind),
            name=row.name,
            target=row.target,
            topics=row.topics,
            of_team=not row.user_id,
            only_own=row.only_own,
            added_at=row.added_at,
            paused_at=row.paused_at,
        )


@strawberry.enum(
    description="DEAD: given up. DROPPED: its channel or person may not know any more."
)
class DeliveryState(Enum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


@strawberry.type(description="One event told to one channel; its id is the same at every try.")
class Delivery:
    id: strawberry.ID
    position: Long = strawberry.field(description="The event's, in the log.")
    event: str
    sentence: str
    state: DeliveryState
    tries: int
    status: int | None = strawberry.field(description="Of the last answer.")
    reason: str = strawberry.field(description="Why the last try failed.")
    made_at: datetime
    next_at: datetime | None = strawberry.field(description="The next try, while it waits.")
    ended_at: datetime | None

    @classmethod
    def of(cls, row: DeliveryRow) -> Delivery:
        state = DeliveryState(row.state)
        return cls(
            id=strawberry.ID(row.id),
            position=Long(row.position),
            event=row.event,
            sentence=row.sentence,
            state=state,
            tries=row.tries,
            status=row.status,
            reason=row.reason,
            made_at=row.made_at,
            next_at=row.next_at if state is DeliveryState.WAITING else None,
            ended_at=row.ended_at,
        )
