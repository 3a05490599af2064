"""One experiment: overview, tasks, jobs, notes, documents, activity, settings."""

from collections.abc import Awaitable, Callable, Mapping
from html import escape

from nicegui import PageArguments

from application.audit_reads import EventWish
from application.permissions import Action
from ui.components.layout import box, card, heading, html
from ui.components.markup import ago, avatar, empty, icon, note, span
from ui.desk_gateway import DeskGateway
from ui.gateway import in_thread
from ui.pages.experiment.context import Home
from ui.pages.experiment.documents import documents
from ui.pages.experiment.notes import notes
from ui.pages.experiment.overview import overview
from ui.pages.experiment.settings import settings
from ui.pages.jobs import JobsTable
from ui.shell import Shell
from ui.text import by_whom
from ui.views.jobs_address import JobsView

EVENTS = 60


async def experiment(shell: Shell, args: PageArguments, id: str, tab: str = "") -> None:
    """``/experiments/{id}/{tab}``"""
    row = await shell.gateway.experiment(id)
    desk = DeskGateway(shell.gateway)
    home = Home(shell=shell, row=row, desk=desk, written=await desk.notes(id))
    shown = tab if tab in TABS else "overview"
    shell.crumbs(("Experiments", "/experiments"), (row.name, ""))
    del args
    with box("page flush"):
        with box("hrow spread wrap"):
            heading(row.name, home.written.description or "")
            if shell.gateway.may(Action.LAUNCH):
                html(
                    f'<a class="btn" href="/compare">{icon("git-compare", "sm")}Compare</a>',
                    "contents",
                    "span",
                )
        if row.archived:
            html(
                note("This experiment is archived: it is left out of lists.", kind="warn"),
                "note warn",
            )
        _tabs(id, shown)
        await TABS[shown][1](home)


async def _tasks(home: Home) -> None:
    rows = await home.shell.gateway.tasks(experiment=home.row.id)
    may = home.shell.gateway.may(Action.LAUNCH)
    with card("Tasks"):
        if not rows:
            new = f'<a class="btn primary" href="/tasks/new">{icon("plus", "sm")}New task</a>'
            html(
                empty("No tasks yet", "A task says what to run.", glyph="file-code", extra=new),
                "empty",
            )
        launch = f"{icon('rocket', 'sm')}Launch"
        html(
            "".join(
                f'<li>{icon("file-code")}<a class="grow b5 ellipsis" href="/tasks/{row.id}">{escape(row.name)}</a>'
                f"{span(f'revision {row.revision}', 't-sm faint num hide-s')}{ago(row.revised_at, 't-sm faint num')}"
                + (f'<a class="btn s" href="/launch?task={row.id}">{launch}</a>' if may else "")
                + "</li>"
                for row in rows
            ),
            "list",
            "ul",
        )


async def _jobs(home: Home) -> None:
    await JobsTable(home.shell, JobsView(experiment=home.row.id), fixed=True).build()


async def _activity(home: Home) -> None:
    gateway, stream = home.shell.gateway, home.row.id
    wish = EventWish(streams=(stream,))
    page = await in_thread(lambda: gateway.reads.events_back(gateway.actor, wish, limit=EVENTS))
    people = (await gateway.names()).people
    with card("Activity"):
        html(
            "".join(
                f"<li>{avatar(by_whom(e.by, people))}<span class='grow'>{span(by_whom(e.by, people), 'b5')} "
                f"{span(_said(e.name), 'muted')}</span>{ago(e.at, 't-sm faint num')}</li>"
                for e in page.events
            ),
            "list",
            "ul",
        )


def _said(name: str) -> str:
    return SAID.get(name.removesuffix(".v1"), name)


SAID: Mapping[str, str] = {
    "experiment.created": "made the experiment",
    "experiment.renamed": "renamed it",
    "experiment.described": "described it",
    "experiment.noted": "saved the notes",
    "experiment.score_chosen": "chose its score",
    "experiment.document_attached": "attached a document",
    "experiment.document_removed": "removed a document",
    "experiment.archived": "archived it",
    "experiment.restored": "restored it",
}
TABS: Mapping[str, tuple[str, Callable[[Home], Awaitable[None]]]] = {
    "overview": ("Overview", overview),
    "tasks": ("Tasks", _tasks),
    "jobs": ("Jobs", _jobs),
    "notes": ("Notes", notes),
    "documents": ("Documents", documents),
    "activity": ("Activity", _activity),
    "settings": ("Settings", settings),
}


def _tabs(id: str, shown: str) -> None:
    current = ' aria-current="page"'
    links = "".join(
        f'<a href="/experiments/{id}/{key}"{current if key == shown else ""}>{label}</a>'
        for key, (label, _) in TABS.items()
    )
    html(links, "tabs", "nav").props["aria-label"] = "Experiment sections"
