"""The team's log of facts, newest first: who did what, when, as it was recorded."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from nicegui import PageArguments, ui

from application.audit_reads import EventWish
from application.log_reading import EventPage, EventView
from projections.log_queries import END
from ui.components.data_table import Column, DataTable, Empty, Facet, Select, Wish
from ui.components.layout import box, heading, html
from ui.components.markup import icon
from ui.gateway import Gateway, Names, in_thread
from ui.pages.audit_replay import FIRST_SPEED, Replay
from ui.shell import Shell
from ui.text import by_whom, iso

PAGE = 50
SHOWN_AT_MOST = 160
KINDS = ("job", "task", "experiment", "provider", "quota", "team", "invitation", "secret", "token")
COLUMNS = (
    Column(key="what", label="What", kind="title", cls="name m1"),
    Column(key="who", label="Who", width="160px", cls="m3"),
    Column(key="position", label="Position", kind="number", width="96px", align="right", cls="hide-m"),
    Column(key="at", label="When", kind="time", width="110px", align="right", cls="m2"),
    Column(key="then", label="As of", kind="past", width="120px", align="right", cls="m4", hide_label=True),
)  # fmt: skip
EMPTY = Empty(icon="list-checks", title="No events", text="Nothing here matches.")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the address asks for: one stream or name, who, one kind, from where on back.

    ``at`` is the position the replay stands at, ``speed`` how fast it plays.
    """

    q: str = ""
    actor: str = ""
    kind: str = ""
    cause: str = ""
    before: str = ""
    at: str = ""
    speed: str = ""

    @property
    def address(self) -> str:
        asked = {k: v for k, v in msgspec.to_builtins(self).items() if v}
        return f"/audit?{urlencode(asked)}" if asked else "/audit"

    @property
    def position(self) -> int:
        """Where the replay stands; 0 at the end of the log."""
        return (
            int(self.at) if self.at.isdecimal() and self.at.isascii() and len(self.at) < 19 else 0
        )

    @property
    def wish(self) -> EventWish:
        """Text with a dot is an event's name, any other a stream's id."""
        named = "." in self.q
        return EventWish(
            actor=self.actor,
            cause=self.cause,
            kind=self.kind if self.kind in KINDS else "",
            name=self.q if named else "",
            streams=(self.q,) if self.q and not named else (),
        )


async def audit(shell: Shell, args: PageArguments) -> None:
    """``/audit?q=&actor=&kind=&cause=&before=&at=&speed=``"""
    shell.crumbs(("Audit", "/audit"))
    given = {k: str(args.query_parameters.get(k, ""))[:200] for k in View.__struct_fields__}
    page = _AuditPage(shell.gateway, View(**given))
    with box("page"):
        with box("hrow spread wrap"):
            told = "Every change, as it was recorded. Search the id of a thing, or a name like job.failed."
            heading("Audit & replay", told)
            with box("hrow wrap"):
                _travel()
                page.export = html("", "contents", "span")
        page.replay = Replay(shell.gateway, lambda: page.view.wish, page.moved, page.view.speed)
        page.table = DataTable("Events", COLUMNS, empty=EMPTY, on_wish=page.wish)
        await page.load()
        await page.replay.load(page.view.position)


def _travel() -> None:
    """Go to a time: every page then shows what was so."""
    now = datetime.now(UTC)
    html(
        f'<label class="sr" for="as-of">Time, UTC</label><input class="input narrow" id="as-of" '
        f'type="datetime-local" max="{now:%Y-%m-%dT%H:%M}" value="{now:%Y-%m-%dT%H:%M}">'
        f'<button class="btn" type="button" data-travel>{icon("history", "sm")}See the lab as of then</button>',
        "hrow wrap",
    )


def _export_html(view: View) -> str:
    """What the list is of, as a file that can be verified; nothing for a stream that is no job's."""
    wish = view.wish
    if wish.streams and not view.q.startswith("job_"):
        return ""
    asked = {"actor": wish.actor, "kind": wish.kind, "name": wish.name, "cause": wish.cause}
    asked["job"] = "".join(wish.streams)
    given = urlencode({"format": "jsonl"} | {k: v for k, v in asked.items() if v})
    return (
        f'<a class="btn" href="/api/audit/export?{escape(given)}" download>'
        f"{icon('download', 'sm')}Export</a>"
    )


class _AuditPage:
    table: DataTable
    replay: Replay
    export: ui.html

    def __init__(self, gateway: Gateway, view: View) -> None:
        self._gateway = gateway
        self.view = view

    async def wish(self, wish: Wish) -> None:
        changed = replace(self.view, before=wish.page or "")
        if wish.clear:
            changed = View()
        if wish.query is not None:
            changed = replace(changed, q=wish.query.strip())
        if wish.facet is not None:
            changed = replace(changed, kind=wish.facet)
        if wish.select == "actor":
            changed = replace(changed, actor=wish.value)
        other = (changed.wish, changed.at) != (self.view.wish, self.view.at)
        self.view = changed
        ui.navigate.history.replace(changed.address)
        await self.load()
        if other:
            await self.replay.load(changed.position)

    async def moved(self, at: int) -> None:
        """The list ends where the replay stands."""
        speed = "" if self.replay.speed == FIRST_SPEED else self.replay.speed
        self.view = replace(self.view, at=str(at) if at else "", speed=speed, before="")
        ui.navigate.history.replace(self.view.address)
        await self.load()

    async def load(self) -> None:
        view, gateway = self.view, self._gateway

        def ask() -> EventPage:
            before = view.position + 1 if view.position else END
            if view.before.isdecimal():
                before = int(view.before)
            return gateway.reads.events_back(gateway.actor, view.wish, before=before, limit=PAGE)

        self.export.set_content(_export_html(view))
        found, names = await in_thread(ask), await gateway.names()
        people = (("", "Everybody"), *sorted(names.people.items(), key=lambda pair: pair[1]))
        self.table.show(
            [_row(event, names) for event in found.events],
            facets=[Facet(key="", label="All", count=-1)]
            + [Facet(key=kind, label=kind.title() + "s", count=-1) for kind in KINDS],
            selects=[Select(key="actor", label="Who", value=view.actor, options=people)],
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
        "then": event.position,
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
    return f"/audit?{urlencode({'q': event.stream})}"
