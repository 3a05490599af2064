"""The log of a job's latest attempt, live."""

from __future__ import annotations

from nicegui import ui

from ui.answers import LogPart
from ui.components.layout import box, card
from ui.components.log_view import LogView, Older
from ui.components.markup import link
from ui.components.switches import Switches
from ui.job_gateway import JobGateway
from ui.pages.job.context import JobView, Section
from ui.theme.status import LIVE
from ui.views.job_row import shown_status

TAIL = 2_000
PREVIEW = 200
OLDER_AT_MOST = 20_000
BATCH = 5_000


async def logs(view: JobView) -> list[Section]:
    """The whole log; earlier lines are fetched as they are scrolled to. ``?attempt=&node=``"""
    attempt, node = (_number(view.asked.get(key, "")) for key in ("attempt", "node"))
    _choices(view, attempt, node)
    with card():
        return [await log_section(view, tail=TAIL, tall=True, attempt=attempt, node=node)]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _choices(view: JobView, attempt: int, node: int) -> None:
    """Which attempt and which node, where there are several."""
    nodes = int(view.row.spec.get("resources", {}).get("num_nodes", 1))
    if view.row.attempt < 2 and nodes < 2:
        return

    def go(attempt: int, node: int) -> None:
        ui.navigate.to(f"/jobs/{view.row.id}/logs?attempt={attempt}&node={node}")

    with box("hrow wrap"):
        if view.row.attempt > 1:
            tried = {str(n): f"Attempt {n}" for n in range(1, view.row.attempt + 1)}
            chosen = str(attempt or view.row.attempt)
            Switches("Attempt", tried, lambda n: go(int(n), node), value=chosen)
        if nodes > 1:
            named = {str(n): f"Node {n}" for n in range(nodes)}
            Switches("Node", named, lambda n: go(attempt, int(n)), value=str(node))


async def preview(view: JobView) -> Section:
    """The end of the log, with the way to all of it."""
    more = '<span class="grow"></span>' + link(
        "Open full log", f"/jobs/{view.row.id}/logs", "btn s ghost"
    )
    with card("Log", extra=more):
        return await log_section(view, tail=PREVIEW, tall=False)


async def log_section(
    view: JobView, *, tail: int, tall: bool, attempt: int = 0, node: int = 0
) -> Section:
    section = _Log(view, tall=tall, attempt=attempt, node=node)
    await section.fill(tail)
    return section


class _Log:
    cares = "lf"

    def __init__(self, view: JobView, *, tall: bool, attempt: int, node: int) -> None:
        self._view = view
        self._gateway = JobGateway(view.gateway)
        self._fixed = bool(attempt)
        self._attempt = attempt or view.row.attempt
        self._node = node
        self._last = 0
        self._shown = LogView(
            live=shown_status(view.row) in LIVE,
            download=f"/api/jobs/{view.row.id}/log?attempt={self._attempt}&node={node}",
            tall=tall,
            on_older=self._older if tall else None,
        )

    async def fill(self, tail: int) -> None:
        self._show(
            await self._gateway.tail(
                self._view.row.id, attempt=self._attempt, node=self._node, tail=tail
            )
        )

    async def refresh(self) -> None:
        if self._view.row.attempt != self._attempt and not self._fixed:
            self._attempt, self._last = self._view.row.attempt, 0
            self._shown.restart()
        while self._show(await self._after(self._last, BATCH)):
            pass

    def _show(self, part: LogPart) -> bool:
        """Whether there may be more."""
        self._last = part.last
        self._shown.append(part.cells)
        return part.full

    async def _after(self, line: int, limit: int) -> LogPart:
        return await self._gateway.lines(
            self._view.row.id, attempt=self._attempt, node=self._node, after=line, limit=limit
        )

    async def _older(self, wish: Older) -> None:
        first = max(wish.to, wish.before - OLDER_AT_MOST, 1)
        part = await self._after(first - 1, wish.before - first)
        self._shown.prepend(part.cells)
