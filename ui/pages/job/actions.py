"""What can be done with a job: stop it, run it again, resume it from its last checkpoint."""

from __future__ import annotations

from nicegui import ui

from application.permissions import Action
from projections.rows import JobRow
from ui.components.dialogs import confirmed, telling, toast
from ui.components.layout import box, button, enabled
from ui.pages.job.context import JobView
from ui.theme.status import LIVE
from ui.views.job_row import shown_status


class Actions:
    """Buttons that are absent when the role never allows them, and disabled while they make no sense."""

    def __init__(self, view: JobView) -> None:
        self._view = view
        with box("hrow"):
            self._again = self._resume = self._stop = None
            if view.gateway.may(Action.LAUNCH):
                self._resume = button("Resume", lambda: telling(self._resumed()), glyph="play")
                self._again = button("Run again", lambda: telling(self._rerun()), glyph="rotate-cw")
            if view.gateway.may(Action.STOP):
                self._stop = button(
                    "Stop", lambda: telling(self._stopped()), glyph="square", cls="danger"
                )

    def draw(self, row: JobRow) -> None:
        """Offer what fits the job as it is now."""
        live = shown_status(row) in LIVE
        if self._stop:
            self._stop.set_visibility(live)
            enabled(self._stop, not row.stop_at, why="The stop is already asked for.")
        if self._resume:
            self._resume.set_visibility(not live)

    async def _stopped(self) -> None:
        row = self._view.row
        kept = await self._view.gateway.latest_checkpoint(row.id)
        lost = "It saved no checkpoint: what it computed is lost."
        if kept:
            step = f", step {kept.step:,}," if kept.step is not None and kept.step >= 0 else ""
            lost = f"The last checkpoint{step} is kept and can be resumed from."
        if await confirmed(f"Stop {row.name}?", f"{lost} Its log and metrics stay.", "Stop job"):
            await self._view.gateway.stop(row.id)
            toast("Stopping: the machine has been told")

    async def _rerun(self) -> None:
        row = self._view.row
        body = "A new job with the same files, commit and parameters is queued; this one stays as it is."
        if await confirmed(f"Run {row.name} again?", body, "Run again"):
            ui.navigate.to(f"/jobs/{await self._view.gateway.rerun(row.id)}")

    async def _resumed(self) -> None:
        row = self._view.row
        kept = await self._view.gateway.latest_checkpoint(row.id)
        if kept is None:
            toast("This job saved no checkpoint to resume from.", "bad")
            return
        at = f" at step {kept.step:,}" if kept.step is not None and kept.step >= 0 else ""
        body = (
            f"A new job begins from checkpoint {kept.name}{at}, with the same files and parameters."
        )
        if await confirmed(f"Resume {row.name}?", body, "Resume"):
            made = await self._view.gateway.rerun(row.id, checkpoint=kept.id)
            ui.navigate.to(f"/jobs/{made}")
