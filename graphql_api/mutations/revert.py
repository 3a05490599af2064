"""Take a change of configuration back."""

from __future__ import annotations

import strawberry

from application.commands.revert import revert
from graphql_api.context import Info, in_thread
from graphql_api.mutations.accounts import DonePayload
from graphql_api.scalars import Key, Long


@strawberry.type
class RevertMutations:
    @strawberry.mutation(description="By a fact that undoes it; see `revertPreview`.")
    async def revert(self, info: Info, position: Long, idempotency_key: Key = "") -> DonePayload:
        actor = await info.context.actor(idempotency_key)
        await in_thread(revert, info.context.use.lab, actor, position)
        return DonePayload(position=Long(await info.context.done()))
