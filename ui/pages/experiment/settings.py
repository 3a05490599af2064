"""What an experiment is called and compared by; archiving it, which keeps everything."""

from __future__ import annotations

from nicegui import ui

from ui.components.dialogs import telling, toast
from ui.components.layout import area, box, button, card, entry, field, html, switch
from ui.pages.experiment.context import Home


async def settings(home: Home) -> None:
    _Settings(home).draw()


class _Settings:
    def __init__(self, home: Home) -> None:
        self._home = home
        written = home.written
        self._name = home.row.name
        self._description = written.description or ""
        self._score = written.score or ""
        self._lower = bool(written.lower_is_better)

    def draw(self) -> None:
        if not self._home.writable:
            html("Your role may look at these settings and not change them.", "muted", "p")
        with card("Name and description"), box("body vcol g4 narrow-form"):
            with field("Name", "exp-name"):
                entry("exp-name", self._take_name, value=self._name)
            with field("Description", "exp-description", hint="A sentence or two, shown in lists."):
                area("exp-description", self._take_description, value=self._description, rows="3")
            if self._home.writable:
                button("Save", lambda: telling(self._save()), glyph="save")
        with card("Score"), box("body vcol g4 narrow-form"):
            with field(
                "Score", "exp-score", hint="The name that jobs report with lab.finish(score=…)."
            ):
                entry("exp-score", self._take_score, value=self._score)
            switch("exp-lower", "Lower is better", self._take_lower, on=self._lower)
            if self._home.writable:
                button("Save score", lambda: telling(self._save_score()), glyph="save")
        if self._home.writable:
            with card("Archive"), box("body vcol g3"):
                html(
                    "It is left out of lists; its tasks, jobs, notes and their log stay.",
                    "muted",
                    "p",
                )
                label = "Restore" if self._home.row.archived else "Archive"
                button(label, lambda: telling(self._archive()), glyph="folder")

    def _take_name(self, value: str) -> None:
        self._name = value

    def _take_description(self, value: str) -> None:
        self._description = value

    def _take_score(self, value: str) -> None:
        self._score = value

    def _take_lower(self, value: str) -> None:
        self._lower = value == "true"

    async def _save(self) -> None:
        id = self._home.row.id
        await self._home.desk.rename(id, self._name)
        await self._home.desk.describe(id, self._description)
        toast("Saved")
        ui.navigate.reload()

    async def _save_score(self) -> None:
        await self._home.desk.choose_score(
            self._home.row.id, self._score, lower_is_better=self._lower
        )
        toast("Saved")

    async def _archive(self) -> None:
        id, archived = self._home.row.id, self._home.row.archived
        await self._home.desk.archive(id, on=not archived)

        async def undo() -> None:
            await self._home.desk.archive(id, on=archived)
            ui.navigate.to(f"/experiments/{id}")

        self._home.shell.toast_undo(
            "Restored" if archived else f"Archived {self._home.row.name}", undo
        )
        ui.navigate.to("/experiments")
