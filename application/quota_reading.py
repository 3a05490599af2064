"""What a month's quota looks like: limit, held, charged, left, and whether it was warned of.

Unauthorised on purpose: ``application/queries.py`` asks whose it is. Not here: decisions, which the
guards make.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from application.lab import Policy
from domain.quotas import scopes, standing
from domain.weights import OTHERS
from projections.queries import Queries
from projections.rows import QuotaRow


class QuotaView(msgspec.Struct, frozen=True, kw_only=True):
    """This month in weighted compute seconds; ``limit`` and ``left`` ``None`` are unlimited."""

    scope: str
    limit: int | None
    held: int
    charged: int
    warned_percent: int = 0

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.held - self.charged, 0)


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """``weights``: what a second of an accelerator counts; ``*`` is every other one."""

    team: QuotaView
    own: QuotaView
    weights: Mapping[str, float]


def read_quota(queries: Queries, policy: Policy, *, team: str, user: str, at: datetime) -> Quota:
    """The team's and the user's month of ``at``; before its first reservation, what it will begin with."""
    months = scopes(team=team, user=user, at=at)
    wanted = [*months, *(standing(scope) for scope in months)]
    rows = {row.scope: row for row in queries.quotas(wanted)}
    of_team, own = (_view(scope, rows, policy) for scope in months)
    return Quota(team=of_team, own=own, weights={OTHERS: 1.0, **policy.accelerator_weights})


def _view(scope: str, rows: Mapping[str, QuotaRow], policy: Policy) -> QuotaView:
    row = rows.get(scope)
    if row is not None:
        return QuotaView(
            scope=scope,
            limit=row.limit_s,
            held=row.held_s,
            charged=row.charged_s,
            warned_percent=row.warned_percent,
        )
    always = rows.get(standing(scope))
    if always is not None:
        return QuotaView(scope=scope, limit=always.limit_s, held=0, charged=0)
    minutes = policy.team_quota_minutes if scope.startswith("team:") else None
    return QuotaView(
        scope=scope, limit=None if minutes is None else minutes * 60, held=0, charged=0
    )
