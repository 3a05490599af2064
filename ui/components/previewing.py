"""A look into a saved file, as markup: text stays text whatever it says."""

from __future__ import annotations

from html import escape

from ui.components.markup import empty
from ui.views.previews import Preview


def preview_html(path: str, found: Preview) -> str:
    """``found`` under the file's name."""
    head = f'<p class="pad b5 mono ellipsis">{escape(path)}</p>'
    note = f'<p class="pad t-sm faint">{escape(found.note)}</p>' if found.note else ""
    return head + _body(path, found) + note


def _body(path: str, found: Preview) -> str:
    if found.why:
        return f'<div class="empty small">{empty("No preview", found.why, glyph="file-text")}</div>'
    if found.image:
        return f'<img class="shown" alt="{escape(path)}" src="{escape(found.image)}">'
    if found.sound:
        return f'<audio class="shown" controls src="{escape(found.sound)}"></audio>'
    if found.rows:
        return _table(found.rows)
    return f'<pre class="code" tabindex="0">{escape(found.text)}</pre>'


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:]
    )
    return (
        '<div class="wide-table" tabindex="0"><table class="grid-mini"><thead><tr>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
