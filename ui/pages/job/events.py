"""Everything recorded of a job, newest first, each fact as a sentence."""

from __future__ import annotations

from html import escape

from domain.model import Event
from ui.components.layout import card, html
from ui.components.markup import ago
from ui.job_gateway import JobGateway
from ui.pages.job.context import JobView, Section
from ui.text import by_whom
from ui.views.sentences import sentence


async def events(view: JobView) -> list[Section]:
    section = _Events(view)
    await section.refresh()
    return [section]


class _Events:
    cares = "f"

    def __init__(self, view: JobView) -> None:
        self._view = view
        with card("Events"):
            self._list = html("", "", "ol")

    async def refresh(self) -> None:
        facts = await JobGateway(self._view.gateway).facts(self._view.row.id)
        self._list.set_content("".join(self._row(fact) for fact in reversed(facts)))

    def _row(self, fact: Event) -> str:
        colour, text = sentence(fact)
        who = by_whom(fact.by, self._view.names.people)
        return (
            f'<li class="ev-row">{ago(fact.at, "t-sm faint num")}'
            f'<span class="dot" style="--c:var(--st-{colour})"></span>'
            f'<span class="prose">{escape(text)}</span><span class="t-sm faint hide-s">{escape(who)}</span></li>'
        )
