"""The notes of an experiment: Markdown beside what it looks like, saved by itself, with its history."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from nicegui import background_tasks

from application.desk_reads import NotesVersion
from domain.errors import Conflict
from ui.components.dialogs import confirmed, explained, telling, toast
from ui.components.layout import area, box, button, card, html, text
from ui.components.markup import ago, empty, span
from ui.pages.experiment.context import Home
from ui.text import by_whom
from ui.views.markdown import rendered

PAUSE_S = 1.0
HISTORY = 20


async def notes(home: Home) -> None:
    page = _Notes(home)
    page.draw()
    await page.history()


class _Notes:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._saved = home.written.text or ""
        self._text = self._saved
        self._timer: asyncio.TimerHandle | None = None

    def draw(self) -> None:
        with box("notes" if self._home.writable else "vcol"):
            if self._home.writable:
                with card():
                    with box("", "header"):
                        text("Markdown", "", "h2")
                        html("", "grow", "span")
                        self._told = html("", "t-sm faint", "span")
                        self._told.props["role"] = "status"
                    self._place = box("contents")
                    with self._place:
                        self._editor()
            with card("Preview"):
                self._shown = html("", "body written")
        self._render()
        with card("History"):
            self._list = box("list", "ul")

    def _editor(self) -> None:
        editor = area(
            "notes", self._typed, value=self._text, aria_label="Notes, Markdown", rows="22"
        )
        editor.classes("mono")

    def _typed(self, value: str) -> None:
        self._text = value
        self._told.set_content("Not saved yet")
        self._render()
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._paused)

    def _paused(self) -> None:
        if self._shown.is_deleted:  # the page was left since the last word: it is kept all the same
            background_tasks.create(self._keep(), name="save notes")
        else:
            background_tasks.create(telling(self._save()), name="save notes", context=self._shown)

    async def _keep(self) -> None:
        with suppress(Conflict):  # what somebody else saved meanwhile stands
            await self._home.desk.note(self._home.row.id, self._text, instead_of=self._saved)

    async def _save(self) -> None:
        kept = self._text
        try:
            await self._home.desk.note(self._home.row.id, kept, instead_of=self._saved)
        except Conflict as error:
            self._told.set_content("Not saved")
            told = "Somebody else saved these notes meanwhile. Yours are still in the field: copy them, then reload."
            toast(f"{told} ({explained(error)})", "bad")
            return
        self._saved = kept
        self._told.set_content(f"Saved {datetime.now(UTC):%H:%M:%S} UTC")
        await self.history()

    def _render(self) -> None:
        nothing = empty(
            "Nothing written yet",
            "What was tried, what worked, what comes next.",
            glyph="notebook-pen",
        )
        self._shown.set_content(
            rendered(self._text)
            if self._text.strip()
            else f'<div class="empty small">{nothing}</div>'
        )

    async def history(self) -> None:
        versions = await self._home.desk.notes_history(self._home.row.id)
        people = (await self._home.shell.gateway.names()).people
        self._list.clear()
        with self._list:
            for version in versions[:HISTORY]:
                self._version(version, by_whom(version.by, people), latest=version is versions[0])

    def _version(self, version: NotesVersion, who: str, *, latest: bool) -> None:
        with box("", "li"):
            html(
                f"{span(f'Revision {version.number}', 'b5 num')}{span(who, 't-sm faint grow')}"
                f"{ago(version.at, 't-sm faint num')}",
                "hrow grow",
            )
            if latest:
                html(span("latest", "tag"), "contents", "span")
            elif self._home.writable:
                button(
                    "Restore",
                    partial(self._restore_told, version),
                    cls="s ghost",
                    aria=f"Restore revision {version.number}",
                )

    async def _restore_told(self, version: NotesVersion) -> None:
        await telling(self._restore(version))

    async def _restore(self, version: NotesVersion) -> None:
        body = "Its text becomes the notes again; every version stays in the history."
        if await confirmed(f"Restore revision {version.number}?", body, "Restore", danger=False):
            self._text = version.text
            await self._save()
            self._place.clear()
            with self._place:
                self._editor()
            self._render()
