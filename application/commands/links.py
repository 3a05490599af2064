"""One-time links of a person: to set a new password, to sign in, to confirm an address.

Only a link's hash is kept; it is gone with its use or its hour. Making a new one ends the earlier
ones of its purpose. Not here: invitations, and who delivers a link.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from application.account_ports import Caller
from application.actor import Actor, person, system
from application.commands.accounts import SignedIn, open_session, register_user, strong
from application.commands.naming import clean_name, holder
from application.commands.sessions import replace_password
from application.lab import Lab
from application.ports import Found
from domain.errors import AlreadyExists, LabError, NotFound
from domain.users import User
from domain.users import fold as fold_user


class Purpose(StrEnum):
    RESET = "reset"
    SIGN_IN = "sign-in"
    VERIFY = "verify"


MAILED = "mailed"
REGISTER = "register"
MINUTES = {Purpose.RESET: 60, Purpose.SIGN_IN: 15, Purpose.VERIFY: 24 * 60}


class LinkSpent(LabError):
    """A one-time link was used, replaced, or is too old."""

    code = noted = "LINK_SPENT"
    sentence = (
        "This link opens nothing any more: it works once, and not for long. Ask for a new one."
    )


def link_for_address(lab: Lab, actor: Actor, *, email: str, purpose: Purpose) -> str:
    """The secret of a new link for the account of ``email``. ``NotFound`` without one."""
    user = holder(lab, f"email:{lab.vault.digest(email.strip())}")
    if not user or not fold_user(lab.log.stream(user)).enabled:
        raise NotFound(kind="account", id=email)
    return issue_link(lab, actor, user, purpose)


def issue_link(lab: Lab, actor: Actor, user: str, purpose: Purpose, *, mailed: bool = False) -> str:
    """The secret of a new link; earlier ones of ``purpose`` open nothing any more.

    Whoever uses one that was ``mailed`` has shown that the address is theirs.
    """
    now = lab.clock.now()
    expires = now + timedelta(minutes=MINUTES[purpose])
    lab.credentials.revoke_all(user, purpose)
    lab.change(
        user,
        fold_user,
        lambda u: u.issue_link(purpose, expires_at=expires, now=now, by=actor.by),
        actor=actor,
    )
    made = lab.ids.new("link")
    return lab.credentials.issue(
        id=made, kind=purpose, user=user, team="", scopes=(), expires_at=expires,
        payload=MAILED if mailed else "",
    )  # fmt: skip


def sign_in_by_link(lab: Lab, secret: str, *, caller: Caller | None = None) -> SignedIn:
    """A session for whom the link was made. ``LinkSpent``."""
    user, _ = _take(lab, secret, Purpose.SIGN_IN)
    return open_session(lab, user.id, method="link", caller=caller)


def reset_password(
    lab: Lab, secret: str, *, password: str, caller: Caller | None = None
) -> SignedIn:
    """The new password, and a session in place of all others. ``LinkSpent``.

    A password that is not strong enough is refused before the link is spent.
    """
    strong(password)
    user, found = _take(lab, secret, Purpose.RESET)
    replace_password(lab, person(user.id), user.id, password)
    if found.payload == MAILED:
        confirm_address(lab, person(user.id), user.id)
    return open_session(lab, user.id, method="link", caller=caller)


def verify_email(lab: Lab, secret: str) -> int:
    """Record that the address is confirmed. ``LinkSpent``."""
    user, _ = _take(lab, secret, Purpose.VERIFY)
    return confirm_address(lab, person(user.id), user.id)


def confirm_address(lab: Lab, actor: Actor, user: str) -> int:
    """Record that the person reads mail at the account's address; repeatable."""
    return lab.change(
        user, fold_user, lambda u: u.verify_email(now=lab.clock.now(), by=actor.by), actor=actor
    ).position


def registration_link(lab: Lab, address: str) -> str:
    """The secret of a link that makes an account for ``address``, which is mailed it."""
    return lab.credentials.issue(
        id=lab.ids.new("link"),
        kind=REGISTER,
        user="",
        team="",
        scopes=(),
        expires_at=lab.clock.now() + timedelta(days=1),
        payload=address,
    )


def register_by_link(
    lab: Lab, secret: str, *, name: str, password: str, caller: Caller | None = None
) -> SignedIn:
    """A new account whose address is confirmed, signed in. ``LinkSpent``.

    What the policy does not admit any more, or is made already, is a link that is spent.
    """
    strong(password)
    shown = clean_name("name", name)
    found = lab.credentials.take(secret, REGISTER)
    if found is None or not lab.policy.registration.admits(found.payload):
        raise LinkSpent
    by = system("registration")
    try:
        user = register_user(lab, by, email=found.payload, name=shown, password=password)
    except AlreadyExists:
        raise LinkSpent from None
    confirm_address(lab, by, user)
    return open_session(lab, user, method="registration", caller=caller)


def _take(lab: Lab, secret: str, purpose: Purpose) -> tuple[User, Found]:
    found = lab.credentials.take(secret, purpose)
    if found is None:
        raise LinkSpent
    user = fold_user(lab.log.stream(found.user))
    if not user.version or not user.enabled:
        raise LinkSpent
    return user, found
