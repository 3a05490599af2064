"""Members that are no persons: made with a role and perhaps an end, and closed with all their tokens.

Their tokens are issued in ``tokens.py``; their role is changed like anybody's, and is never owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from application.actor import Actor
from application.commands.idempotency import once
from application.commands.naming import claiming, clean_name
from application.lab import Lab
from application.permissions import Action, require, require_own
from domain.errors import InvalidInput
from domain.model import Event, Guard
from domain.service_accounts import (
    PREFIX,
    ServiceAccount,
    ServiceAccountMade,
    fold,
    unique_name,
)
from domain.teams import Role
from domain.teams import fold as fold_team

DAYS_AT_MOST = 3650


def make_service_account(
    lab: Lab, actor: Actor, *, name: str, role: Role, days: int | None = None, key: str = ""
) -> str:
    """The id of a new member that is no person. ``AlreadyExists`` when the name is in use."""
    require(actor, Action.MANAGE_SERVICES)
    name = clean_name("name", name)
    if days is not None and not 0 < days <= DAYS_AT_MOST:
        way_out = f"Give 1 to {DAYS_AT_MOST} days, or nothing for no end."
        raise InvalidInput(field="days", value=days, way_out=way_out)
    made = lab.ids.new(PREFIX.removesuffix("_"))

    def record(guards: tuple[Guard, ...]) -> str:
        now = lab.clock.now()
        fact = ServiceAccountMade(
            team=actor.team,
            name=name,
            expires_at=now + timedelta(days=days) if days else None,
            originator_id=made,
            originator_version=1,
            at=now,
            by=actor.by,
        )
        own = unique_name(actor.team, name, made)

        def join(_: ServiceAccount, events: Sequence[Event]) -> tuple[list[Event], list[Guard]]:
            team = fold_team(lab.log.stream(actor.team))
            return [*team.add_member(made, role, now=now, by=actor.by)], [own]

        with claiming(own, kind="service account", name=name):
            lab.change(made, fold, lambda _: [fact], actor=actor, guards=guards, accompany=join)
        return made

    asked = ("make_service_account", actor.team, name, role, days)
    return once(actor, key, asked, made=made, record=record)


def close_service_account(lab: Lab, actor: Actor, account: str) -> int:
    """End it, its membership and every token of it; repeatable. Its jobs go on."""
    require(actor, Action.MANAGE_SERVICES)
    state = fold(lab.log.stream(account)) if account.startswith(PREFIX) else ServiceAccount()
    require_own(actor, state.team, kind="service account", id=account)
    now = lab.clock.now()

    def leave(of: ServiceAccount, events: Sequence[Event]) -> tuple[list[Event], list[Guard]]:
        team = fold_team(lab.log.stream(of.team))
        gone = team.remove_member(account, now=now, by=actor.by)
        return [*gone], [unique_name(of.team, of.name, account, take=-1)]

    lab.credentials.revoke_all(account, "api")
    return lab.change(
        account, fold, lambda s: s.close(now=now, by=actor.by), actor=actor, accompany=leave
    ).position
