"""Members that are no persons: a part of the workspace's read model. Their role is in ``members``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.model import Event
from domain.service_accounts import ServiceAccountClosed, ServiceAccountMade
from projections.base import Column, Patch, SqlType, Table, Value

TIME = SqlType.TIMESTAMPTZ

SERVICE_TABLES = (
    Table(
        name="service_accounts",
        columns=(
            Column(name="team"),
            Column(name="name"),
            Column(name="made_at", type=TIME),
            Column(name="made_by"),
            Column(name="expires_at", type=TIME),
            Column(name="closed_at", type=TIME),
        ),
        indexes=("team, name",),
    ),
)


def _made(e: ServiceAccountMade) -> Patch:
    row: dict[str, Value] = {
        "team": e.team,
        "name": e.name,
        "made_at": e.at,
        "made_by": e.by,
        "expires_at": e.expires_at,
    }
    return Patch("service_accounts", e.originator_id, set=row)


SERVICE_PATCHES: Mapping[type[Event], Callable[[Any], Patch]] = {  # each arm takes its own event
    ServiceAccountMade: _made,
    ServiceAccountClosed: lambda e: Patch(
        "service_accounts", e.originator_id, set={"closed_at": e.at}
    ),
}
