"""The checkpoints of a job, newest first, each with the way to go on from it."""

from __future__ import annotations

from functools import partial

from application.permissions import Action
from projections.rows import ArtifactRow
from ui.components.dialogs import telling
from ui.components.layout import box, button, card, html
from ui.components.markup import ago, empty, icon, span
from ui.pages.job.actions import resume_from
from ui.pages.job.context import JobView, Section
from ui.text import plural, size

CHECKPOINT = "checkpoint"


async def checkpoints(view: JobView) -> list[Section]:
    section = _Checkpoints(view)
    await section.refresh()
    return [section]


class _Checkpoints:
    cares = "f"

    def __init__(self, view: JobView) -> None:
        self._view = view
        self._shown: tuple[str, ...] | None = None
        with card("Checkpoints"):
            self._place = box("list", "ul")

    async def refresh(self) -> None:
        found = [
            a for a in await self._view.gateway.artifacts(self._view.row.id) if a.kind == CHECKPOINT
        ]
        ids = tuple(row.id for row in found)
        if ids == self._shown:
            return
        self._shown = ids
        self._place.clear()
        with self._place:
            if not found:
                told = "The code saves one with lab.save_checkpoint; a job that is lost goes on from its last."
                with box("", "li"):
                    html(empty("No checkpoint yet", told, glyph="bookmark"), "empty grow")
            for row in reversed(found):
                self._row(row)

    def _row(self, row: ArtifactRow) -> None:
        step = f"step {row.step:,}" if row.step is not None else "no step"
        about = f"{step} · attempt {row.attempt} · {plural(len(row.files), 'file')}"
        with box("", "li"):
            html(
                f"{icon('bookmark')}<span class='grow'>{span(row.name, 'b5 block ellipsis')}"
                f"{span(about, 't-sm faint')}</span>"
                f"{span(size(row.size), 'num t-sm muted')}{ago(row.saved_at, 'num t-sm faint')}",
                "hrow g3 grow",
            )
            if self._view.gateway.may(Action.LAUNCH):
                button(
                    "Resume from here", partial(self._resume, row), glyph="play", cls="s",
                    aria=f"Resume from {row.name}",
                )  # fmt: skip

    async def _resume(self, row: ArtifactRow) -> None:
        await telling(resume_from(self._view, row.id, row.name, row.step))
