"""What a month's budget looks like: limit, held, charged, left, and whether it was warned of.

Unauthorised on purpose: ``application/queries.py`` asks whose it is. Not here: decisions, which the
guards make.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from application.lab import Policy
from domain.budgets import MILLIONTHS, is_team, scopes
from domain.quotas import standing
from projections.queries import Queries
from projections.rows import BudgetRow


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """This month in money; ``limit`` and ``left`` ``None`` are unlimited."""

    scope: str
    limit: float | None
    held: float = 0.0
    charged: float = 0.0
    warned_percent: int = 0

    @property
    def left(self) -> float | None:
        return None if self.limit is None else max(self.limit - self.held - self.charged, 0.0)


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    team: BudgetView
    own: BudgetView
    currency: str


def read_budget(queries: Queries, policy: Policy, *, team: str, user: str, at: datetime) -> Budget:
    """The team's and the user's month of ``at``; before its first reservation, what it will begin with."""
    months = scopes(team=team, user=user, at=at)
    wanted = [*months, *(standing(scope) for scope in months)]
    rows = {row.scope: row for row in queries.budgets(wanted)}
    of_team, own = (_view(scope, rows, policy) for scope in months)
    return Budget(team=of_team, own=own, currency=policy.currency)


def _view(scope: str, rows: Mapping[str, BudgetRow], policy: Policy) -> BudgetView:
    row = rows.get(scope)
    if row is not None:
        return BudgetView(
            scope=scope,
            limit=_money(row.money_limit),
            held=row.held / MILLIONTHS,
            charged=row.charged / MILLIONTHS,
            warned_percent=row.warned_percent,
        )
    always = rows.get(standing(scope))
    if always is not None:
        return BudgetView(scope=scope, limit=_money(always.money_limit))
    return BudgetView(scope=scope, limit=policy.team_budget if is_team(scope) else None)


def _money(amount: int | None) -> float | None:
    return None if amount is None else amount / MILLIONTHS
