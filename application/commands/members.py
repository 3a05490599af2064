"""Who is in a team, in which role, and how a team is renamed, handed over and closed.

Only an owner makes, demotes or removes owners. Not here: invitations (``invitations.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from application.actor import Actor
from application.commands.idempotency import once_at
from application.commands.naming import clean_name, holder
from application.lab import Lab
from application.permissions import Action, require
from domain.errors import InvalidInput, NotFound, PermissionDenied
from domain.model import Event, Guard
from domain.teams import Role, Team, fold


def add_member(lab: Lab, actor: Actor, *, email: str, role: Role, key: str = "") -> int:
    """Make a registered person a member, or give a member another role. Once with ``key``."""
    require(actor, Action.MANAGE_MEMBERS)
    user = holder(lab, f"email:{lab.vault.digest(email.strip())}")
    if not user:
        raise NotFound(kind="account", id=email)
    asked = ("add_member", actor.team, user, role)
    return _change(
        lab,
        actor,
        lambda t: t.add_member(user, role, now=lab.clock.now(), by=actor.by),
        touches=(user, role),
        key=key,
        asked=asked,
    )


def set_role(lab: Lab, actor: Actor, *, user: str, role: Role, key: str = "") -> int:
    """Give a member another role. The last owner stays owner. Once with ``key``."""
    require(actor, Action.MANAGE_MEMBERS)
    return _change(
        lab,
        actor,
        lambda t: t.set_role(user, role, now=lab.clock.now(), by=actor.by),
        touches=(user, role),
        key=key,
        asked=("set_role", actor.team, user, role),
    )


def remove_member(lab: Lab, actor: Actor, *, user: str, key: str = "") -> int:
    """End a membership; one may always end one's own, unless nobody would own the team."""
    if user != actor.user:
        require(actor, Action.MANAGE_MEMBERS)
    require(actor, Action.LEAVE)
    return _change(
        lab,
        actor,
        lambda t: t.remove_member(user, now=lab.clock.now(), by=actor.by),
        touches=(user, Role.VIEWER),
        key=key,
        asked=("remove_member", actor.team, user),
    )


def transfer_team(lab: Lab, actor: Actor, *, user: str, key: str = "") -> int:
    """Make member ``user`` owner in the actor's place; the actor stays as admin. Repeatable."""
    require(actor, Action.OWN)
    return _change(
        lab,
        actor,
        lambda t: t.transfer(user, owner=actor.user, now=lab.clock.now(), by=actor.by),
        touches=(user, Role.OWNER),
        key=key,
        asked=("transfer_team", actor.team, user),
    )


def rename_team(lab: Lab, actor: Actor, *, name: str, key: str = "") -> int:
    """The same name again records nothing."""
    require(actor, Action.MANAGE_MEMBERS)
    name = clean_name("name", name)
    return _change(
        lab,
        actor,
        lambda t: t.rename(name, now=lab.clock.now(), by=actor.by),
        key=key,
        asked=("rename_team", actor.team, name),
    )


def archive_team(lab: Lab, actor: Actor, *, name: str, live: int, key: str = "") -> int:
    """Close the team for good; ``name`` is its name typed again, ``live`` its jobs that are not over.

    Everything stays readable to its members. ``InvalidInput`` while anything of it lives.
    """
    require(actor, Action.OWN)
    if live:
        way_out = f"Stop its jobs first: {live} are not over."
        raise InvalidInput(field="team", value=actor.team, way_out=way_out)

    def decide(team: Team) -> Sequence[Event]:
        if name != team.name:
            raise InvalidInput(field="name", value=name, way_out="Type the team's name as it is.")
        return team.archive(now=lab.clock.now(), by=actor.by)

    return _change(lab, actor, decide, key=key, asked=("archive_team", actor.team))


def _change(
    lab: Lab,
    actor: Actor,
    decide: Callable[[Team], Sequence[Event]],
    *,
    key: str,
    asked: tuple[object, ...],
    touches: tuple[str, Role] | None = None,
) -> int:
    def allowed(team: Team) -> Sequence[Event]:
        if touches and Role.OWNER in (touches[1], team.roles.get(touches[0])):
            _only_owners(actor, touches[0])
        return decide(team)

    def record(guards: tuple[Guard, ...]) -> int:
        return lab.change(actor.team, fold, allowed, actor=actor, guards=guards).position

    return once_at(lab, actor, key, asked, record=record)


def _only_owners(actor: Actor, user: str) -> None:
    if actor.role is not Role.OWNER and user != actor.user:
        raise PermissionDenied(action="make or change owners", role=actor.role or "none")
