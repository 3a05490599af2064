"""Questions about the event log."""

from __future__ import annotations

import strawberry

from application.audit_reads import SLICES
from graphql_api.as_of import past_field
from graphql_api.context import Info, in_thread, reads_of
from graphql_api.event_where import EventWhere, wish_of
from graphql_api.paging import size_of
from graphql_api.scalars import Long
from graphql_api.types.proofs import SignedHead
from graphql_api.types.telemetry import EventHistogram, EventPage
from projections.log_queries import END

EVENTS_AT_MOST = 1_000
SLICES_AT_MOST = 500
START = Long(0)


@strawberry.type
class AuditQueries:
    @past_field("The team's events after a position, in order.")
    async def events(
        self,
        info: Info,
        after: Long = START,
        limit: int = 100,
        streams: list[str] | None = None,
        where: EventWhere | None = None,
    ) -> EventPage:
        actor = await info.context.actor()
        most = size_of(limit, field="limit", most=EVENTS_AT_MOST)
        wish = wish_of(where, streams)
        page = await in_thread(reads_of(info).events, actor, wish, after=after, limit=most)
        return EventPage.of(page)

    @past_field("The team's events before a position, newest first.")
    async def events_back(
        self,
        info: Info,
        before: Long | None = None,
        limit: int = 100,
        where: EventWhere | None = None,
    ) -> EventPage:
        actor = await info.context.actor()
        most = size_of(limit, field="limit", most=EVENTS_AT_MOST)
        wish, end = wish_of(where), END if before is None else before
        page = await in_thread(reads_of(info).events_back, actor, wish, before=end, limit=most)
        return EventPage.of(page)

    @past_field(
        "How many events there were over time, in at most 500 equal slices; null when there is none. "
        "What access rules hide is counted."
    )
    async def event_histogram(
        self, info: Info, slices: int = SLICES, where: EventWhere | None = None
    ) -> EventHistogram | None:
        actor = await info.context.actor()
        most = size_of(slices, field="slices", most=SLICES_AT_MOST)
        wish = wish_of(where)
        found = await in_thread(reads_of(info).histogram, actor, wish, slices=most)
        return EventHistogram.of(found) if found else None

    @strawberry.field(description="Every signed head of the log's hash chain, oldest first.")
    async def audit_heads(self, info: Info) -> list[SignedHead]:
        actor = await info.context.actor()
        heads = await in_thread(info.context.use.proofs.heads, actor)
        return [SignedHead.of(head) for head in heads]
