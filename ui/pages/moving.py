"""The question before queued jobs are moved to another provider: where to, and what that does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from html import escape

from projections.rows import JobRow
from ui.components.dialogs import modal, toast
from ui.components.layout import box, button, choice, enabled, field, html
from ui.components.markup import note
from ui.compute_gateway import ComputeGateway
from ui.gateway import Gateway
from ui.text import plural
from ui.views.moving import KEPT, asked, money_line, refused

LOOKED_AT = 20
"""Of many jobs so many are asked about before; each is asked again when it is moved."""


async def move_jobs(gateway: Gateway, rows: Sequence[JobRow]) -> bool:
    """Ask where to, and move those of ``rows`` that are queued; whether it was done."""
    queued = [row for row in rows if row.status == "QUEUED"]
    if not queued:
        toast("None of them is queued: only a job that waits can be moved.", "bad")
        return False
    here = {row.provider for row in queued}
    known = [p for p in await gateway.providers() if p.enabled and here != {p.id}]
    if not known:
        toast("There is no other enabled provider to move to.", "bad")
        return False
    question = _Question(gateway, queued, [(p.id, p.name) for p in known])
    chosen = await question.answer()
    if not chosen:
        return False
    compute = ComputeGateway(gateway)
    moved = [row for row in queued if row.provider != chosen]
    for row in moved:
        await compute.move(row.id, chosen)
    name = next(p.name for p in known if p.id == chosen)
    toast(f"{plural(len(moved), 'job')} moved to {name}")
    return True


class _Question:
    def __init__(
        self, gateway: Gateway, rows: Sequence[JobRow], providers: Sequence[tuple[str, str]]
    ) -> None:
        self._compute = ComputeGateway(gateway)
        self._rows, self._chosen = rows, ""
        title = asked([row.name for row in rows])
        with modal(title) as self._dialog, box("dlg"):
            html(f'<h2>{escape(title)}</h2><p class="muted">{escape(KEPT)}</p>', "dh vcol g1")
            with box("body vcol g3"):
                with field("Compute provider", "move-to"):
                    options = [("", "Choose where to"), *providers]
                    choice("move-to", options, self._choose)
                self._told = html("", "move-told", "div")
                self._told.props["role"] = "status"
            with box("df"):
                button("Cancel", lambda: self._dialog.submit(""))
                self._sure = button("Move", self._submit, cls="primary")
        enabled(self._sure, False, why="Choose where to first.")

    async def answer(self) -> str:
        """The chosen provider's id; empty when the person went away."""
        chosen = await self._dialog
        if not self._dialog.is_deleted:
            self._dialog.delete()
        return str(chosen or "")

    async def _choose(self, provider: str) -> None:
        self._chosen = provider
        enabled(self._sure, False, why="Being looked at.")
        if not provider:
            self._told.set_content("")
            return
        some = [row for row in self._rows if row.provider != provider][:LOOKED_AT]
        answers = await asyncio.gather(*(self._compute.move_cost(r.id, provider) for r in some))
        if provider != self._chosen:
            return  # another was chosen meanwhile
        wrong = refused([row.name for row in some], answers)
        line = f'<p class="muted">{escape(money_line(answers))}</p>'
        bad = f'<div class="note bad">{note(wrong, kind="bad")}</div>'
        self._told.set_content(bad if wrong else line)
        enabled(self._sure, not wrong, why="Choose another one.")

    def _submit(self) -> None:
        self._dialog.submit(self._chosen)
