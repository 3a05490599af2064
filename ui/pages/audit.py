"""The team's log of facts, newest first: who did what, when, as it was recorded."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace
from nicegui import PageArguments, ui

from application.audit_reads import EventWish
from application.log_reading import EventPage, EventView
from projections.projector import END
from ui.components.data_table import Column, DataTable, Empty, Facet, Wish
from ui.components.layout import box, heading
from ui.gateway import Gateway, Names, in_thread
from ui.shell import Shell
from ui.text import by_whom, iso

PAGE = 50
SHOWN_AT_MOST = 160
KINDS = ("job", "task", "experiment", "provider", "quota", "team", "invitation", "secret", "token")
COLUMNS = (
    Column(key="what", label="What", kind="title", cls="name m1"),
    Column(key="who", label="Who", width="170px", cls="m3"),
    Column(key="position", label="Position", kind="number", width="100px", align="right", cls="m4"),
    Column(key="at", label="When", kind="time", width="120px", align="right", cls="m2"),
)
EMPTY = Empty(icon="list-checks", title="No events", text="Nothing here matches.")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for: one stream, one kind, from where on back."""

    q: str = ""
    kind: str = ""
    before: str = ""

    @property
    def address(self) -> str:
        asked = {k: v for k, v in msgspec.to_builtins(self).items() if v}
        return "/audit" + ("?" + "&".join(f"{k}={v}" for k, v in asked.items()) if asked else "")


async def audit(shell: Shell, args: PageArguments) -> None:
    """``/audit?q=STREAM&kind=&before=``"""
    shell.crumbs(("Audit", "/audit"))
    given = {k: str(args.query_parameters.get(k, ""))[:200] for k in View.__struct_fields__}
    page = _AuditPage(shell.gateway, View(**given))
    with box("page"):
        told = (
            "Every change, as it was recorded. The search takes the id of a job, task or provider."
        )
        heading("Audit", told)
        page.table = DataTable("Events", COLUMNS, empty=EMPTY, on_wish=page.wish)
        await page.load()


class _AuditPage:
    table: DataTable

    def __init__(self, gateway: Gateway, view: View) -> None:
        self._gateway = gateway
        self._view = view

    async def wish(self, wish: Wish) -> None:
        changed = replace(self._view, before=wish.page or "")
        if wish.query is not None:
            changed = replace(changed, q=wish.query.strip())
        if wish.facet is not None:
            changed = replace(changed, kind=wish.facet)
        self._view = changed
        ui.navigate.history.replace(changed.address)
        await self.load()

    async def load(self) -> None:
        view, gateway = self._view, self._gateway

        def ask() -> EventPage:
            return gateway.reads.events_back(
                gateway.actor,
                EventWish(
                    kind=view.kind if view.kind in KINDS else "",
                    streams=(view.q,) if view.q else (),
                ),
                before=int(view.before) if view.before.isdecimal() else END,
                limit=PAGE,
            )

        found, names = await in_thread(ask), await gateway.names()
        self.table.show(
            [_row(event, names) for event in found.events],
            facets=[Facet(key="", label="All", count=-1)]
            + [Facet(key=kind, label=kind.title() + "s", count=-1) for kind in KINDS],
            query=view.q,
            facet=view.kind,
            newest=not view.before,
            older=str(found.cursor) if found.more else "",
        )


def _row(event: EventView, names: Names) -> Mapping[str, object]:
    return {
        "id": str(event.position),
        "href": _href(event),
        "what": event.name.removesuffix(".v1"),
        "subtitle": _said(event),
        "who": by_whom(event.by, names.people),
        "position": event.position,
        "at": iso(event.at),
    }


def _said(event: EventView) -> str:
    told = ", ".join(
        f"{k} {_short(v)}" for k, v in event.data.items() if v not in ("", None, [], {})
    )
    return f"{event.stream} · {told}"[:SHOWN_AT_MOST]


def _short(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _href(event: EventView) -> str:
    for prefix, page in (("job_", "/jobs/"), ("task_", "/tasks/")):
        if event.stream.startswith(prefix):
            return f"{page}{event.stream}"
    return f"/audit?q={event.stream}"
