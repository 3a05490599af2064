"""What is sent by mail when somebody asks for it: links for a password, an address, an account.

Whoever asks is answered before anything is looked up, so neither the answer nor its time tells
whether an address has an account. Not here: how a mail travels (the ``Mailer``).
"""

from __future__ import annotations

from collections.abc import Callable

from application.account_ports import Caller, Mail
from application.actor import Actor, system
from application.commands.accounts import clean_email
from application.commands.invitations import look_at_invitation
from application.commands.links import Purpose, issue_link, registration_link
from application.commands.naming import holder
from application.lab import Lab
from domain.errors import NotAuthenticated, RateLimited
from domain.users import fold as fold_user

FREE_ASKS_FROM = 20
FREE_MAILS_TO = 5
MAILER = system("mail")
_FOOT = "\n\nIf this was not you, do nothing: without the link nothing happens.\n"


def ask_reset(lab: Lab, *, email: str, caller: Caller) -> None:
    """Mail a link to set a new password, when the address has an account."""
    address = _asked(lab, email, caller)

    def write() -> Mail | None:
        user = holder(lab, f"email:{lab.vault.digest(address)}")
        if not user or not fold_user(lab.log.stream(user)).enabled:
            return None
        secret = issue_link(lab, MAILER, user, Purpose.RESET, mailed=True)
        text = f"Choose a new password within an hour:\n\n{_link(lab, 'reset', secret)}{_FOOT}"
        return Mail(to=address, subject="Choose a new password", text=text)

    lab.mailer.post(_sparing(lab, address, write))


def ask_verification(lab: Lab, actor: Actor, *, caller: Caller) -> None:
    """Mail the actor a link that confirms their address."""
    if not actor.user:
        raise NotAuthenticated(why="no valid session or API token came with the request")
    user = fold_user(lab.log.stream(actor.user))
    address = _asked(lab, lab.vault.open(user.id, user.email_sealed), caller)

    def write() -> Mail | None:
        secret = issue_link(lab, actor, user.id, Purpose.VERIFY)
        text = f"Confirm that this is your address:\n\n{_link(lab, 'verify', secret)}{_FOOT}"
        return Mail(to=address, subject="Confirm your address", text=text)

    lab.mailer.post(_sparing(lab, address, write))


def ask_account(lab: Lab, *, email: str, caller: Caller) -> None:
    """Mail a link that makes an account; whoever has one already is reminded of it.

    ``RegistrationClosed`` for an address that the server's policy does not admit.
    """
    lab.policy.registration.require(clean_email(email))
    address = _asked(lab, email, caller)

    def write() -> Mail | None:
        if holder(lab, f"email:{lab.vault.digest(address)}"):
            text = f"You have an account already. Sign in:\n\n{lab.policy.server_url}/login{_FOOT}"
            return Mail(to=address, subject="You have an account", text=text)
        secret = registration_link(lab, address)
        text = f"Make your account within a day:\n\n{_link(lab, 'register', secret)}{_FOOT}"
        return Mail(to=address, subject="Make your account", text=text)

    lab.mailer.post(_sparing(lab, address, write))


def mail_invitation(lab: Lab, secret: str) -> None:
    """Send an invitation's link to the address it is for; nothing without one or for an empty ``secret``."""
    if not secret:
        return

    def write() -> Mail | None:
        offered = look_at_invitation(lab, secret)
        if not offered.email:
            return None
        text = (
            f"You are invited to join {offered.team_name} as {offered.role}:\n\n"
            f"{_link(lab, 'invitation', secret)}{_FOOT}"
        )
        return Mail(to=offered.email, subject=f"Join {offered.team_name}", text=text)

    lab.mailer.post(write)


def _asked(lab: Lab, email: str, caller: Caller) -> str:
    address = clean_email(email)
    lab.failures.note(f"mail-from:{caller.address}", free=FREE_ASKS_FROM)
    return address


def _sparing(lab: Lab, address: str, write: Callable[[], Mail | None]) -> Callable[[], Mail | None]:
    """``write``, but nobody's mailbox is filled by strangers; nobody who waits learns of that."""

    def spare() -> Mail | None:
        try:
            lab.failures.note(f"mail-to:{lab.vault.digest(address)}", free=FREE_MAILS_TO)
        except RateLimited:
            return None
        return write()

    return spare


def _link(lab: Lab, what: str, secret: str) -> str:
    return f"{lab.policy.server_url}/{what}/{secret}"
