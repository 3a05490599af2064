"""What a job saved: kind, name, size, step, files with their SHA-256, downloads."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from projections.rows import ArtifactRow
from ui.components.layout import box, html
from ui.components.markup import ago, copyable, empty, icon, span
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
        with box("card"):
            self._list = html("", "list")

    async def refresh(self) -> None:
        found = await self._view.gateway.artifacts(self._view.row.id)
        nothing = empty(
            "Nothing saved", "Artifacts appear here as the code saves them.", glyph="package"
        )
        rows = "".join(artifact_html(row) for row in reversed(found))
        self._list.set_content(rows or f'<div class="empty">{nothing}</div>')


def artifact_html(row: ArtifactRow) -> str:
    """One artifact with its files; every file is a download."""
    step = (
        f'<span class="tag">step {row.step:,}</span>'
        if row.step is not None and row.step >= 0
        else ""
    )
    about = f"{row.kind} · {plural(len(row.files), 'file')}"
    head = (
        f'{icon(GLYPHS.get(row.kind, "file-text"))}<span class="grow"><span class="b5 ellipsis block">'
        f'{escape(row.name)}</span><span class="t-xs faint">{escape(about)}</span></span>{step}'
        f'<span class="num t-sm muted">{size(row.size)}</span>{ago(row.saved_at, "num t-sm faint")}'
    )
    files = "".join(_file_html(row, file) for file in row.files)
    return f'<div class="saved"><div class="li">{head}</div><div class="files">{files}</div></div>'


def _file_html(row: ArtifactRow, file: dict[str, object]) -> str:
    path, digest = str(file["path"]), str(file["sha256"])
    href = f"/api/artifacts/{row.id}/{quote(path)}"
    length = file.get("size", 0)
    return (
        f'<div class="hrow"><a class="grow" href="{escape(href)}" download>{icon("download", "sm")}'
        f'<span class="name mono ellipsis">{escape(path)}</span></a>'
        f'<span class="hide-s">{copyable(digest, digest[:12])}</span>'
        f"{span(size(length if isinstance(length, int) else 0), 'num t-sm faint')}</div>"
    )
