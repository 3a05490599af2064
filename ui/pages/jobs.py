"""All jobs of the team: filtered, paged, and followed live."""

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from nicegui import PageArguments, ui

from application.live import Change
from projections.job_lists import JobFilter
from ui.components.data_table import Column, DataTable, Empty, Facet, Wish
from ui.components.layout import box, heading
from ui.gateway import JobPage, Names
from ui.live import follow
from ui.shell import Shell
from ui.theme.status import STATUS, word
from ui.views.job_row import job_cells

COLUMNS = (
    Column(key="name", label="Job", kind="title", cls="name m1"),
    Column(key="status", label="Status", kind="status", width="122px", cls="m2"),
    Column(key="progress", label="Progress", kind="progress", width="150px", cls="m3"),
    Column(key="provider", label="Provider", width="130px", cls="hide-m"),
    Column(key="machine", label="Machine", width="110px", cls="hide-m"),
    Column(
        key="started", label="Duration", kind="duration", width="100px", align="right", cls="m4"
    ),
    Column(key="created", label="Queued", kind="time", width="100px", align="right"),
    Column(key="user", label="Owner", kind="user", width="60px", hide_label=True),
)
EMPTY = Empty(
    icon="rocket",
    title="No jobs yet",
    text="Launch a task and its job appears here, live, from queue to result.",
    href="/launch",
    action="Launch",
)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says: filters and page."""

    status: str = ""
    q: str = ""
    experiment: str = ""
    after: str = ""

    @property
    def where(self) -> JobFilter:
        statuses = (self.status,) if self.status else ()
        return JobFilter(statuses=statuses, text=self.q, experiment=self.experiment)

    @property
    def address(self) -> str:
        given = {k: v for k, v in msgspec.structs.asdict(self).items() if v}
        return "/jobs?" + urlencode(given) if given else "/jobs"


def asked(parameters: Mapping[str, str]) -> View:
    """The view an address asks for; an unknown status filters nothing."""
    known = {f: str(parameters.get(f, ""))[:200] for f in View.__struct_fields__}
    known["status"] = known["status"] if known["status"] in STATUS else ""
    return View(**known)


async def jobs(shell: Shell, args: PageArguments) -> None:
    """``/jobs?status=&q=&experiment=&after=``"""
    shell.crumbs(("Jobs", "/jobs"))
    page = _JobsPage(shell, asked(dict(args.query_parameters)))
    with box("page"):
        heading("Jobs", "Everything the team has run, newest first.")
        page.table = DataTable("Jobs", COLUMNS, empty=EMPTY, on_wish=page.wish)
        await page.load()
        follow(
            lambda: shell.gateway.watch(lambda c: c.telemetry in ("", "p")),
            page.news,
            every_s=0.4,
        )


class _JobsPage:
    table: DataTable

    def __init__(self, shell: Shell, view: View) -> None:
        self._gateway = shell.gateway
        self._view = view
        self._shown: set[str] = set()

    async def wish(self, wish: Wish) -> None:
        changed = replace(self._view, after="" if wish.page is None else wish.page)
        if wish.query is not None:
            changed = replace(changed, q=wish.query)
        if wish.facet is not None:
            changed = replace(changed, status=wish.facet)
        if wish.select is not None:
            changed = replace(changed, experiment=wish.select)
        if changed != self._view:
            self._view = changed
            ui.navigate.history.replace(changed.address)
        await self.load()

    async def load(self) -> None:
        found = await self._gateway.jobs(self._view.where, after=self._view.after)
        names = await self._gateway.names()
        self._shown = {row.id for row in found.rows}
        self.table.show(
            [job_cells(row, names, found.progress) for row in found.rows],
            facets=_facets(found.counts),
            choices=sorted(names.experiments.items(), key=lambda pair: pair[1]),
            query=self._view.q,
            facet=self._view.status,
            chosen=self._view.experiment,
            newest=not self._view.after,
            older=found.older,
        )

    async def news(self, changes: list[Change]) -> None:
        """Patch what is shown; jobs that are not are offered, so that no row moves by itself."""
        keys = {key for change in changes for key in change.keys or ("",)}
        if not any(key == "" or key.startswith("job_") for key in keys):
            return
        found = await self._gateway.jobs(self._view.where, after=self._view.after)
        names = await self._gateway.names()
        if self._view.after == "" and not self._shown:
            await self.load()
            return
        await self._patch(found, names)

    async def _patch(self, found: JobPage, names: Names) -> None:
        known = {row.id: row for row in found.rows}
        fresh = 0 if self._view.after else sum(id not in self._shown for id in known)
        for gone in self._shown - known.keys():  # its status left the filter: show it as it is now
            known[gone] = await self._gateway.job(gone)
        rows = [job_cells(row, names, found.progress) for row in known.values()]
        self.table.patch(rows, fresh=fresh)


def _facets(counts: Mapping[str, int]) -> list[Facet]:
    every = Facet(key="", label="All", count=sum(counts.values()))
    return [every, *(Facet(key=s, label=word(s), count=counts[s]) for s in STATUS if s in counts)]
