"""A table as one element, whatever the number of rows: paged by the server, patched by row id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from nicegui.element import Element


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``kind`` says how a cell is drawn, see ``static/table_cells.js``; ``cls`` ``m1``…``m4`` stay on phones.

    ``sort`` is what the person asks to order by when they press its head.
    """

    key: str
    label: str
    kind: str = ""
    width: str = ""
    align: str = ""
    cls: str = ""
    hide_label: bool = False
    sort: str = ""


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` -1 is not shown."""

    key: str
    label: str
    count: int


class Select(msgspec.Struct, frozen=True, kw_only=True):
    """A filter beside the search. ``options`` are ``(value, label)``; the first is "all"."""

    key: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...]


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do with ``least`` to ``most`` selected rows."""

    key: str
    label: str
    icon: str
    cls: str = ""
    least: int = 1
    most: int = 200


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked the table for; ``None`` leaves a thing as it is."""

    query: str | None = None
    facet: str | None = None
    select: str | None = None
    value: str = ""
    sort: str | None = None
    desc: bool = True
    page: str | None = None
    clear: bool = False


class Empty(msgspec.Struct, frozen=True, kw_only=True):
    """What an empty table says, and the one action that fills it."""

    icon: str
    title: str
    text: str
    href: str = ""
    action: str = ""


Row = Mapping[str, object]
OnWish = Callable[[Wish], Awaitable[None]]
OnBulk = Callable[[str, list[str]], Awaitable[None]]
OnStar = Callable[[str, bool], Awaitable[None]]


class DataTable(Element, component="data_table.js"):
    """Filled by ``show``; ``on_wish`` answers filters and paging."""

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        *,
        empty: Empty,
        on_wish: OnWish | None = None,
        actions: Sequence[Bulk] = (),
        on_bulk: OnBulk | None = None,
        on_star: OnStar | None = None,
        searchable: bool = True,
    ) -> None:
        super().__init__()
        self.props["label"] = label
        self.props["columns"] = msgspec.to_builtins(columns)
        self.props["empty"] = msgspec.to_builtins(empty)
        self.props["filters"] = on_wish is not None
        self.props["searchable"] = searchable
        self.props["actions"] = msgspec.to_builtins(actions)
        if on_wish:
            self.on("change", lambda e: on_wish(msgspec.convert(e.args, Wish)))
        if on_bulk:
            self.on(
                "act", lambda e: on_bulk(str(e.args["action"]), [str(i) for i in e.args["ids"]])
            )
        if on_star:
            self.on("star", lambda e: on_star(str(e.args["id"]), bool(e.args["on"])))

    def show(
        self,
        rows: Sequence[Row],
        *,
        facets: Sequence[Facet] = (),
        selects: Sequence[Select] = (),
        query: str = "",
        facet: str = "",
        sort: str = "",
        desc: bool = True,
        newest: bool = True,
        older: str = "",
    ) -> None:
        """Replace the rows."""
        self.props.update(
            rows=list(rows),
            facets=msgspec.to_builtins(facets),
            selects=msgspec.to_builtins(selects),
            query=query,
            facet=facet,
            sort=sort,
            desc=desc,
            newest=newest,
            older=older,
            ready=True,
        )
        self.update()

    def patch(self, rows: Sequence[Row], *, fresh: int = -1) -> None:
        """Change the rows that are on the page; ``fresh`` jobs are new and not on it."""
        self.run_method("patch", list(rows), fresh)

    def drop_selection(self) -> None:
        self.run_method("drop")
