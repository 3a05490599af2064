"""Follow the team's events, in order, without a gap."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry

from graphql_api.context import Info, in_thread
from graphql_api.event_where import EventWhere, wish_of
from graphql_api.scalars import Long
from graphql_api.subscriptions.waking import of_rows, wakes
from graphql_api.types.telemetry import EventPage

GATHER_S = 0.15
AT_ONCE = 200


@strawberry.type
class EventSubscriptions:
    @strawberry.subscription(description="Without `after`: from now on.")
    async def events(
        self,
        info: Info,
        after: Long | None = None,
        streams: list[str] | None = None,
        where: EventWhere | None = None,
    ) -> AsyncGenerator[EventPage, None]:
        context, position, wish = info.context, after, wish_of(where, streams)
        async for actor in wakes(context, of_rows, gather_s=GATHER_S):
            if position is None:
                position = Long(await in_thread(context.use.lab.log.head))
            more = True
            while more:
                page = await in_thread(
                    context.reads.events,
                    actor,
                    wish,
                    after=position,
                    limit=AT_ONCE,
                )
                position, more = Long(page.cursor), page.more
                if page.events:
                    yield EventPage.of(page)
