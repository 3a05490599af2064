"""Sweeps and interactive sessions: their pages while there is nothing to list in them yet."""

from __future__ import annotations

from ui.components.layout import box, heading, html
from ui.components.markup import empty, icon
from ui.shell import Shell


async def sweeps(shell: Shell) -> None:
    """``/sweeps``"""
    shell.crumbs(("Sweeps", "/sweeps"))
    go = f'<a class="btn primary" href="/launch">{icon("rocket", "sm")}Launch</a>'
    told = (
        "Give a parameter several values with ; between when you launch a task, "
        "and each combination becomes a job. Compare shows which values matter."
    )
    compare = f'<a class="btn" href="/compare">{icon("git-compare", "sm")}Compare runs</a>'
    with box("page"):
        heading("Sweeps", "Many runs of a task over ranges of its parameters.")
        html(empty("No sweeps yet", told, glyph="grip", extra=go + compare), "card empty")


async def sessions(shell: Shell) -> None:
    """``/sessions``"""
    shell.crumbs(("Sessions", "/sessions"))
    told = (
        "Notebooks, editors and shells on a provider's machine, queued and charged as jobs are. "
        "There is none to show; those that run will be listed here with what they cost."
    )
    with box("page"):
        heading("Sessions", "Interactive work on the team's machines.")
        html(empty("No sessions", told, glyph="square-terminal"), "card empty")
