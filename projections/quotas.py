"""How much of each scope's month is held, charged and warned about: a part of the workspace's read model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain import quotas
from domain.model import Event
from projections.base import Column, Patch, SqlType, Table

BIGINT = SqlType.BIGINT

QUOTA_TABLES = (
    Table(
        name="quotas",
        key="scope",
        columns=(
            Column(name="limit_s", type=BIGINT),
            Column(name="held_s", type=BIGINT, default="0"),
            Column(name="charged_s", type=BIGINT, default="0"),
        ),
    ),
    Table(
        name="quota_warnings",
        columns=(
            Column(name="scope"),
            Column(name="limit_s", type=BIGINT),
            Column(name="percent", type=BIGINT),
            Column(name="reached_at", type=SqlType.TIMESTAMPTZ),
        ),
    ),
)


def _limit(e: quotas.QuotaLimitSet) -> Patch:
    return Patch("quotas", e.scope, set={"limit_s": None if e.seconds < 0 else e.seconds})


def _settled(e: quotas.QuotaSettled) -> Patch:
    return Patch("quotas", e.scope, add={"held_s": -e.held, "charged_s": e.used})


def _warned(e: quotas.QuotaThresholdReached) -> Patch:
    key = f"{e.scope}@{e.limit}"
    return Patch(
        "quota_warnings",
        key,
        set={"scope": e.scope, "limit_s": e.limit, "percent": e.percent, "reached_at": e.at},
    )


QUOTA_PATCHES: Mapping[type[Event], Callable[[Any], Patch]] = {  # each arm takes its own event
    quotas.QuotaLimitSet: _limit,
    quotas.QuotaReserved: lambda e: Patch("quotas", e.scope, add={"held_s": e.seconds}),
    quotas.QuotaExtended: lambda e: Patch("quotas", e.scope, add={"held_s": e.seconds}),
    quotas.QuotaSettled: _settled,
    quotas.QuotaThresholdReached: _warned,
}
