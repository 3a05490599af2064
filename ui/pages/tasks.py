"""Every task of the team, latest revised first."""

from __future__ import annotations

from ui.components.data_table import Column, DataTable, Empty
from ui.components.layout import box, heading, html
from ui.components.markup import icon
from ui.shell import Shell
from ui.text import by_whom, iso

COLUMNS = (
    Column(key="name", label="Task", kind="title", cls="name m1"),
    Column(key="revision", label="Revision", kind="number", width="90px", align="right", cls="m4"),
    Column(key="by", label="Revised by", width="180px", cls="m3"),
    Column(key="revised", label="Revised", kind="time", width="120px", align="right", cls="m2"),
)
EMPTY = Empty(
    icon="file-code",
    title="No tasks yet",
    text="A task says what to run, on what machine, and with which parameters.",
    href="/tasks/new",
    action="New task",
)


async def tasks(shell: Shell) -> None:
    shell.crumbs(("Tasks", "/tasks"))
    names = await shell.gateway.names()
    rows = await shell.gateway.tasks()
    with box("page"):
        with box("hrow spread wrap"):
            heading("Tasks", "What can be launched, kept with every revision.")
            html(
                f'<a class="btn" href="/tasks/new">{icon("plus", "sm")}New task</a>',
                "contents",
                "span",
            )
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
                }
                for row in rows
            ]
        )
