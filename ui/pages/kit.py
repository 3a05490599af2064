"""Every component in its states, both themes side by side: what eyes, axe and pictures look at.

Only for admins, and only by its address: it shows nothing of the team.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from application.permissions import Action, require
from ui.components.data_table import Column, DataTable, Empty
from ui.components.dialogs import confirmed, prompted, telling, toast
from ui.components.layout import (
    area,
    box,
    button,
    card,
    choice,
    enabled,
    entry,
    field,
    heading,
    html,
    switch,
)
from ui.components.markup import ago, avatar, copyable, empty, icon, lasting, note, pairs, span
from ui.components.switches import Switches
from ui.shell import Shell
from ui.theme.status import STATUS, chip
from ui.views.text_diff import diff_html

THEMES = ("light", "dark")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COLUMNS = (
    Column(key="name", label="Job", kind="title", cls="m1"),
    Column(key="status", label="Status", kind="status", width="118px", cls="m2"),
    Column(key="progress", label="Progress", kind="progress", width="136px", cls="m3"),
)
NOTHING = Empty(icon="rocket", title="Nothing yet", text="What will be here, and how it comes.")


async def kit(shell: Shell) -> None:
    """``/_kit``"""
    require(shell.gateway.actor, Action.MANAGE_MEMBERS)
    shell.crumbs(("Kit", ""))
    with box("page"):
        heading("Kit", "Every component in its states, by day and by night.")
        with box("kits"):
            for theme in THEMES:
                with box("kit vcol g4", "section", aria_label=theme, data_theme=theme):
                    html(f"<h2>{theme.title()}</h2>")
                    for name, draw in PARTS.items():
                        with card(f"{name}, {theme}"), box("body vcol g3"):
                            draw(theme)


def _words(theme: str) -> None:
    del theme
    chips = "".join(chip(status) for status in STATUS)
    html(chips, "hrow wrap")
    html("".join(chip(status, bare=True) for status in STATUS), "hrow wrap")
    sizes = "".join(avatar("Ada Lovelace", size) for size in ("", "lg"))
    tags = f"{span('a tag', 'tag')}{span('small', 'tag mini')}<kbd>⌘K</kbd>{copyable('job_7', 'job_7')}"
    times = ago(NOW) + lasting(NOW - timedelta(minutes=75), NOW)
    html(f"{sizes}{tags}{times}", "hrow wrap")
    html(pairs((("Provider", "hpc-cluster"), ("Cost", "$1.20"))), "kv", "dl")


def _buttons(theme: str) -> None:
    del theme
    with box("hrow wrap"):
        for label, cls in (
            ("Primary", "primary"),
            ("Plain", ""),
            ("Ghost", "ghost"),
            ("Danger", "danger"),
            ("Sure", "danger solid"),
            ("Small", "s"),
        ):
            button(label, cls=cls)
        enabled(button("Not now"), False, why="Nothing to do.")
        button("", glyph="star", cls="icon", aria="Favourite")


def _fields(theme: str) -> None:
    with field("Name", f"kit-name-{theme}", hint="Seen by everybody."):
        entry(f"kit-name-{theme}", _nothing, value="alpha")
    with field("Notes", f"kit-notes-{theme}"):
        area(f"kit-notes-{theme}", _nothing, value="# Plan")
    with field("Role", f"kit-role-{theme}"):
        choice(f"kit-role-{theme}", [("m", "Member"), ("v", "Viewer")], _nothing, value="m")
    switch(f"kit-on-{theme}", "Told by mail", _nothing, on=True)
    Switches(f"Axis, {theme}", {"step": "Step", "time": "Time"}, _nothing, value="step")


def _told(theme: str) -> None:
    del theme
    for kind, told in (("", "It is done."), ("warn", "Little is left."), ("bad", "It failed.")):
        html(note(told, kind=kind, title="A note"), f"note {kind}")
    html('<div class="skel"></div><div class="skel"></div>', "vcol g3")
    go = f'<a class="btn" href="/">{icon("rocket", "sm")}Begin</a>'
    told = "What will be here, and how it comes."
    html(empty("Nothing yet", told, glyph="package", extra=go, level=3), "empty small")
    changed = diff_html("run: train\nepochs: 3", "run: train\nepochs: 5")
    html(changed, "diff", "pre").props["tabindex"] = "0"


def _asked(theme: str) -> None:
    del theme
    with box("hrow wrap"):
        button("Toast", lambda: toast("Saved"))
        button("Bad toast", lambda: toast("It could not be saved.", "bad"))
        button("Question", lambda: telling(_ask_sure()))
        button("One text", lambda: telling(_ask_text()))


async def _ask_sure() -> None:
    await confirmed("Stop train?", "Its log and metrics stay.", "Stop job")


async def _ask_text() -> None:
    await prompted("Tag this job", "Tag", "Tag", hint="Seen by everybody in the team.")


def _tables(theme: str) -> None:
    row = {"id": "1", "href": "/jobs", "name": "train", "subtitle": "alpha", "progress": 0.4}
    shown = [
        {**row, "id": status, "status": status, "status_label": word}
        for status, (word, _) in STATUS.items()
    ]
    DataTable(f"Filled {theme}", COLUMNS, empty=NOTHING).show(shown)
    DataTable(f"Empty {theme}", COLUMNS, empty=NOTHING).show([])
    DataTable(f"Loading {theme}", COLUMNS, empty=NOTHING)


def _nothing(value: str) -> None:
    del value


PARTS: Mapping[str, Callable[[str], None]] = {
    "Words": _words,
    "Buttons": _buttons,
    "Fields": _fields,
    "Told": _told,
    "Asked": _asked,
    "Tables": _tables,
}
