"""A table as one element, whatever the number of rows: paged by the server, patched by row id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from nicegui.element import Element


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``kind`` says how a cell is drawn, see ``data_table.js``; ``cls`` ``m1``…``m4`` stay on phones."""

    key: str
    label: str
    kind: str = ""
    width: str = ""
    align: str = ""
    cls: str = ""
    hide_label: bool = False


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` -1 is not shown."""

    key: str
    label: str
    count: int


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the person asked the table for; ``None`` leaves a thing as it is."""

    query: str | None = None
    facet: str | None = None
    select: str | None = None
    page: str | None = None


class Empty(msgspec.Struct, frozen=True, kw_only=True):
    """What an empty table says, and the one action that fills it."""

    icon: str
    title: str
    text: str
    href: str = ""
    action: str = ""


class DataTable(Element, component="data_table.js"):
    """Filled by ``show``; ``on_wish`` answers filters and paging."""

    def __init__(
        self,
        label: str,
        columns: Sequence[Column],
        *,
        empty: Empty,
        on_wish: Callable[[Wish], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__()
        self.props["label"] = label
        self.props["columns"] = msgspec.to_builtins(columns)
        self.props["empty"] = msgspec.to_builtins(empty)
        self.props["filters"] = on_wish is not None
        if on_wish:
            self.on("change", lambda e: on_wish(msgspec.convert(e.args, Wish)))

    def show(
        self,
        rows: Sequence[Mapping[str, object]],
        *,
        facets: Sequence[Facet] = (),
        choices: Sequence[tuple[str, str]] = (),
        query: str = "",
        facet: str = "",
        chosen: str = "",
        newest: bool = True,
        older: str = "",
    ) -> None:
        """Replace the rows. ``choices`` fill the select beside the search."""
        self.props.update(
            rows=list(rows),
            facets=msgspec.to_builtins(facets),
            choices=[list(pair) for pair in choices],
            query=query,
            facet=facet,
            chosen=chosen,
            newest=newest,
            older=older,
            ready=True,
        )
        self.update()

    def patch(self, rows: Sequence[Mapping[str, object]], *, fresh: int = 0) -> None:
        """Change the rows that are on the page; ``fresh`` jobs are new and not on it."""
        self.run_method("patch", list(rows), fresh)
