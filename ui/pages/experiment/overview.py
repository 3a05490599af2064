"""How the experiment stands: its score over time, what it is about, its tasks and latest jobs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from application.permissions import Action
from projections.job_lists import JobFilter
from projections.rows import JobRow
from ui.components.chart import Chart
from ui.components.layout import box, card, html
from ui.components.markup import ago, avatar, empty, icon, link, span
from ui.components.run_charts import best_options
from ui.pages.experiment.context import Home
from ui.text import number, plural, short
from ui.theme.status import chip
from ui.views.differences import best_so_far
from ui.views.job_row import score_text, shown_status
from ui.views.markdown import excerpt, rendered

LATEST, SCORED = 8, 200


async def overview(home: Home) -> None:
    gateway, id = home.shell.gateway, home.row.id
    found = await gateway.jobs(JobFilter(experiment=id, hidden=False), limit=SCORED)
    names = await gateway.names()
    with box("two"):
        with box("vcol g4"):
            _score(home, found.rows)
            more = '<span class="grow"></span>' + link(
                "All its jobs", f"/experiments/{id}/jobs", "btn s ghost"
            )
            with card("Latest jobs", extra=more):
                rows = "".join(_job(r, names.people.get(r.owner, "?")) for r in found.rows[:LATEST])
                html(rows or _none(), "list")
        with box("vcol g4"):
            _notes(home)
            await _tasks(home)


def _score(home: Home, rows: Sequence[JobRow]) -> None:
    name = home.written.score or next((n for r in rows for n in (r.score or {})), "")
    ended = sorted(
        ((r.ended_at, r.score[name]) for r in rows if r.ended_at and r.score and name in r.score),
        key=lambda pair: pair[0],
    )
    told = (
        f'<span class="grow"></span><span class="faint t-sm">{escape(name)}</span>' if name else ""
    )
    with card("Score over time", extra=told):
        if len(ended) < 2:
            waiting = "Jobs that report a score with lab.finish(score=…) draw a curve here."
            html(empty("Not enough scores yet", waiting, glyph="trophy"), "empty small")
            return
        scores = [score for _, score in ended]
        best = best_so_far(scores, lower_is_better=bool(home.written.lower_is_better))
        options = best_options([at for at, _ in ended], scores, best, name=name)
        label = f"{plural(len(scores), 'score')}; the best is {number(best[-1])}"
        Chart(options, label).classes("wide-chart")


def _notes(home: Home) -> None:
    more = '<span class="grow"></span>' + link(
        "Open", f"/experiments/{home.row.id}/notes", "btn s ghost"
    )
    with card("Notes", extra=more):
        text = home.written.text or ""
        if text:
            html(rendered(excerpt(text)), "body written")
        else:
            html(
                empty(
                    "No notes yet",
                    "What was tried, what worked, what comes next.",
                    glyph="notebook-pen",
                ),
                "empty small",
            )


async def _tasks(home: Home) -> None:
    rows = await home.shell.gateway.tasks(experiment=home.row.id)
    if not rows:
        return
    may = home.shell.gateway.may(Action.LAUNCH)
    with card("Tasks", extra=f'<span class="faint t-sm num">{len(rows)}</span>'):
        html(
            "".join(
                f"<li>{link(row.name, f'/tasks/{row.id}', 'grow b5 ellipsis')}"
                + (
                    f'<a class="btn s ghost icon" href="/launch?task={row.id}" aria-label="Launch {escape(row.name)}">'
                    f"{icon('rocket', 'sm')}</a>"
                    if may
                    else ""
                )
                + "</li>"
                for row in rows
            ),
            "list",
            "ul",
        )


def _job(row: JobRow, owner: str) -> str:
    return (
        f'<a class="li" href="/jobs/{row.id}">{avatar(owner)}<span class="grow">'
        f"{span(row.name, 'b5 ellipsis block')}{span(short(row.id), 't-xs faint mono')}</span>"
        f"{span(score_text(row) or '', 'num b5')}{ago(row.queued_at, 't-sm faint num hide-s')}"
        f'<span class="w104">{chip(shown_status(row))}</span></a>'
    )


def _none() -> str:
    return f'<div class="empty">{empty("No jobs yet", "Launch one of its tasks.", glyph="rocket")}</div>'
