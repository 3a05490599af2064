"""Kept views of a list: chips that open them, and one that keeps the present filters under a name."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from nicegui import background_tasks

from application.permissions import Action
from ui.components.dialogs import prompted, telling, toast
from ui.components.layout import box, button, html
from ui.components.markup import icon
from ui.desk_gateway import DeskGateway
from ui.shell import Shell


class SavedViews:
    """``filters`` answers with the present ones; empty filters are not worth keeping."""

    def __init__(self, shell: Shell, page: str, filters: Callable[[], str]) -> None:
        self._shell = shell
        self._desk = DeskGateway(shell.gateway)
        self._page = page
        self._filters = filters
        self._names: dict[str, str] = {}
        with box("hrow wrap views", "div", role="group", aria_label="Kept views"):
            self._chips = html("", "contents", "span")
            self._save = None
            if shell.gateway.may(Action.KEEP_DESK):
                self._save = button(
                    "Save view", lambda: telling(self._keep()), glyph="bookmark-plus", cls="s ghost"
                )
                self._forget = button(
                    "Delete view", lambda: telling(self._delete()), glyph="trash-2", cls="s ghost"
                )
        background_tasks.create(telling(self._read()), name="views", context=self._chips)

    async def _read(self) -> None:
        views = await self._desk.views(self._page)
        self._names = {view.name: view.query for view in views}
        self.mark()

    def mark(self) -> None:
        """Show which view is open, and offer what fits."""
        now = self._filters()
        self._chips.set_content(
            "".join(
                f'<a class="facet" href="/{self._page}?{escape(query)}" '
                f'aria-current="{"page" if query == now else "false"}">{icon("bookmark", "sm")}'
                f"{escape(name)}</a>"
                for name, query in self._names.items()
            )
        )
        if self._save:
            known = now in self._names.values()
            self._save.set_visibility(bool(now) and not known)
            self._forget.set_visibility(known)

    async def _keep(self) -> None:
        name = await prompted("Save this view", "Name", "Save view")
        if name:
            await self._desk.save_view(self._page, name, self._filters())
            toast(f"Saved {name}")
            await self._read()

    async def _delete(self) -> None:
        now = self._filters()
        name = next(name for name, query in self._names.items() if query == now)
        await self._desk.delete_view(self._page, name)

        async def undo() -> None:
            await self._desk.save_view(self._page, name, now)
            await self._read()

        self._shell.toast_undo(f"Deleted {name}", undo)
        await self._read()
