"""What somebody sees who follows an invitation's link: the offer, and how to take it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from application.account_ports import IdentityProvider
from application.commands.invitations import Offered
from ui.pages.login import sign_in_elsewhere
from ui.pages.plain_forms import field, page, problem, submit, title

OVER = "This link opens nothing any more. Ask an admin of the team for a new one."


def invitation_page(
    offered: Offered | None,
    secret: str,
    *,
    member: str,
    error: str,
    elsewhere: Sequence[IdentityProvider] = (),
) -> None:
    """``member`` is the address of whoever is signed in, ``error`` why the last try was refused."""
    if offered is None:
        page(title("An invitation", OVER), "/login")
        return
    text = f"You are invited as {offered.role}."
    heading = title(f"Join {offered.team_name}", text) + problem(error)
    fields = _as_member(member) if member else _as_new(offered, secret)
    if not member:
        fields += sign_in_elsewhere(elsewhere, f"/invitation/{secret}")
    page(heading + fields, f"/invitation/{secret}")


def _as_member(member: str) -> str:
    told = f'<p class="muted">You are signed in as {escape(member)}.</p>'
    return told + submit("Join the team")


def _as_new(offered: Offered, secret: str) -> str:
    way = f"/login?next=/invitation/{escape(secret)}"
    known = (
        f'<p class="muted">You have an account? <a class="link" href="{way}">Sign in first</a>.</p>'
    )
    return (
        field("Your name", "name", "text", autocomplete="name", focus=True)
        + field("E-mail", "email", "email", value=offered.email, autocomplete="username")
        + field(
            "Password",
            "password",
            "password",
            hint="At least 10 characters.",
            autocomplete="new-password",
        )
        + submit("Create account and join")
        + known
    )
