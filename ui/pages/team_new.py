"""A new team: a name, and one is its owner."""

from nicegui import PageArguments

from ui.components.layout import box, card, heading, html
from ui.components.markup import note
from ui.pages.plain_forms import field
from ui.shell import Shell


async def team_new(shell: Shell, args: PageArguments) -> None:
    """``/team/new``; a plain form, answered by ``ui/session.py``."""
    shell.crumbs(("New team", ""))
    error = str(args.query_parameters.get("error", ""))
    with box("page narrow-page"):
        heading("New team", "A team has its own members, providers, quota and log.")
        if error:
            html(note(error, kind="bad"), "note bad").props["role"] = "alert"
        with card("Team"):
            inner = (
                field("Name", "name", "text") + '<button class="btn primary">Make the team</button>'
            )
            html(inner, "body vcol g4", "form").props("method=post action=/team/new")
