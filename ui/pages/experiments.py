"""Every experiment of the team: what it is about, how its jobs went, its best score."""

from collections.abc import Mapping, Sequence

from nicegui import PageArguments, ui

from application.permissions import Action
from projections.desk_queries import NotesRow
from projections.rows import ExperimentRow
from ui.components.data_table import Column, DataTable, Empty
from ui.components.dialogs import prompted, telling
from ui.components.layout import box, button, heading, html
from ui.components.markup import icon
from ui.desk_gateway import DeskGateway
from ui.experiment_gateway import Standing, standings
from ui.gateway import Gateway
from ui.shell import Shell
from ui.text import iso, number

COLUMNS = (
    Column(key="name", label="Experiment", kind="title", cls="name m1"),
    Column(key="jobs", label="Jobs", kind="stack", width="150px", cls="m3"),
    Column(key="count", label="In all", kind="number", width="80px", align="right", cls="m4"),
    Column(key="tasks", label="Tasks", kind="number", width="80px", align="right", cls="hide-m"),
    Column(key="best", label="Best", kind="number", width="110px", align="right", cls="hide-m"),
    Column(key="last", label="Last job", kind="time", width="110px", align="right", cls="m2"),
)
EMPTY = Empty(
    icon="flask-conical",
    title="No experiments",
    text="An experiment groups the tasks, jobs, notes and documents of one line of research.",
)


async def experiments(shell: Shell, args: PageArguments) -> None:
    """``/experiments?archived=1``; ``new=1`` asks for a name at once."""
    shell.crumbs(("Experiments", "/experiments"))
    gateway = shell.gateway
    archived = args.query_parameters.get("archived") == "1"
    rows = [r for r in await gateway.experiments(archived=archived) if r.archived == archived]
    with box("page"):
        with box("hrow spread wrap"):
            heading(
                "Archived experiments" if archived else "Experiments",
                "Lines of research, each with its jobs and notes.",
            )
            with box("hrow wrap"):
                _other(archived=archived)
                if gateway.may(Action.WRITE_EXPERIMENTS):
                    button("New experiment", lambda: telling(_new(gateway)), glyph="plus")
        table = DataTable("Experiments", COLUMNS, empty=EMPTY)
        told = await DeskGateway(gateway).all_notes([row.id for row in rows])
        table.show(_cells(rows, told, await standings(gateway)))
    if args.query_parameters.get("new"):
        await telling(_new(gateway))


def _other(*, archived: bool) -> None:
    href, label = (
        ("/experiments", "Active ones") if archived else ("/experiments?archived=1", "Archived")
    )
    html(
        f'<a class="btn ghost" href="{href}">{icon("history", "sm")}{label}</a>', "contents", "span"
    )


def _cells(
    rows: Sequence[ExperimentRow], told: Mapping[str, NotesRow], found: Mapping[str, Standing]
) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for row in rows:
        notes, standing = told.get(row.id), found.get(row.id, Standing())
        out.append(
            {
                "id": row.id,
                "href": f"/experiments/{row.id}",
                "name": row.name,
                "subtitle": (notes.description if notes else "") or "No description yet",
                "jobs": [[s, n] for s, n in standing.counts.items()] or None,
                "count": sum(standing.counts.values()) or None,
                "tasks": standing.tasks or None,
                "best": _best(notes, standing),
                "last": iso(standing.last) or None,
            }
        )
    return out


def _best(notes: NotesRow | None, standing: Standing) -> str | None:
    if not notes or not notes.score or notes.score not in standing.scores:
        return None
    low, high = standing.scores[notes.score]
    return number(low if notes.lower_is_better else high)


async def _new(gateway: Gateway) -> None:
    name = await prompted("New experiment", "Name", "Create", hint="It can be renamed later.")
    if name:
        ui.navigate.to(f"/experiments/{await gateway.create_experiment(name)}")
