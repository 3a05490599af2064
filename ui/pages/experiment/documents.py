"""Files beside the notes: attached here, looked into, downloaded, removed."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import quote

from nicegui import ui
from nicegui.events import UploadEventArguments

from projections.desk_queries import DocumentRow
from ui.components.dialogs import telling, toast
from ui.components.layout import box, button, card, html
from ui.components.markup import ago, copyable, empty, icon, span
from ui.pages.experiment.context import Home
from ui.text import by_whom, size

LARGEST = 20 * 1024 * 1024


async def documents(home: Home) -> None:
    page = _Documents(home)
    page.draw()
    await page.load()


class _Documents:
    def __init__(self, home: Home) -> None:
        self._home = home

    def draw(self) -> None:
        with card("Documents"):
            self._list = box("list", "ul")
        if self._home.writable:
            self._chooser()

    def _chooser(self) -> None:
        """The library's uploader does the sending; what is seen is a button of ours."""
        upload = ui.upload(
            on_upload=lambda e: telling(self._attach(e)), multiple=True, auto_upload=True,
            max_file_size=LARGEST, on_rejected=lambda: toast("Files of up to 20 MiB can be attached.", "bad"),
        )  # fmt: skip
        upload.classes("unseen")
        upload.props["aria-label"] = "Files to attach"
        with box("hrow"):
            button("Attach files…", lambda: upload.run_method("pickFiles"), glyph="upload")
            html("Up to 20 MiB each. One of the same name is replaced.", "t-sm faint", "span")

    async def _attach(self, event: UploadEventArguments) -> None:
        data = await event.file.read()
        await self._home.desk.attach(self._home.row.id, event.file.name, data)
        toast(f"Attached {event.file.name}")
        await self.load()

    async def load(self) -> None:
        rows = await self._home.desk.documents(self._home.row.id)
        people = (await self._home.shell.gateway.names()).people
        self._list.clear()
        with self._list:
            if not rows:
                with box("", "li"):
                    told = "Papers, figures, protocols: whatever belongs to this line of research."
                    html(empty("No documents yet", told, glyph="folder"), "empty grow")
            for row in rows:
                self._row(row, by_whom(row.attached_by, people))

    def _row(self, row: DocumentRow, who: str) -> None:
        href = f"/api/experiments/{self._home.row.id}/documents/{quote(row.path)}"
        with box("", "li"):
            html(
                f"{icon('file-text')}<span class='grow'>{span(row.path, 'b5 block ellipsis')}"
                f"{span(who, 't-sm faint')}</span>"
                f"<span class='hide-s'>{copyable(row.sha256, row.sha256[:12])}</span>"
                f"{span(size(row.size), 'num t-sm muted')}{ago(row.attached_at, 'num t-sm faint hide-s')}"
                f'<a class="btn s ghost icon" href="{escape(href)}" download aria-label="Download {escape(row.path)}">'
                f"{icon('download', 'sm')}</a>",
                "hrow g3 grow",
            )
            if self._home.writable:
                button(
                    "", partial(self._remove_told, row.path), glyph="trash-2", cls="s ghost icon",
                    aria=f"Remove {row.path}",
                )  # fmt: skip

    async def _remove_told(self, path: str) -> None:
        await telling(self._remove(path))

    async def _remove(self, path: str) -> None:
        rows = await self._home.desk.documents(self._home.row.id)
        gone = next(row for row in rows if row.path == path)
        await self._home.desk.detach(self._home.row.id, path)

        async def undo() -> None:
            await self._home.desk.reattach(self._home.row.id, gone)
            await self.load()

        self._home.shell.toast_undo(f"Removed {path}", undo)
        await self.load()
