"""Questions about channels and what they were told."""

from __future__ import annotations

import strawberry

from graphql_api.as_of import past_field
from graphql_api.context import Info, in_thread, reads_of
from graphql_api.limits import PAGE_USUAL
from graphql_api.paging import size_of
from graphql_api.types.notifications import Channel, Delivery, DeliveryState


@strawberry.type
class ChannelQueries:
    @past_field("The team's and your own, by name.")
    async def channels(self, info: Info) -> list[Channel]:
        actor = await info.context.actor()
        rows = await in_thread(reads_of(info).channels, actor)
        return [Channel.of(row) for row in rows]

    @strawberry.field(description="Newest first; those that ended are kept for some weeks.")
    async def deliveries(
        self,
        info: Info,
        channel: strawberry.ID,
        state: DeliveryState | None = None,
        first: int = PAGE_USUAL,
    ) -> list[Delivery]:
        actor = await info.context.actor()
        rows = await in_thread(
            info.context.use.channels.deliveries,
            actor,
            channel,
            state=state.value if state else "",
            limit=size_of(first),
        )
        return [Delivery.of(row) for row in rows]
