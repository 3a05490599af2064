"""Asking for a link by mail, and what links open: plain forms that work before any script has loaded."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from application.registration import Registration
from ui.pages.plain_forms import field, good, page, problem, submit, title

NO_MAIL = "This server sends no mail. Ask whoever runs it for a link: they can print one."
SENT = "If that address fits, a link is on its way to it. Look into your mailbox."
BACK = '<p class="muted"><a class="link" href="/login">Back to signing in</a></p>'
HINT = "At least 10 characters."


def forgot_page(*, sends_mail: bool, sent: bool, error: str) -> None:
    """``sent``: it was just asked for, whether or not the address is known."""
    heading = title("Forgot your password?", "We send you a link to choose a new one.")
    page(heading + _ask(sends_mail=sends_mail, sent=sent, error=error) + BACK, "/forgot")


def ask_account_page(
    registration: Registration, *, sends_mail: bool, sent: bool, error: str
) -> None:
    """The link that is sent opens ``register_page``."""
    if not registration.possible:
        page(title("Make an account", "People join this server by invitation.") + BACK, "/login")
        return
    at = ", ".join(registration.domains)
    sub = f"With an address at {at}." if at else "We send a link to your address first."
    told = _ask(sends_mail=sends_mail, sent=sent, error=error)
    page(title("Make an account", sub) + told + BACK, "/register")


def register_page(secret: str, error: str) -> None:
    """The address is known from the link, and confirmed by it."""
    heading = title("Make your account", "Your address is confirmed; choose a name and a password.")
    fields = field("Your name", "name", "text", autocomplete="name", focus=True) + field(
        "Password", "password", "password", hint=HINT, autocomplete="new-password"
    )
    page(heading + problem(error) + fields + submit("Create account"), f"/register/{quote(secret)}")


def reset_page(secret: str, error: str) -> None:
    """The link is only spent when the form is sent."""
    heading = title("Choose a new password", "It ends every session you have open elsewhere.")
    fields = field(
        "New password", "password", "password", hint=HINT, autocomplete="new-password", focus=True
    )
    page(heading + problem(error) + fields + submit("Set password"), f"/reset/{quote(secret)}")


def sign_in_page(secret: str, error: str) -> None:
    """A button, because programs look at links before people do."""
    heading = title("Sign in", "This link signs you in once.")
    page(heading + problem(error) + submit("Sign in"), f"/sign-in/{quote(secret)}")


def verify_page(secret: str, error: str) -> None:
    heading = title("Confirm your address", "So that we know it is you who reads mail there.")
    page(heading + problem(error) + submit("Confirm"), f"/verify/{quote(secret)}")


def _ask(*, sends_mail: bool, sent: bool, error: str) -> str:
    if sent:
        return good(SENT if sends_mail else NO_MAIL)
    told = "" if sends_mail else f'<p class="muted">{escape(NO_MAIL)}</p>'
    address = field("E-mail", "email", "email", autocomplete="username", focus=True)
    return told + problem(error) + address + submit("Send link")
