"""Signing in as somebody another service vouches for, and linking that to an account.

An identity is (issuer, subject); its address only ever finds an account, and only when both sides
have confirmed it. Not here: what makes an identity believed (the ``IdentityProviders``).
"""

from __future__ import annotations

from collections.abc import Mapping

from application.account_ports import Caller, Identity, Membership
from application.actor import Actor, person, system
from application.commands.accounts import (
    SignedIn,
    clean_email,
    open_session,
    register_user,
)
from application.commands.invitations import look_at_invitation
from application.commands.links import confirm_address
from application.commands.naming import clean_name, holder
from application.lab import Lab
from application.log import UniqueTaken
from domain.errors import AlreadyExists, InvalidInput, LabError, NotFound
from domain.teams import Role, Team, TeamEvent
from domain.teams import fold as fold_team
from domain.users import fold as fold_user
from domain.users import unique_identity

BY = system("identities")
RANK = {role: place for place, role in enumerate(reversed(Role))}


class IdentityRefused(LabError):
    """Somebody was not signed in by an identity provider. Values: ``reason``, a key of ``WHY``."""

    code = "IDENTITY_REFUSED"
    sentence = "{why}"
    WHY: Mapping[str, str] = {
        "state": "That sign-in was not begun in this browser, or took too long. Begin again.",
        "token": "What the identity provider answered cannot be believed. Begin again.",
        "denied": "The identity provider did not sign you in.",
        "away": "The identity provider does not answer as it should. Try again later.",
        "unverified": "The identity provider does not say that your e-mail address is yours.",
        "unconfirmed": (
            "Your account's address was never confirmed. Sign in with your password, then link "
            "this sign-in on the page of your account."
        ),
        "unknown": "You have no account here. Ask a team's admin for an invitation.",
        "taken": "That sign-in belongs to another account here.",
        "disabled": "Your account is disabled.",
    }

    def __init__(self, *, reason: str) -> None:
        self.reason = reason
        super().__init__(reason=reason, why=self.WHY[reason])


def sign_in_as(
    lab: Lab, identity: Identity, *, invitation: str = "", caller: Caller | None = None
) -> SignedIn:
    """A session for whom ``identity`` is linked to, linking or registering them first.

    ``invitation``: the secret of one they are about to take, which lets them make an account.
    """
    user = holder(lab, unique_identity(_digest(lab, identity), "").scope)
    if not user:
        user = _found(lab, identity) or _registered(lab, identity, invitation)
        _link(lab, person(user), user, identity)
    if not fold_user(lab.log.stream(user)).enabled:
        raise IdentityRefused(reason="disabled")
    for membership in identity.memberships:
        _grant(lab, user, membership)
    return open_session(lab, user, method=f"oidc:{identity.provider}", caller=caller)


def link_identity(lab: Lab, actor: Actor, identity: Identity) -> None:
    """Link it to the signed-in person; repeatable. ``IdentityRefused`` when it is another's."""
    held = holder(lab, unique_identity(_digest(lab, identity), "").scope)
    if held not in ("", actor.user):
        raise IdentityRefused(reason="taken")
    if not held:
        _link(lab, actor, actor.user, identity)


def _found(lab: Lab, identity: Identity) -> str:
    """The account of the address, which must be confirmed on both sides; empty without one."""
    if not identity.email_verified or not identity.email:
        raise IdentityRefused(reason="unverified")
    user = holder(lab, f"email:{lab.vault.digest(identity.email)}")
    if user and not fold_user(lab.log.stream(user)).verified:
        raise IdentityRefused(reason="unconfirmed")
    return user


def _registered(lab: Lab, identity: Identity, invitation: str) -> str:
    if not lab.policy.registration.admits(identity.email) and not _invited(
        lab, identity, invitation
    ):
        raise IdentityRefused(reason="unknown")
    try:
        address = clean_email(identity.email)
        name = clean_name("name", identity.name or address.partition("@")[0])
        user = register_user(lab, BY, email=address, name=name, password=None)
    except InvalidInput:
        raise IdentityRefused(reason="token") from None
    except AlreadyExists:  # at the same time
        raise IdentityRefused(reason="state") from None
    confirm_address(lab, BY, user)
    return user


def _invited(lab: Lab, identity: Identity, secret: str) -> bool:
    try:
        offered = look_at_invitation(lab, secret)
    except NotFound:
        return False
    return not offered.email or lab.vault.digest(offered.email) == lab.vault.digest(identity.email)


def _link(lab: Lab, actor: Actor, user: str, identity: Identity) -> None:
    digest = _digest(lab, identity)
    try:
        lab.change(
            user,
            fold_user,
            lambda u: u.link_identity(identity.issuer, digest, now=lab.clock.now(), by=actor.by),
            actor=actor,
            guards=[unique_identity(digest, user)],
        )
    except UniqueTaken as taken:
        if taken.ref != user:
            raise IdentityRefused(reason="taken") from None


def _grant(lab: Lab, user: str, membership: Membership) -> None:
    """Members get at least that role; nobody is lowered or removed, no closed team is entered."""
    team = holder(lab, f"team:{membership.team}")

    def decide(state: Team) -> list[TeamEvent]:
        has = state.roles.get(user)
        if state.archived or (has and RANK[has] >= RANK[membership.role]):
            return []
        return state.add_member(user, membership.role, now=lab.clock.now(), by=BY.by)

    if team:
        lab.change(team, fold_team, decide, actor=BY)


def _digest(lab: Lab, identity: Identity) -> str:
    """Subjects differ by case and blanks, which the vault's digest does not: hence as hex digits."""
    exact = f"{identity.issuer}\n{identity.subject}".encode().hex()
    return lab.vault.digest(exact)
