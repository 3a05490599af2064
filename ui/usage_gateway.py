"""Quotas and usage on a page's gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from application.budget_reading import Budget, BudgetView, read_budget
from application.commands.budgets import set_budget
from application.commands.quotas import set_quota
from application.quota_reading import Quota, QuotaView, read_quota
from projections.rows import UsageRow
from ui.gateway import Gateway, in_thread


class UsageGateway:
    """For one open page."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def quota(self) -> Quota:
        return await self._gateway.quota()

    async def of_members(self, users: Sequence[str]) -> dict[str, QuotaView]:
        """Each member's own month."""
        use, team = self._gateway.use, self._gateway.team

        def ask() -> dict[str, QuotaView]:
            self._gateway.reads.quota(
                self._gateway.actor
            )  # whoever may read the team's may read these
            now = use.lab.clock.now()
            return {
                user: read_quota(use.queries, use.lab.policy, team=team, user=user, at=now).own
                for user in users
            }

        return await in_thread(ask)

    async def usage(self, *, since: datetime, until: datetime, by: Sequence[str]) -> list[UsageRow]:
        reads, actor = self._gateway.reads, self._gateway.actor
        return await in_thread(lambda: reads.usage(actor, since=since, until=until, by=by))

    async def budget(self) -> Budget:
        """This month's money, of the team and of the person."""
        reads, actor = self._gateway.reads, self._gateway.actor
        return await in_thread(lambda: reads.budget(actor))

    async def budgets_of_members(self, users: Sequence[str]) -> dict[str, BudgetView]:
        """Each member's own month of money."""
        use, team = self._gateway.use, self._gateway.team

        def ask() -> dict[str, BudgetView]:
            self._gateway.reads.budget(self._gateway.actor)  # as above
            now = use.lab.clock.now()
            read = partial(read_budget, use.queries, use.lab.policy, team=team, at=now)
            return {user: read(user=user).own for user in users}

        return await in_thread(ask)

    async def set_budget(self, limit: float | None, *, user: str = "") -> None:
        """The team's, or of the member ``user``."""
        lab = self._gateway.use.lab
        await self._gateway.do(lambda a: set_budget(lab, a, limit=limit, user=user))

    async def set_limit(self, minutes: int | None, *, user: str = "") -> None:
        lab = self._gateway.use.lab
        await self._gateway.do(lambda a: set_quota(lab, a, limit_minutes=minutes, user=user))
