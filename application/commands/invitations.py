"""Inviting people into a team by a link, with or without an e-mail address.

The link holds a secret of which only the hash is kept; it opens one membership, once, until it
expires. Not here: delivering it (the mailer), and what members may do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from application.account_ports import Caller
from application.actor import Actor, person
from application.commands.accounts import (
    SignedIn,
    clean_email,
    open_session,
    register_user,
)
from application.commands.idempotency import once
from application.lab import Lab
from application.log import UniqueTaken
from application.permissions import Action, require, require_own
from domain.errors import InvalidInput, NotFound, PermissionDenied, UnknownLink
from domain.invitations import Invitation, InvitationSent, fold
from domain.model import Event, Guard
from domain.teams import Role
from domain.teams import fold as fold_team

DAYS = 7
MOST_DAYS = 90


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who holds the link is told before they take it."""

    id: str
    team: str
    team_name: str
    role: Role
    email: str
    expires_at: datetime | None


def invite(
    lab: Lab, actor: Actor, *, role: Role, email: str = "", days: int = DAYS, key: str = ""
) -> tuple[str, str]:
    """``(id, secret)``; the secret is shown once and empty when ``key`` is sent again.

    With ``email`` only that address may take it. Only an owner invites owners.
    """
    require(actor, Action.MANAGE_MEMBERS)
    if role is Role.OWNER and actor.role is not Role.OWNER:
        raise PermissionDenied(action="make or change owners", role=actor.role or "none")
    address = clean_email(email) if email else ""
    expires = _expiry(lab, days)
    made = lab.ids.new("invite")
    secrets: dict[str, str] = {}

    def record(guards: tuple[Guard, ...]) -> str:
        fact = InvitationSent(
            team=actor.team,
            role=role,
            expires_at=expires,
            email_sealed=lab.vault.seal(made, address) if address else "",
            email_digest=lab.vault.digest(address) if address else "",
            originator_id=made,
            originator_version=1,
            at=lab.clock.now(),
            by=actor.by,
        )
        secrets[made] = _issue(lab, made, actor.team, expires)
        try:
            lab.append([fact], guards, actor=actor)
        except UniqueTaken:
            lab.credentials.revoke(made)
            raise
        return made

    asked = ("invite", actor.team, role, address, days)
    found = once(actor, key, asked, made=made, record=record)
    return found, secrets[made] if found == made else ""


def resend_invitation(lab: Lab, actor: Actor, *, id: str, days: int = DAYS) -> str:
    """A new secret; the old link opens nothing any more."""
    require(actor, Action.MANAGE_MEMBERS)
    invitation = _own(lab, actor, id)
    expires = _expiry(lab, days)
    lab.change(
        id,
        fold,
        lambda i: i.resend(expires_at=expires, now=lab.clock.now(), by=actor.by),
        actor=actor,
    )
    lab.credentials.revoke(id)
    return _issue(lab, id, invitation.team, expires)


def cancel_invitation(lab: Lab, actor: Actor, *, id: str) -> int:
    """Withdraw it; repeatable. One that was accepted cannot be: remove the member."""
    require(actor, Action.MANAGE_MEMBERS)
    _own(lab, actor, id)
    lab.credentials.revoke(id)
    return lab.change(
        id, fold, lambda i: i.cancel(now=lab.clock.now(), by=actor.by), actor=actor
    ).position


def look_at_invitation(lab: Lab, secret: str) -> Offered:
    """For whoever holds the link. ``NotFound`` when it opens nothing."""
    invitation = _of_secret(lab, secret)
    team = fold_team(lab.log.stream(invitation.team))
    sealed = invitation.email_sealed
    return Offered(
        id=invitation.id,
        team=invitation.team,
        team_name=team.name,
        role=invitation.role,
        email=lab.vault.open(invitation.id, sealed) if sealed else "",
        expires_at=invitation.expires_at,
    )


def accept_invitation(lab: Lab, actor: Actor, secret: str, *, email: str) -> int:
    """Join as the signed-in person, whose own address is ``email``. A member keeps their role."""
    invitation = _of_secret(lab, secret)

    def join(state: Invitation, _: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Guard]]:
        team = fold_team(lab.log.stream(state.team))
        if team.archived:
            raise NotFound(kind="team", id=state.team)
        if actor.user in team.roles:
            return (), ()
        now = lab.clock.now()
        return team.add_member(actor.user, state.role, now=now, by=actor.by), ()

    digest = lab.vault.digest(email)
    done = lab.change(
        invitation.id,
        fold,
        lambda i: i.accept(actor.user, email_digest=digest, now=lab.clock.now(), by=actor.by),
        actor=actor,
        accompany=join,
    )
    lab.credentials.revoke(invitation.id)
    return done.position


def join_by_invitation(
    lab: Lab, secret: str, *, email: str, name: str, password: str, caller: Caller | None = None
) -> SignedIn:
    """A new account that joins at once, signed in."""
    offered = look_at_invitation(lab, secret)
    address = offered.email or clean_email(email)
    if email and lab.vault.digest(email) != lab.vault.digest(address):
        way_out = "This invitation is for another address; leave it as it is."
        raise InvalidInput(field="email", value=email, way_out=way_out)
    inviter = Actor(by=f"invitation:{offered.id}")
    user = register_user(lab, inviter, email=address, name=name, password=password)
    accept_invitation(lab, person(user), secret, email=address)
    return open_session(lab, user, method="invitation", caller=caller)


def _own(lab: Lab, actor: Actor, id: str) -> Invitation:
    invitation = fold(lab.log.stream(id))
    require_own(actor, invitation.team, kind="invitation", id=id)
    return invitation


def _of_secret(lab: Lab, secret: str) -> Invitation:
    found = lab.credentials.find(secret)
    if found is None or found.kind != "invitation":
        raise UnknownLink(kind="invitation", id="(not shown)")
    return fold(lab.log.stream(found.id))


def _issue(lab: Lab, id: str, team: str, expires: datetime) -> str:
    return lab.credentials.issue(
        id=id, kind="invitation", user="", team=team, scopes=(), expires_at=expires
    )


def _expiry(lab: Lab, days: int) -> datetime:
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput(field="days", value=days, way_out=f"Give 1 to {MOST_DAYS} days.")
    return lab.clock.now() + timedelta(days=days)
