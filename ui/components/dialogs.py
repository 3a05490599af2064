"""Toasts, questions, and errors told to the person who can mend them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from contextlib import suppress
from html import escape
from uuid import uuid4

from nicegui import ui

from domain.errors import LabError
from ui.components.layout import box, button, html

log = logging.getLogger(__name__)
UNKNOWN = "Something failed on the server. Nothing was changed by it."


def toast(message: str, kind: str = "ok") -> None:
    """A sentence at the corner: ``ok`` for 4 seconds, ``bad`` for 9."""
    ui.run_javascript(f"Lab.toast({json.dumps(message)}, {json.dumps(kind)})")


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
        sentence = explained(error)
        with suppress(RuntimeError):  # the page is gone, and with it whom to tell
            toast(sentence, "bad")


def modal(label: str, role: str = "dialog") -> ui.dialog:
    """A dialog that is named for screen readers."""
    dialog = ui.dialog().props("transition-duration=120")
    dialog.props["role"] = role
    dialog.props["aria-label"] = label
    return dialog


async def confirmed(title: str, body: str, action: str) -> bool:
    """Ask before something that cannot be undone; ``body`` says what is kept and what is lost."""
    with modal(title, "alertdialog") as dialog, box("dlg"):
        html(
            f'<div class="vcol g1"><h2>{escape(title)}</h2><p class="muted">{escape(body)}</p></div>',
            "dh",
        )
        with box("df"):
            button("Cancel", lambda: dialog.submit(False)).props["autofocus"] = True
            button(action, lambda: dialog.submit(True), cls="danger solid")
    answer = bool(await dialog)
    if not dialog.is_deleted:  # the page may have been left meanwhile
        dialog.delete()
    return answer
