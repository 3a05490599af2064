"""The log of a job's latest attempt, live."""

from __future__ import annotations

from ui.components.layout import card
from ui.components.log_view import LogView, Older
from ui.components.markup import link
from ui.pages.job.context import JobView, Section
from ui.theme.status import LIVE
from ui.views.job_row import shown_status
from ui.views.log_lines import log_cells

TAIL = 2_000
PREVIEW = 200
OLDER_AT_MOST = 20_000
BATCH = 5_000


async def logs(view: JobView) -> list[Section]:
    """The whole log; earlier lines are fetched as they are scrolled to."""
    with card():
        return [await log_section(view, tail=TAIL, tall=True)]


async def preview(view: JobView) -> Section:
    """The end of the log, with the way to all of it."""
    more = '<span class="grow"></span>' + link(
        "Open full log", f"/jobs/{view.row.id}/logs", "btn s ghost"
    )
    with card("Log", extra=more):
        return await log_section(view, tail=PREVIEW, tall=False)


async def log_section(view: JobView, *, tail: int, tall: bool) -> Section:
    section = _Log(view, tall=tall)
    await section.fill(tail)
    return section


class _Log:
    cares = "lf"

    def __init__(self, view: JobView, *, tall: bool) -> None:
        self._view = view
        self._attempt = view.row.attempt
        self._last = 0
        self._shown = LogView(
            live=shown_status(view.row) in LIVE,
            download=f"/api/jobs/{view.row.id}/log",
            tall=tall,
            on_older=self._older if tall else None,
        )

    async def fill(self, tail: int) -> None:
        await self._take(after=-tail)

    async def refresh(self) -> None:
        if self._view.row.attempt != self._attempt:
            self._attempt, self._last = self._view.row.attempt, 0
            self._shown.restart()
        while await self._take(after=self._last):
            pass

    async def _take(self, *, after: int) -> bool:
        """Show lines after ``after``; whether there may be more."""
        lines = await self._view.gateway.lines(
            self._view.row.id, attempt=self._attempt, after=after, limit=BATCH
        )
        if lines:
            self._last = lines[-1].number
            self._shown.append(log_cells(lines))
        return len(lines) == BATCH

    async def _older(self, wish: Older) -> None:
        first = max(wish.to, wish.before - OLDER_AT_MOST, 1)
        lines = await self._view.gateway.lines(
            self._view.row.id,
            attempt=self._attempt,
            after=first - 1,
            limit=wish.before - first,
        )
        self._shown.prepend(log_cells(lines))
