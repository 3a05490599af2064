"""Set how much money a month may cost."""

from __future__ import annotations

import strawberry

from application.commands.budgets import set_budget
from graphql_api.context import Info, in_thread
from graphql_api.scalars import Key, Long
from graphql_api.types.compute import Budget


@strawberry.type(description="The budget after the change.")
class BudgetPayload:
    position: Long
    budget: Budget


@strawberry.type
class BudgetMutations:
    @strawberry.mutation(
        description="Of the team, or of one member; without `limit` the limit is lifted."
    )
    async def set_budget(
        self,
        info: Info,
        limit: float | None = None,
        user: str = "",
        idempotency_key: Key = "",
    ) -> BudgetPayload:
        actor = await info.context.actor(idempotency_key)
        lab = info.context.use.lab
        position = await in_thread(
            set_budget, lab, actor, limit=limit, user=user, key=idempotency_key
        )
        await info.context.shown(position)
        budget = await in_thread(info.context.reads.budget, actor)
        return BudgetPayload(position=Long(position), budget=Budget.of(budget))
