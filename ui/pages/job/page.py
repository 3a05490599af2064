"""One job: what it is doing and why, what can be done about it, and its sections."""

from collections.abc import Awaitable, Callable, Mapping

from nicegui import PageArguments

from application.live import Change
from projections.desk_queries import JobMarks
from ui.answers import JobNow
from ui.components.layout import box, html
from ui.desk_gateway import DeskGateway
from ui.job_gateway import JobGateway
from ui.live import follow
from ui.pages.job.actions import Actions, MarksLine
from ui.pages.job.artifacts import artifacts
from ui.pages.job.checkpoints import checkpoints
from ui.pages.job.config import config
from ui.pages.job.context import JobView, Section
from ui.pages.job.events import events
from ui.pages.job.head import head_html, help_html, meta_html, phases_html, why_html
from ui.pages.job.logs import logs
from ui.pages.job.metrics import machine, metrics
from ui.pages.job.overview import overview
from ui.shell import Shell
from ui.text import short
from ui.theme.status import LIVE, chip, word
from ui.views.job_row import shown_status

Builder = Callable[[JobView], Awaitable[list[Section]]]
TABS: Mapping[str, tuple[str, Builder]] = {
    "overview": ("Overview", overview),
    "logs": ("Logs", logs),
    "metrics": ("Metrics", metrics),
    "machine": ("Machine", machine),
    "artifacts": ("Artifacts", artifacts),
    "checkpoints": ("Checkpoints", checkpoints),
    "events": ("Events", events),
    "config": ("Config", config),
}
SYSTEM = "system/"
LIVE_S = 0.1
"""Between two looks: a printed line is to be seen within a quarter of a second."""


async def job(shell: Shell, args: PageArguments, id: str, tab: str = "") -> None:
    """``/jobs/{id}/{tab}``; without a tab one that failed or was stopped opens on its log."""
    gateway = shell.gateway
    row = await gateway.job(id)
    names, asked = await gateway.names(), dict(args.query_parameters)
    view = JobView(gateway=gateway, row=row, names=names, asked=asked)
    shown = tab if tab in TABS else ("logs" if row.status in ("FAILED", "STOPPED") else "overview")
    home = (names.experiments.get(row.experiment, "Experiment"), f"/experiments/{row.experiment}")
    shell.crumbs(home, ("Jobs", "/jobs"), (f"{row.name} · {short(row.id)}", ""))
    marks = await DeskGateway(gateway).marks([id])
    with box("page flush"):
        head = _Head(shell, view)
        await head.refresh()
        MarksLine(shell, view, marks.get(id, JobMarks()))
        _tabs(id, shown, await _counts(view))
        with box("vcol g4"):
            sections = await TABS[shown][1](view)
        if shown_status(row) in LIVE:
            watch = gateway.watch
            move = _mover(head, sections)
            follow(lambda: watch(lambda c: _about(c, id)), move, every_s=LIVE_S)


def _about(change: Change, job: str) -> bool:
    return change.keys is None or job in change.keys or (not change.telemetry and not change.keys)


def _mover(head: "_Head", sections: list[Section]) -> Callable[[list[Change]], Awaitable[None]]:
    async def move(changes: list[Change]) -> None:
        kinds = {kind for change in changes for kind in (change.telemetry or "f")}
        if any(change.keys is None for change in changes):
            kinds = set("flmp")
        if kinds & {"f", "p"}:
            await head.refresh()
        for section in sections:
            if kinds & set(section.cares):
                await section.refresh()

    return move


async def _counts(view: JobView) -> Mapping[str, int]:
    """How much there is in the tabs that exist only when there is something in them."""
    saved = await view.gateway.artifacts(view.row.id)
    curves = await view.gateway.curves(view.row.id)
    own = sum(not c.name.startswith(SYSTEM) for c in curves)
    kept = sum(a.kind == "checkpoint" for a in saved)
    return {
        "metrics": own,
        "machine": len(curves) - own,
        "artifacts": len(saved),
        "checkpoints": kept,
    }


def _tabs(id: str, shown: str, counts: Mapping[str, int]) -> None:
    out = []
    for key, (label, _) in TABS.items():
        if counts.get(key, 1) == 0 and key != shown and key in ("machine", "checkpoints"):
            continue
        current = ' aria-current="page"' if key == shown else ""
        many = counts.get(key, 0) if key in ("artifacts", "checkpoints") else 0
        count = f'<span class="n">{many}</span>' if many else ""
        out.append(f'<a href="/jobs/{id}/{key}"{current}>{label}{count}</a>')
    html("".join(out), "tabs", "nav").props["aria-label"] = "Job sections"


class _Head:
    """The part above the tabs; it follows the job."""

    def __init__(self, shell: Shell, view: JobView) -> None:
        self._shell = shell
        self._view = view
        row = view.row
        with box("hrow spread wrap headline"):
            with box("vcol"):
                with box("hrow wrap"):
                    html(head_html(row), "contents", "span")
                    self._chip = html("", "", "span").props("role=status")
                self._meta = html("", "meta")
            self._actions = Actions(view)
        with box("card"), box("body vcol g3"):
            self._phases = html("", "vcol g3")
            self._why = html("", "why")
            self._help = html("", "contents")

    async def refresh(self) -> None:
        now = await JobGateway(self._view.gateway).now(self._view.row.id)
        self._view.row = now.row
        self._draw(now)

    def _draw(self, now: JobNow) -> None:
        row, progress = now.row, now.progress
        status = shown_status(row)
        self._chip.set_content(chip(status))
        self._meta.set_content(meta_html(row, self._view.names))
        self._phases.set_content(phases_html(now.facts, row, progress))
        self._why.set_content(why_html(row, progress))
        self._help.set_content(help_html(now.reason))
        self._actions.draw(row)
        percent = f"{progress.percent:.0f}% " if progress and status == "RUNNING" else ""
        self._shell.title(
            f"{'● ' if status == 'RUNNING' else ''}{percent or word(status)} {row.name}"
        )
