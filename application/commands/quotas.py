"""What admins set and jobs move in the quota ledgers.

A standing limit holds for every month: it is a ledger without a month, copied into the month's
ledger by the first reservation in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.actor import Actor
from application.commands.idempotency import once_at
from application.commands.naming import user_id
from application.commands.thresholds import note_thresholds
from application.lab import Lab
from application.permissions import Action, require
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.model import Event, Guard, GuardKind
from domain.quotas import fold, minutes, scopes, set_limit, standing, stream_of
from domain.teams import fold as fold_team


def set_quota(
    lab: Lab, actor: Actor, *, limit_minutes: int | None, user: str = "", key: str = ""
) -> int:
    """The limit from now on, for the team or one member; ``None`` lifts it. Recorded once with ``key``.

    ``user`` is a member's address or id, who then needs room in the team's limit and in their own.
    """
    require(actor, Action.MANAGE_QUOTAS)
    user = member_id(lab, actor, user) if user else ""
    if limit_minutes is not None and not 0 <= limit_minutes <= 10**9:
        way_out = "Give minutes from 0 to 1,000,000,000, or nothing to lift the limit."
        raise InvalidInput(field="minutes", value=limit_minutes, way_out=way_out)
    now = lab.clock.now()
    of_team, of_user = scopes(team=actor.team, user=user, at=now)
    scope = of_user if user else of_team
    always = set_limit(standing(scope), minutes=limit_minutes, now=now, by=actor.by)
    month = set_limit(scope, minutes=limit_minutes, now=now, by=actor.by)
    events = [*always.events, *month.events]

    def record(guards: tuple[Guard, ...]) -> int:
        position = lab.append(events, [*guards, *always.guards, *month.guards], actor=actor)
        note_thresholds(lab, month.guards)
        return position

    asked = ("set_quota", standing(scope), limit_minutes)
    return once_at(lab, actor, key, asked, record=record)


def open_month(lab: Lab, actor: Actor, wanted: Sequence[str]) -> tuple[list[Event], list[Guard]]:
    """What a reservation appends first when it is the first of its month in a scope."""
    events: list[Event] = []
    guards: list[Guard] = []
    known = lab.log.guards([(GuardKind.QUOTA, scope) for scope in wanted])
    for scope in wanted:
        if (GuardKind.QUOTA, scope) in known:
            continue
        limit = _standing_limit(lab, scope)
        entry = set_limit(scope, minutes=limit, now=lab.clock.now(), by="system:quota")
        events += entry.events
        guards += entry.guards
    return events, guards


def in_minutes(error: QuotaExceeded) -> QuotaExceeded:
    """The same refusal, told in minutes."""
    told = {k: error.values.get(k) for k in ("asked", "left", "limit")}
    shown = {k: minutes(v) if isinstance(v, int) else v for k, v in told.items()}
    return QuotaExceeded(scope=error.values.get("scope"), **shown)


def member_id(lab: Lab, actor: Actor, person: str) -> str:
    """A member of the actor's team by address or id. ``NotFound``."""
    user = user_id(lab, person)
    if user not in fold_team(lab.log.stream(actor.team)).roles:
        raise NotFound(kind="member", id=person)
    return user


def _standing_limit(lab: Lab, scope: str) -> int | None:
    facts = lab.log.stream(stream_of(standing(scope)))
    if facts:
        seconds = fold(facts).limit
        return None if seconds is None else seconds // 60
    return lab.policy.team_quota_minutes if scope.startswith("team:") else None
