"""The table of what differs between runs, as markup."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.views.differences import Difference

LONGEST = 240


def differing_html(found: Sequence[Difference], heads: Sequence[str], *, only: bool) -> str:
    """``heads`` are markup, one a run. With ``only`` lines that are alike are left out."""
    shown = [line for line in found if line.differs or not only]
    if not shown:
        return '<p class="muted pad">Nothing differs.</p>'
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    body, group = [], ""
    for line in shown:
        if line.group != group:
            group = line.group
            span = len(heads) + 1
            body.append(
                f'<tr class="grp"><th scope="rowgroup" colspan="{span}">{escape(group)}</th></tr>'
            )
        body.append(_line(line))
    return (
        f'<table class="grid-mini"><thead><tr><th scope="col">What</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _line(line: Difference) -> str:
    first = line.values[0]
    cells = "".join(
        f'<td class="mono {"same" if value == first else "diff"}">{_cell(value)}</td>'
        for value in line.values
    )
    return f'<tr><th scope="row">{escape(line.name)}</th>{cells}</tr>'


def _cell(value: str) -> str:
    if not value:
        return '<span class="faint">—</span>'
    short = value if len(value) <= LONGEST else value[:LONGEST] + "…"
    return escape(short)
