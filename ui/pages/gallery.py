"""The gallery: tasks that come with the product, to begin from. Nothing is fetched for it."""

from __future__ import annotations

from html import escape

from application.permissions import Action
from ui.components.layout import box, heading, html
from ui.components.markup import icon, span
from ui.shell import Shell
from ui.views.gallery import Example, gallery


async def gallery_page(shell: Shell) -> None:
    """``/tasks/gallery``"""
    shell.crumbs(("Tasks", "/tasks"), ("Gallery", ""))
    may = shell.gateway.may(Action.WRITE_TASKS)
    with box("page"):
        heading("Gallery", "Tasks to begin from. Each opens in the editor; nothing runs yet.")
        with box("tiles-wide"):
            for one in gallery():
                html(_card(one, usable=may), "card tile-card", "article")


def _card(one: Example, *, usable: bool) -> str:
    lines = "\n".join(one.yaml.splitlines()[:14])
    use = f'<a class="btn" href="/tasks/new?from={one.key}">{icon("file-plus", "sm")}Use it</a>'
    return (
        f"<header><h2>{escape(one.name)}</h2>{span(one.machine, 'tag')}</header>"
        f'<div class="body vcol g3"><p class="muted">{escape(one.description)}</p>'
        f'<pre class="code small" tabindex="0">{escape(lines)}</pre>'
        f"<div>{use if usable else ''}</div></div>"
    )
