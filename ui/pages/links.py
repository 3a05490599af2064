"""What one-time links open: a form for a new password, a button to sign in."""

from __future__ import annotations

from urllib.parse import quote

from ui.pages.plain_forms import field, page, problem, submit, title


def reset_page(secret: str, error: str) -> None:
    """The link is only spent when the form is sent."""
    heading = title("Choose a new password", "It ends every session you have open elsewhere.")
    fields = field(
        "New password",
        "password",
        "password",
        hint="At least 10 characters.",
        autocomplete="new-password",
        focus=True,
    )
    page(heading + problem(error) + fields + submit("Set password"), f"/reset/{quote(secret)}")


def sign_in_page(secret: str, error: str) -> None:
    """A button, because programs look at links before people do."""
    heading = title("Sign in", "This link signs you in once.")
    page(heading + problem(error) + submit("Sign in"), f"/sign-in/{quote(secret)}")
