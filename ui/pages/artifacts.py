"""Everything the team's jobs saved: models, datasets, checkpoints and other files, latest first."""

from collections.abc import Mapping

from nicegui import PageArguments, ui

from projections.artifact_queries import KINDS
from projections.rows import ArtifactRow
from ui.components.data_table import Column, DataTable, Empty, Facet, Wish
from ui.components.layout import box, heading
from ui.gateway import Gateway, Names, in_thread
from ui.shell import Shell
from ui.text import iso, plural, short, size
from ui.views.lineage import group_href

PAGE = 50
GROUPED = ("model", "dataset")
COLUMNS = (
    Column(key="name", label="Name", kind="title", cls="name m1"),
    Column(key="kind", label="Kind", kind="tag", width="120px", cls="m2"),
    Column(key="step", label="Step", kind="number", width="90px", align="right", cls="hide-m"),
    Column(key="job", label="Saved by", kind="link", width="150px", cls="m3"),
    Column(key="size", label="Size", kind="number", width="100px", align="right", cls="m4"),
    Column(key="saved", label="Saved", kind="time", width="110px", align="right", cls="hide-m"),
)
EMPTY = Empty(
    icon="package",
    title="Nothing saved yet",
    text="What jobs save with lab.save_model, save_dataset, save_checkpoint and save_artifact is kept here.",
)


async def artifacts(shell: Shell, args: PageArguments) -> None:
    """``/artifacts?kind=&q=&offset=``"""
    shell.crumbs(("Artifacts", "/artifacts"))
    asked = {k: str(v)[:100] for k, v in args.query_parameters.items()}
    page = _Saved(shell.gateway, asked)
    with box("page"):
        heading("Artifacts", "What jobs saved, by content: the same bytes are stored once.")
        page.table = DataTable("Artifacts", COLUMNS, empty=EMPTY, on_wish=page.wish)
        await page.load()


class _Saved:
    table: DataTable

    def __init__(self, gateway: Gateway, asked: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._kind = asked.get("kind", "") if asked.get("kind", "") in KINDS else ""
        self._text = asked.get("q", "")
        offset = asked.get("offset", "0")
        self._offset = int(offset) if offset.isdecimal() else 0

    async def wish(self, wish: Wish) -> None:
        if wish.clear:
            self._kind = self._text = ""
        self._kind = self._kind if wish.facet is None else wish.facet
        self._text = self._text if wish.query is None else wish.query
        self._offset = int(wish.page) if wish.page and wish.page.isdecimal() else 0
        given = {"kind": self._kind, "q": self._text, "offset": self._offset}
        query = "&".join(f"{k}={v}" for k, v in given.items() if v)
        ui.navigate.history.replace(f"/artifacts?{query}" if query else "/artifacts")
        await self.load()

    async def load(self) -> None:
        desks, actor = self._gateway.desks, self._gateway.actor
        kinds = (self._kind,) if self._kind else KINDS
        rows = await in_thread(
            lambda: desks.artifacts(
                actor, kinds=kinds, text=self._text, limit=PAGE + 1, offset=self._offset
            )
        )
        names = await self._gateway.names()
        facets = [Facet(key="", label="All", count=-1)]
        facets += [Facet(key=kind, label=f"{kind.title()}s", count=-1) for kind in KINDS]
        self.table.show(
            [_cells(row, names) for row in rows[:PAGE]],
            facets=facets,
            query=self._text,
            facet=self._kind,
            newest=self._offset == 0,
            older=str(self._offset + PAGE) if len(rows) > PAGE else "",
        )


def _cells(row: ArtifactRow, names: Names) -> dict[str, object]:
    experiment = names.experiments.get(row.experiment, "")
    tab = "checkpoints" if row.kind == "checkpoint" else "artifacts"
    return {
        "id": row.id,
        "href": group_href(row.kind, row.name) if row.kind in GROUPED else f"/jobs/{row.job}/{tab}",
        "name": row.name,
        "subtitle": f"{experiment} · {plural(len(row.files), 'file')}",
        "kind": row.kind,
        "step": row.step,
        "job": [short(row.job), f"/jobs/{row.job}"],
        "size": size(row.size),
        "saved": iso(row.saved_at),
    }
