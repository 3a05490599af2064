"""Proofs that take their time: told as far as they are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import TypeVar

import strawberry

from graphql_api.context import Info, in_thread
from graphql_api.scalars import Long
from graphql_api.types.proofs import ChainVerdict, ReplayedModel
from projections.projector import END

Item = TypeVar("Item")


@strawberry.type
class ProofSubscriptions:
    @strawberry.subscription(description="The hash chain computed anew; the last has `done`.")
    async def audit_verify(self, info: Info) -> AsyncGenerator[ChainVerdict, None]:
        actor = await info.context.authenticate()
        before = None
        async for verdict in _each(info.context.use.proofs.verify(actor)):
            if before is not None:
                yield ChainVerdict.of(before, done=False)
            before = verdict
        if before is not None:
            yield ChainVerdict.of(before, done=True)

    @strawberry.subscription(description="Each read model folded anew, no further than `to`.")
    async def audit_replay(
        self, info: Info, to: Long | None = None
    ) -> AsyncGenerator[ReplayedModel, None]:
        actor = await info.context.authenticate()
        upto = END if to is None else to
        async for told, others in _each(info.context.use.proofs.replay(actor, upto)):
            yield ReplayedModel.of(told, others)


async def _each(items: Iterator[Item]) -> AsyncIterator[Item]:
    """Each of ``items``, made off the event loop; closed at the end, however that comes."""

    def following() -> tuple[Item, ...]:
        return next(((item,) for item in items), ())

    try:
        while found := await in_thread(following):
            yield found[0]
    finally:
        close = getattr(items, "close", None)
        if close:
            await in_thread(close)
