"""Who is asking, in which team, with which role. Made at the edge from a credential, passed as an argument."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.rules import Verbs
from domain.teams import Role


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """``by`` is what events say. ``scopes`` empty means all that the role allows (a session)."""

    by: str
    user: str = ""
    team: str = ""
    role: Role | None = None
    scopes: tuple[str, ...] = ()
    rules: Mapping[str, Verbs] = {}  # of resources that a rule for them is about
    read_only: bool = False  # the team is archived
    command: str = ""  # the idempotency key or request id: the cause of what is recorded


def person(user: str, *, team: str = "", role: Role | None = None) -> Actor:
    """A signed-in member acting in ``team``."""
    return Actor(by=f"user:{user}", user=user, team=team, role=role)


def system(part: str) -> Actor:
    """Labledger itself: ``part`` is the process or poller that acts."""
    return Actor(by=f"system:{part}")
