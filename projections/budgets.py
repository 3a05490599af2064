"""How much money of each scope's month is held, charged and warned about: a part of the workspace's read model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain import budgets
from domain.model import Event
from projections.base import Column, Patch, SqlType, Table

BIGINT = SqlType.BIGINT

BUDGET_TABLES = (
    Table(
        name="budgets",
        key="scope",
        columns=(
            Column(name="money_limit", type=BIGINT),
            Column(name="held", type=BIGINT, default="0"),
            Column(name="charged", type=BIGINT, default="0"),
        ),
    ),
    Table(
        name="budget_warnings",
        columns=(Column(name="percent", type=BIGINT),),
    ),
)


def _settled(e: budgets.BudgetSettled) -> Patch:
    return Patch("budgets", e.scope, add={"held": -e.held, "charged": e.cost})


BUDGET_PATCHES: Mapping[type[Event], Callable[[Any], Patch]] = {  # each arm takes its own event
    budgets.BudgetLimitSet: lambda e: Patch(
        "budgets", e.scope, set={"money_limit": None if e.amount < 0 else e.amount}
    ),
    budgets.BudgetReserved: lambda e: Patch("budgets", e.scope, add={"held": e.amount}),
    budgets.BudgetReleased: lambda e: Patch("budgets", e.scope, add={"held": -e.amount}),
    budgets.BudgetSettled: _settled,
    budgets.BudgetThresholdReached: lambda e: Patch(
        "budget_warnings", f"{e.scope}@{e.limit}", set={"percent": e.percent}
    ),
}
