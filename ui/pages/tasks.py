"""Every task of the team, latest revised first, with how its runs went."""

from __future__ import annotations

from collections.abc import Sequence

from application.permissions import Action
from projections.rows import JobRow
from ui.components.data_table import Column, DataTable, Empty
from ui.components.layout import box, heading, html
from ui.components.markup import icon
from ui.shell import Shell
from ui.task_gateway import TaskGateway
from ui.text import by_whom, iso
from ui.theme.status import STATUS, word
from ui.views.job_row import shown_status

COLUMNS = (
    Column(key="name", label="Task", kind="title", cls="name m1"),
    Column(key="status", label="Last run", kind="status", width="130px", cls="m2"),
    Column(key="runs", label="Runs lately", kind="stack", width="150px", cls="hide-m"),
    Column(key="revision", label="Revision", kind="number", width="90px", align="right", cls="m4"),
    Column(key="by", label="Revised by", width="160px", cls="m3"),
    Column(key="revised", label="Revised", kind="time", width="110px", align="right", cls="hide-m"),
    Column(key="go", label="Launch", kind="launch", width="100px", align="right", cls="hide-m", hide_label=True),
)  # fmt: skip
EMPTY = Empty(
    icon="file-code",
    title="No tasks yet",
    text="A task says what to run, on what machine, and with which parameters.",
    href="/tasks/gallery",
    action="Open the gallery",
)


async def tasks(shell: Shell) -> None:
    shell.crumbs(("Tasks", "/tasks"))
    names = await shell.gateway.names()
    rows = await shell.gateway.tasks()
    runs = await TaskGateway(shell.gateway).runs()
    may = shell.gateway.may(Action.LAUNCH)
    with box("page"):
        with box("hrow spread wrap"):
            heading("Tasks", "What can be launched, kept with every revision.")
            if shell.gateway.may(Action.WRITE_TASKS):
                _ways()
        DataTable("Tasks", COLUMNS, empty=EMPTY).show(
            [
                {
                    "id": row.id,
                    "href": f"/tasks/{row.id}",
                    "name": row.name,
                    "subtitle": names.experiments.get(row.experiment, ""),
                    "revision": row.revision,
                    "by": by_whom(row.revised_by, names.people),
                    "revised": iso(row.revised_at),
                    "go": f"/launch?task={row.id}" if may else None,
                    **_went(runs.get(row.id, [])),
                }
                for row in rows
            ]
        )


def _ways() -> None:
    ways = (
        ("/tasks/gallery", "book-open", "Gallery"),
        ("/tasks/import", "git-branch", "Import"),
        ("/tasks/new", "plus", "New task"),
    )
    with box("hrow wrap"):
        for href, glyph, label in ways:
            html(f'<a class="btn" href="{href}">{icon(glyph, "sm")}{label}</a>', "contents", "span")


def _went(runs: Sequence[JobRow]) -> dict[str, object]:
    if not runs:
        return {"status": None, "runs": None}
    last = shown_status(runs[0])
    counts = {status: sum(shown_status(r) == status for r in runs) for status in STATUS}
    return {
        "status": last,
        "status_label": word(last),
        "runs": [[status, count] for status, count in counts.items() if count],
    }
