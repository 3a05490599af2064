"""Erasing a person: their key is deleted, so that what names them can be read nowhere, log included.

What they did stays in the log under their id. Not here: backups, which the operator must expire.
"""

from __future__ import annotations

from collections.abc import Sequence

from application.actor import Actor
from application.lab import Lab
from domain.errors import InvalidInput
from domain.model import Event, Guard
from domain.teams import Role
from domain.teams import fold as fold_team
from domain.users import User, fold, unique_email


def erase_user(
    lab: Lab, actor: Actor, user: str, *, teams: Sequence[str], sealed: Sequence[str]
) -> int:
    """Erase ``user``, member of ``teams``; ``sealed`` are the ids of invitations to them.

    Repeatable: a call that was cut short is finished by the next. ``InvalidInput`` when a team
    would be without an owner; ``NotFound`` for nobody.
    """

    def leave(state: User, events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Guard]]:
        del events
        left = [event for team in teams for event in _left(lab, actor, team, user)]
        return left, [unique_email(state.email_digest, user, take=-1)]

    position = lab.change(
        user,
        fold,
        lambda u: u.erase(now=lab.clock.now(), by=actor.by),
        actor=actor,
        accompany=leave,
    ).position
    lab.credentials.forget(user)
    lab.secrets.forget(user)
    for subject in (user, *sealed):
        lab.vault.erase(subject)
    return position


def _left(lab: Lab, actor: Actor, team: str, user: str) -> Sequence[Event]:
    state = fold_team(lab.log.stream(team))
    owners = [u for u, role in state.roles.items() if role is Role.OWNER]
    if owners == [user] and not state.archived:
        way_out = f"They alone own team {state.name!r}: hand it over or close it first."
        raise InvalidInput(field="user", value=user, way_out=way_out)
    if owners == [user]:
        return ()
    return state.remove_member(user, now=lab.clock.now(), by=actor.by)
