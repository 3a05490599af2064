"""What can be done with a job: stop, compare, clone, run again, resume, favour, tag, hide."""

from __future__ import annotations

from functools import partial
from html import escape

from nicegui import ui

from application.permissions import Action
from projections.desk_queries import JobMarks
from projections.rows import JobRow
from ui.components.dialogs import confirmed, prompted, telling, toast
from ui.components.layout import box, button, enabled, html
from ui.components.markup import icon
from ui.desk_gateway import DeskGateway
from ui.pages.job.context import JobView
from ui.pages.moving import move_jobs
from ui.shell import Shell
from ui.theme.status import LIVE
from ui.views.job_row import shown_status


class Actions:
    """Buttons that are absent when the role never allows them, and disabled while they make no sense."""

    def __init__(self, view: JobView) -> None:
        self._view = view
        may = view.gateway.may
        with box("hrow wrap"):
            self._again = self._resume = self._stop = self._move = None
            html(
                f'<a class="btn" href="/compare?ids={view.row.id}{_other(view.row)}">{icon("git-compare", "sm")}'
                '<span class="hide-s">Compare</span></a>',
                "contents",
                "span",
            )
            if may(Action.LAUNCH):
                clone = f'<a class="btn" href="/launch?clone={view.row.id}">{icon("copy-plus", "sm")}Clone</a>'
                html(clone, "contents", "span")
                self._resume = button("Resume", lambda: telling(self._resumed()), glyph="play")
                self._again = button("Run again", lambda: telling(self._rerun()), glyph="rotate-cw")
                self._move = button("Move", lambda: telling(self._moved()), glyph="server")
            if may(Action.STOP):
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
        if self._move:
            self._move.set_visibility(row.status == "QUEUED")

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
        if await confirmed(f"Run {row.name} again?", body, "Run again", danger=False):
            ui.navigate.to(f"/jobs/{await self._view.gateway.rerun(row.id)}")

    async def _moved(self) -> None:
        await move_jobs(self._view.gateway, [self._view.row])

    async def _resumed(self) -> None:
        kept = await self._view.gateway.latest_checkpoint(self._view.row.id)
        if kept is None:
            toast("This job saved no checkpoint to resume from.", "bad")
            return
        await resume_from(self._view, kept.id, kept.name, kept.step)


async def resume_from(view: JobView, checkpoint: str, name: str, step: int | None) -> None:
    """Ask, then queue a new job that begins from ``checkpoint``."""
    at = f" at step {step:,}" if step is not None and step >= 0 else ""
    body = f"A new job begins from checkpoint {name}{at}, with the same files and parameters."
    if await confirmed(f"Resume {view.row.name}?", body, "Resume", danger=False):
        made = await view.gateway.rerun(view.row.id, checkpoint=checkpoint)
        ui.navigate.to(f"/jobs/{made}")


def _other(row: JobRow) -> str:
    return f",{row.cloned_from}" if row.cloned_from else ""


class MarksLine:
    """Star, tags and hidden: what people put on the job."""

    def __init__(self, shell: Shell, view: JobView, marks: JobMarks) -> None:
        self._shell = shell
        self._view = view
        self._desk = DeskGateway(view.gateway)
        self._marks = marks
        self._place = box("hrow wrap marks")
        self._draw()

    def _draw(self) -> None:
        self._place.clear()
        may = self._view.gateway.may
        with self._place:
            if may(Action.KEEP_DESK):
                star = button(
                    "",
                    lambda: telling(self._star()),
                    glyph="star",
                    cls="s ghost icon star",
                    aria="Favourite",
                )
                star.props["aria-pressed"] = str(self._marks.starred).lower()
            for label in self._marks.tags:
                self._tag(label)
            if may(Action.MARK_JOBS):
                button("Tag", lambda: telling(self._add()), glyph="tag", cls="s ghost")
                hidden = self._marks.hidden
                button(
                    "Show in lists" if hidden else "Hide", lambda: telling(self._hide()),
                    glyph="eye" if hidden else "eye-off", cls="s ghost",
                )  # fmt: skip

    def _tag(self, label: str) -> None:
        with box("tag", "span"):
            html(f'<a href="/jobs?tag={escape(label)}">{escape(label)}</a>', "contents", "span")
            if self._view.gateway.may(Action.MARK_JOBS):
                button(
                    "",
                    partial(self._untag_told, label),
                    glyph="x",
                    cls="untag",
                    aria=f"Take {label} off",
                )

    async def _star(self) -> None:
        await self._desk.star(self._view.row.id, on=not self._marks.starred)
        await self._reread()

    async def _add(self) -> None:
        label = await prompted("Tag this job", "Tag", "Tag", hint="Seen by everybody in the team.")
        if label:
            await self._desk.tag(self._view.row.id, label)
            await self._reread()

    async def _untag_told(self, label: str) -> None:
        await telling(self._untag(label))

    async def _untag(self, label: str) -> None:
        await self._desk.untag(self._view.row.id, label)

        async def undo() -> None:
            await self._desk.tag(self._view.row.id, label)
            await self._reread()

        self._shell.toast_undo(f"Took {label} off", undo)
        await self._reread()

    async def _hide(self) -> None:
        hidden = self._marks.hidden
        await self._desk.hide([self._view.row.id], on=not hidden)

        async def undo() -> None:
            await self._desk.hide([self._view.row.id], on=hidden)
            await self._reread()

        self._shell.toast_undo("Shown in lists again" if hidden else "Hidden from lists", undo)
        await self._reread()

    async def _reread(self) -> None:
        job = self._view.row.id
        self._marks = (await self._desk.marks([job])).get(job, JobMarks())
        self._draw()
