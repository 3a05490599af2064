"""Toasts, questions, and errors told to the person who can mend them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from html import escape
from uuid import uuid4

from nicegui import ui

from domain.errors import LabError
from ui.components.layout import box, button, enabled, entry, field, html

log = logging.getLogger(__name__)
SUBMIT = "(e) => { e.preventDefault(); emit(); }"
UNKNOWN = "Something failed on the server. Nothing was changed by it."


def toast(message: str, kind: str = "ok", *, undo: str = "") -> None:
    """A sentence at the corner: ``ok`` for 4 seconds, ``bad`` for 9; ``undo`` names the way back.

    Nothing where the page was left meanwhile: there is nobody to tell, and what was done is done.
    """
    words = ", ".join(json.dumps(word) for word in (message, kind, undo))
    if not page_left():
        ui.run_javascript(f"Lab.toast({words})")


def page_left() -> bool:
    """Whether what called is gone from the window."""
    try:
        return ui.context.client.is_deleted
    except RuntimeError:
        return True


def explained(error: Exception) -> str:
    """The sentence for ``error``; a reference to the server's log when it is not one of ours."""
    if isinstance(error, LabError):
        return str(error)
    reference = uuid4().hex[:8]
    log.error("a page failed, reference %s", reference, exc_info=error)
    return f"{UNKNOWN} Reference {reference}."


async def telling(work: Awaitable[None]) -> None:
    """Do ``work``; a failure becomes a toast."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  # the page's boundary: the person must be told
        if not (isinstance(error, RuntimeError) and page_left()):  # it went on to what was left
            toast(explained(error), "bad")


def modal(label: str, role: str = "dialog") -> ui.dialog:
    """A dialog that is named for screen readers."""
    dialog = ui.dialog().props("transition-duration=120")
    dialog.props["role"] = role
    dialog.props["aria-label"] = label
    return dialog


async def confirmed(
    title: str, body: str, action: str, *, danger: bool = True, typed: str = ""
) -> bool:
    """Ask before something that cannot be undone; ``body`` says what is kept and what is lost.

    With ``typed`` the person must type it first.
    """
    with modal(title, "alertdialog") as dialog, box("dlg"):
        html(
            f'<div class="vcol g1"><h2>{escape(title)}</h2><p class="muted">{escape(body)}</p></div>',
            "dh",
        )
        if typed:
            right: list[ui.element] = []
            with box("body"), field(f"Type {typed} to go on", "typed-name"):
                entry("typed-name", lambda v: enabled(right[0], v.strip() == typed, why="Not yet."))
        with box("df"):
            button("Cancel", lambda: dialog.submit(False)).props["autofocus"] = True
            sure = button(
                action, lambda: dialog.submit(True), cls="danger solid" if danger else "primary"
            )
            if typed:
                right.append(sure)
                enabled(sure, False, why="Type the name first.")
    answer = bool(await dialog)
    if not dialog.is_deleted:  # the page may have been left meanwhile
        dialog.delete()
    return answer


async def prompted(
    title: str, label: str, action: str, *, value: str = "", hint: str = ""
) -> str | None:
    """Ask for one text, which may be empty; ``None`` when the person went away."""
    typed = [value]

    def take(text: str) -> None:
        typed[0] = text

    with modal(title) as dialog, box("dlg", "form") as form:
        form.on("submit", lambda: dialog.submit(True), args=[], js_handler=SUBMIT)
        html(f"<h2>{escape(title)}</h2>", "dh")
        with box("body"), field(label, "prompted", hint=hint):
            entry("prompted", take, value=value, autofocus="true")
        with box("df"):
            button("Cancel", lambda: dialog.submit(False))
            button(action, lambda: dialog.submit(True), cls="primary")
    sure = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return typed[0].strip() if sure else None
