"""Every experiment of the team, with the way to its jobs."""

from __future__ import annotations

from nicegui import ui

from application.permissions import Action
from ui.components.data_table import Column, DataTable, Empty
from ui.components.dialogs import modal, telling
from ui.components.layout import box, button, entry, field, heading, html
from ui.gateway import Gateway
from ui.shell import Shell
from ui.text import by_whom, iso

COLUMNS = (
    Column(key="name", label="Experiment", kind="title", cls="name m1"),
    Column(key="tasks", label="Tasks", kind="number", width="90px", align="right", cls="m4"),
    Column(key="by", label="Made by", width="180px", cls="m3"),
    Column(key="created", label="Made", kind="time", width="120px", align="right", cls="m2"),
)
EMPTY = Empty(
    icon="flask-conical", title="No experiments", text="Experiments group tasks and jobs."
)


async def experiments(shell: Shell) -> None:
    shell.crumbs(("Experiments", "/experiments"))
    gateway = shell.gateway
    rows, tasks, names = await gateway.experiments(), await gateway.tasks(), await gateway.names()
    with box("page"):
        with box("hrow spread wrap"):
            heading("Experiments", "What tasks and jobs are grouped by.")
            if gateway.may(Action.WRITE_EXPERIMENTS):
                button("New experiment", lambda: _new(gateway), glyph="plus")
        DataTable("Experiments", COLUMNS, empty=EMPTY).show(
            [
                {
                    "id": row.id,
                    "href": f"/jobs?experiment={row.id}",
                    "name": row.name,
                    "subtitle": "open its jobs",
                    "tasks": sum(task.experiment == row.id for task in tasks),
                    "by": by_whom(row.created_by, names.people),
                    "created": iso(row.created_at),
                }
                for row in rows
            ]
        )


def _new(gateway: Gateway) -> None:
    typed = [""]

    def take(value: str) -> None:
        typed[0] = value

    async def save() -> None:
        await gateway.create_experiment(typed[0])
        dialog.close()
        ui.navigate.reload()

    with modal("New experiment") as dialog, box("dlg"):
        html("<h2>New experiment</h2>", "dh")
        with box("body"), field("Name", "experiment-name"):
            entry("experiment-name", take, autofocus="true")
        with box("df"):
            button("Cancel", dialog.close)
            button("Create", lambda: telling(save()), cls="primary")
    dialog.open()
