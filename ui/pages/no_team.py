"""What somebody sees who is signed in and in no team."""

from __future__ import annotations

from ui.components.layout import html
from ui.components.markup import empty
from ui.gateway import Me


def no_team(me: Me) -> None:
    out = '<form method="post" action="/logout"><button class="btn">Sign out</button></form>'
    text = f"{me.email} is in no team yet. Ask a team's owner or admin to add you."
    html(empty("You are in no team", text, glyph="users", extra=out), "empty", "main")
