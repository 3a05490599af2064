"""Two texts line by line: what was taken out and what was put in. Pure."""

from __future__ import annotations

import difflib
from html import escape

CONTEXT = 3


def diff_html(old: str, new: str) -> str:
    """The inside of a ``pre.diff``; empty when they are alike."""
    out = []
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=CONTEXT, lineterm="")
    for line in list(lines)[2:]:
        kind = {"+": "add", "-": "del", "@": "at"}.get(line[:1], "")
        told = escape(line)
        out.append(f'<span class="{kind}">{told}</span>' if kind else f"<span>{told}</span>")
    return "\n".join(out)
