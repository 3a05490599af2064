"""What a job saved: kind, name, size, step, files with their SHA-256; a look into each, and downloads."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import quote

from projections.rows import ArtifactRow
from ui.components.dialogs import telling
from ui.components.layout import box, button, card, html
from ui.components.markup import ago, copyable, empty, icon, span
from ui.components.previewing import preview_html
from ui.pages.job.context import JobView, Section
from ui.text import plural, size

GLYPHS = {"model": "box", "checkpoint": "bookmark", "dataset": "layers"}


async def artifacts(view: JobView) -> list[Section]:
    section = _Artifacts(view)
    await section.refresh()
    return [section]


class _Artifacts:
    cares = "f"

    def __init__(self, view: JobView) -> None:
        self._view = view
        self._shown: tuple[str, ...] | None = None
        with box("two", style="--aside:minmax(0,44%)"):
            with box("card", "section", aria_label="Artifacts"):
                self._place = box("contents")
            with card("Preview", cls="sticky"):
                told = "Choose a file to look into it here."
                self._preview = html(empty("Nothing chosen", told, glyph="eye"), "empty small")

    async def refresh(self) -> None:
        found = await self._view.gateway.artifacts(self._view.row.id)
        ids = tuple(row.id for row in found)
        if ids == self._shown:
            return
        self._shown = ids
        self._place.clear()
        with self._place:
            if not found:
                told = "Artifacts appear here as the code saves them."
                html(empty("Nothing saved", told, glyph="package"), "empty")
            for row in reversed(found):
                self._artifact(row)

    def _artifact(self, row: ArtifactRow) -> None:
        with box("saved"):
            html(head_html(row), "list-row")
            with box("files"):
                for file in row.files:
                    self._file(
                        row, str(file["path"]), int(file.get("size", 0)), str(file["sha256"])
                    )

    def _file(self, row: ArtifactRow, path: str, length: int, digest: str) -> None:
        with box("hrow"):
            button(
                path, partial(self._look, row, path, length), glyph="eye", cls="s ghost file",
                aria=f"Look into {path}",
            )  # fmt: skip
            html(
                f'<span class="grow"></span><span class="hide-s">{copyable(digest, digest[:12])}</span>'
                f"{span(size(length), 'num t-sm faint')}{download_html(row.id, path)}",
                "contents",
                "span",
            )

    async def _look(self, row: ArtifactRow, path: str, length: int) -> None:
        async def look() -> None:
            found = await self._view.gateway.look_into(row, path, length)
            self._preview.classes(replace="")
            self._preview.set_content(preview_html(path, found))

        await telling(look())


def head_html(row: ArtifactRow) -> str:
    """One artifact in a line."""
    step = (
        f'<span class="tag">step {row.step:,}</span>'
        if row.step is not None and row.step >= 0
        else ""
    )
    about = f"{row.kind} · {plural(len(row.files), 'file')}"
    return (
        f'{icon(GLYPHS.get(row.kind, "file-text"))}<span class="grow"><span class="b5 ellipsis block">'
        f'{escape(row.name)}</span><span class="t-xs faint">{escape(about)}</span></span>{step}'
        f'<span class="num t-sm muted">{size(row.size)}</span>{ago(row.saved_at, "num t-sm faint")}'
    )


def download_html(artifact: str, path: str) -> str:
    href = f"/api/artifacts/{artifact}/{quote(path)}"
    return (
        f'<a class="btn s ghost icon" href="{escape(href)}" download aria-label="Download {escape(path)}" '
        f'title="Download">{icon("download", "sm")}</a>'
    )
