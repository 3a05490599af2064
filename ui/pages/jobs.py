"""All jobs of the team: filtered, ordered, paged, followed live, and changed many at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec.structs import replace
from nicegui import PageArguments, ui

from application.live import Change
from application.permissions import Action
from projections.desk_queries import LabelCount
from ui.components.data_table import Bulk, Column, DataTable, Empty, Facet, Select, Wish
from ui.components.dialogs import confirmed, prompted, telling, toast
from ui.components.layout import box, heading
from ui.desk_gateway import DeskGateway
from ui.gateway import JobPage, Names
from ui.live import follow
from ui.pages.moving import move_jobs
from ui.pages.saved_views import SavedViews
from ui.shell import Shell
from ui.text import plural
from ui.theme.status import STATUS, word
from ui.views.job_row import job_cells
from ui.views.jobs_address import JobsView, asked

COLUMNS = (
    Column(key="name", label="Job", kind="title", cls="name m1", sort="name"),
    Column(key="status", label="Status", kind="status", width="118px", cls="m2"),
    Column(key="progress", label="Progress", kind="progress", width="136px", cls="m3"),
    Column(key="score", label="Score", kind="number", width="84px", align="right", cls="hide-m"),
    Column(key="provider", label="Provider", width="112px", cls="hide-m"),
    Column(key="machine", label="Machine", width="92px", cls="hide-m"),
    Column(key="started", label="Duration", kind="duration", width="96px", align="right", cls="m4", sort="used"),
    Column(key="cost", label="Cost", kind="number", width="84px", align="right", cls="hide-m", sort="cost"),
    Column(key="created", label="Queued", kind="time", width="96px", align="right", sort="queued"),
    Column(key="user", label="Owner", kind="user", width="56px", hide_label=True),
)  # fmt: skip
EMPTY = Empty(
    icon="rocket",
    title="No jobs yet",
    text="Launch a task and its job appears here, live, from queue to result.",
    href="/launch",
    action="Launch",
)
COMPARED_AT_MOST = 8
CHOICES = (("", "All jobs"), ("star", "Favourites"), ("hidden", "Hidden"))


async def jobs(shell: Shell, args: PageArguments) -> None:
    """``/jobs?status=&q=&experiment=&provider=&owner=&tag=&star=&hidden=&sort=&desc=&after=``"""
    shell.crumbs(("Jobs", "/jobs"))
    page = JobsTable(shell, asked(dict(args.query_parameters)))
    with box("page"):
        with box("hrow spread wrap"):
            heading("Jobs", "Everything the team has run.")
            page.kept = SavedViews(shell, "jobs", lambda: page.view.filters)
        await page.build()


class JobsTable:
    """The table with its filters; also the jobs of an experiment, whose filter is then ``fixed``."""

    kept: SavedViews | None = None
    table: DataTable

    def __init__(self, shell: Shell, view: JobsView, *, fixed: bool = False) -> None:
        self._shell = shell
        self._gateway = shell.gateway
        self._desk = DeskGateway(shell.gateway)
        self.view = view
        self._fixed = fixed
        self._shown: set[str] = set()
        self._labels: Sequence[LabelCount] = ()

    async def build(self) -> None:
        self.table = DataTable(
            "Jobs",
            COLUMNS,
            empty=EMPTY,
            on_wish=self.wish,
            actions=self._actions(),
            on_bulk=lambda action, ids: telling(self._bulk(action, ids)),
            on_star=lambda job, on: telling(self._star(job, on=on)),
        )
        self._labels = await self._desk.labels()
        await self.load()
        watch = self._gateway.watch
        follow(lambda: watch(lambda c: c.telemetry in ("", "p")), self.news, every_s=0.4)

    async def wish(self, wish: Wish) -> None:
        changed = _changed(self.view, wish, fixed=self._fixed)
        if changed != self.view:
            self.view = changed
            if not self._fixed:
                ui.navigate.history.replace(changed.address)
        await self.load()
        if self.kept:
            self.kept.mark()

    async def load(self) -> None:
        view = self.view
        found, names, counts = await asyncio.gather(
            self._found(), self._gateway.names(), self._gateway.job_counts()
        )
        self._shown = {row.id for row in found.rows}
        self.table.show(
            [job_cells(row, names, found.progress, found.marks) for row in found.rows],
            facets=_facets(counts, filtered=self._fixed),
            selects=self._selects(names),
            query=view.q,
            facet=view.status,
            sort=view.order.by,
            desc=view.order.descending,
            newest=not view.after,
            older=found.older,
        )

    async def news(self, changes: list[Change]) -> None:
        """Patch what is shown; jobs that are not are offered, so that no row moves by itself."""
        keys = {key for change in changes for key in change.keys or ("",)}
        if not any(key == "" or key.startswith("job_") for key in keys):
            return
        if self.view.after == "" and not self._shown:
            await self.load()
            return
        found, names = await self._found(), await self._gateway.names()
        known = {row.id: row for row in found.rows}
        begin = not self.view.after and self.view.order.by == "queued"
        fresh = sum(id not in self._shown for id in known) if begin else 0
        gone = await self._gateway.job_rows(sorted(self._shown - known.keys()))
        rows = [job_cells(r, names, found.progress, found.marks) for r in known.values()]
        rows += [
            job_cells(r, names, found.progress) for r in gone
        ]  # left the filter: shown as it is
        self.table.patch(rows, fresh=fresh)

    async def _found(self) -> JobPage:
        view = self.view
        where = view.where(self._gateway.actor.user)
        return await self._gateway.jobs(where, after=view.after, order=view.order)

    def _selects(self, names: Names) -> list[Select]:
        view = self.view
        chosen = "star" if view.star else "hidden" if view.hidden else ""
        found = [Select(key="which", label="Which jobs", value=chosen, options=CHOICES)]
        if not self._fixed:
            found.append(_select("experiment", "experiments", view.experiment, names.experiments))
        found.append(_select("provider", "providers", view.provider, names.providers))
        found.append(_select("owner", "people", view.owner, names.people))
        if self._labels or view.tag:
            labels = {row.label: f"{row.label} ({row.jobs})" for row in self._labels}
            found.append(_select("tag", "tags", view.tag, labels))
        return found

    def _actions(self) -> list[Bulk]:
        found = [
            Bulk(key="compare", label="Compare", icon="git-compare", least=2, most=COMPARED_AT_MOST)
        ]
        if self._gateway.may(Action.LAUNCH):
            found.append(Bulk(key="retry", label="Run again", icon="rotate-cw"))
            found.append(Bulk(key="move", label="Move", icon="server"))
        if self._gateway.may(Action.MARK_JOBS):
            found.append(Bulk(key="tag", label="Tag", icon="tag"))
            found.append(Bulk(key="hide", label="Hide", icon="eye-off"))
        if self._gateway.may(Action.STOP):
            found.append(Bulk(key="stop", label="Stop", icon="square", cls="danger"))
        return found

    async def _bulk(self, action: str, ids: list[str]) -> None:
        do: Mapping[str, Callable[[list[str]], Awaitable[bool]]] = {
            "retry": self._retry,
            "move": self._move,
            "tag": self._tag,
            "hide": self._hide,
            "stop": self._stop,
        }
        if action == "compare":
            ui.navigate.to(f"/compare?ids={','.join(ids)}")
            return
        if await do[action](ids):
            self.table.drop_selection()
            await self.load()

    async def _stop(self, ids: list[str]) -> bool:
        live = [
            r for r in await self._gateway.job_rows(ids) if r.ended_at is None and not r.stop_at
        ]
        if not live:
            toast("None of them is running or waiting.", "bad")
            return False
        body = f"{', '.join(r.name for r in live[:4])}{' and more' if len(live) > 4 else ''}."
        body += " Each is told to save and end; checkpoints, logs and metrics stay."
        if not await confirmed(
            f"Stop {plural(len(live), 'job')}?", body, f"Stop {plural(len(live), 'job')}"
        ):
            return False
        for row in live:
            await self._gateway.stop(row.id)
        toast(f"{plural(len(live), 'job')} told to stop")
        return True

    async def _retry(self, ids: list[str]) -> bool:
        body = "Each is queued anew with the same files, commit and parameters; the old ones stay."
        title = f"Run {plural(len(ids), 'job')} again?"
        if not await confirmed(title, body, "Run again", danger=False):
            return False
        for job in ids:
            await self._gateway.rerun(job)
        toast(f"{plural(len(ids), 'job')} queued")
        return True

    async def _move(self, ids: list[str]) -> bool:
        return await move_jobs(self._gateway, await self._gateway.job_rows(ids))

    async def _tag(self, ids: list[str]) -> bool:
        label = await prompted(f"Tag {plural(len(ids), 'job')}", "Tag", "Tag")
        if not label:
            return False
        await self._desk.tag_all(ids, label)
        self._labels = await self._desk.labels()
        toast(f"Tagged {label}")
        return True

    async def _hide(self, ids: list[str]) -> bool:
        showing = bool(self.view.hidden)
        await self._desk.hide(ids, on=not showing)
        done = f"{plural(len(ids), 'job')} {'shown again' if showing else 'hidden'}"

        async def undo() -> None:
            await self._desk.hide(ids, on=showing)
            await self.load()

        self._shell.toast_undo(done, undo)
        return True

    async def _star(self, job: str, *, on: bool) -> None:
        await self._desk.star(job, on=on)
        self.table.patch([{"id": job, "starred": on}])


def _changed(view: JobsView, wish: Wish, *, fixed: bool) -> JobsView:
    if wish.clear:
        kept = {"experiment": view.experiment} if fixed else {}
        return JobsView(sort=view.sort, desc=view.desc, **kept)
    changed = replace(view, after=wish.page or "")
    if wish.query is not None:
        changed = replace(changed, q=wish.query)
    if wish.facet is not None:
        changed = replace(changed, status=wish.facet)
    if wish.sort is not None:
        by = "" if wish.sort == "queued" else wish.sort
        changed = replace(changed, sort=by, desc="" if wish.desc else "0")
    if wish.select == "which":
        star, hidden = ("1" if wish.value == name else "" for name in ("star", "hidden"))
        return replace(changed, star=star, hidden=hidden)
    if wish.select in ("experiment", "provider", "owner", "tag"):
        return replace(changed, **{wish.select: wish.value})
    return changed


def _select(key: str, many: str, value: str, options: Mapping[str, str]) -> Select:
    known = sorted(options.items(), key=lambda pair: pair[1].lower())
    return Select(key=key, label=key.title(), value=value, options=(("", f"All {many}"), *known))


def _facets(counts: Mapping[str, int], *, filtered: bool) -> list[Facet]:
    """Counts of the whole team; without numbers where only some of its jobs are listed."""
    every = Facet(key="", label="All", count=-1 if filtered else sum(counts.values()))
    return [
        every,
        *(
            Facet(key=s, label=word(s), count=-1 if filtered else counts[s])
            for s in STATUS
            if s in counts
        ),
    ]
