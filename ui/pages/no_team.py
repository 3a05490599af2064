"""What somebody sees who is signed in and in no team."""

from __future__ import annotations

from ui.components.layout import html
from ui.components.markup import empty
from ui.gateway import Me


def no_team(me: Me, *, past: bool) -> None:
    """``past``: it was so at the moment that is looked at, and may be otherwise by now."""
    if past:
        extra = '<a class="btn primary" href="/" data-now>Return to now</a>'
        text = f"{me.email} was in no team at that time."
        html(empty("In no team then", text, glyph="history", extra=extra), "empty", "main")
        return
    out = '<form method="post" action="/logout"><button class="btn">Sign out</button></form>'
    text = f"{me.email} is in no team yet. Ask a team's owner or admin to add you."
    html(empty("You are in no team", text, glyph="users", extra=out), "empty", "main")
