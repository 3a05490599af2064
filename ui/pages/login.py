"""Signing in, and the first account: plain forms that work before any script has loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from application.account_ports import IdentityProvider
from application.commands.identities import IdentityRefused
from ui.pages.plain_forms import field, page, problem, submit, title

SENTENCES = {
    **IdentityRefused.WHY,
    "": "",
    "1": "That e-mail address and password do not match.",
    "rate": "Too many tries. Wait a while and try again: each further try waits longer.",
}


def login_page(
    error: str, wanted: str, *, register: bool, elsewhere: Sequence[IdentityProvider] = ()
) -> None:
    """``error`` is a key of ``SENTENCES``; ``wanted`` the local path to go on to.

    ``register``: whether people may make accounts by themselves; ``elsewhere``: where they may sign in.
    """
    fields = (
        f'<input type="hidden" name="next" value="{escape(wanted)}">'
        + field("E-mail", "email", "email", autocomplete="username", focus=True)
        + field("Password", "password", "password", autocomplete="current-password")
        + submit("Sign in")
        + sign_in_elsewhere(elsewhere, wanted)
        + '<p class="muted"><a class="link" href="/forgot">Forgot your password?</a>'
        + (' · <a class="link" href="/register">Make an account</a></p>' if register else "</p>")
    )
    heading = title("Sign in", "Run research on any machine, from one place.")
    page(f"{heading}{problem(SENTENCES.get(error, SENTENCES['1']))}{fields}", "/login")


def sign_in_elsewhere(providers: Sequence[IdentityProvider], wanted: str) -> str:
    """A button for each of ``providers``; afterwards on to the local path ``wanted``."""
    links = "".join(
        f'<a class="btn wide-btn" href="/oidc/{p.name}/start?next={quote(wanted)}">'
        f"Sign in with {escape(p.label)}</a>"
        for p in providers
    )
    return f'<div class="vcol g2 elsewhere">{links}</div>' if links else ""


def setup_page(kept: Mapping[str, str]) -> None:
    """``kept`` is what was typed before a refusal, and ``error`` its sentence."""
    error = SENTENCES.get(kept.get("error", ""), kept.get("error", ""))
    fields = (
        field(
            "Set-up code", "code", "text", hint="The server printed it when it started.", focus=True
        )
        + field("Your name", "name", "text", value=kept.get("name", ""), autocomplete="name")
        + field("E-mail", "email", "email", value=kept.get("email", ""), autocomplete="username")
        + field(
            "Password",
            "password",
            "password",
            hint="At least 10 characters.",
            autocomplete="new-password",
        )
        + field("Team", "team", "text", value=kept.get("team", "Lab"))
        + submit("Create account")
    )
    heading = title("Set up Labledger", "Make the first account. You will own the team.")
    page(f"{heading}{problem(error)}{fields}", "/setup")
