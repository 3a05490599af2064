"""A task from a git repository: its task.yaml is read at a commit, checked, and opened in the editor."""

from urllib.parse import urlencode

from nicegui import PageArguments, ui

from domain.errors import LabError
from ui.components.dialogs import telling
from ui.components.layout import box, button, card, entry, field, heading, html
from ui.components.markup import note
from ui.shell import Shell
from ui.task_gateway import TaskGateway


async def import_task(shell: Shell, args: PageArguments) -> None:
    """``/tasks/import``"""
    del args
    shell.crumbs(("Tasks", "/tasks"), ("From a repository", ""))
    with box("page narrow-page"):
        heading("From a repository", "The task.yaml of a git repository, as it is at a commit.")
        _Import(shell).draw()


class _Import:
    def __init__(self, shell: Shell) -> None:
        self._gateway = TaskGateway(shell.gateway)
        self._given = {"url": "", "ref": "", "folder": ""}

    def draw(self) -> None:
        with card("Repository"), box("body vcol g4", "form") as form:
            form.on(
                "submit",
                lambda: telling(self._read()),
                args=[],
                js_handler="(e) => { e.preventDefault(); emit(); }",
            )
            for key, label, hint in (
                ("url", "Address", "https://… or git@…"),
                ("ref", "Branch, tag or commit", "Empty: the default branch."),
                ("folder", "Folder", "Where task.yaml is; empty: at the top."),
            ):
                with field(label, f"git-{key}", hint=hint):
                    entry(f"git-{key}", lambda v, key=key: self._given.update({key: v}))  # type: ignore[misc]
            self._told = html("")
            with box("hrow"):
                button("Read it", lambda: telling(self._read()), glyph="git-branch", cls="primary")

    async def _read(self) -> None:
        self._told.set_content(f'<div class="note">{note("Reading the repository…")}</div>')
        try:
            await self._gateway.read_repository(**self._given)
        except LabError as error:
            self._told.set_content(
                f'<div class="note bad" role="alert">{note(str(error), kind="bad")}</div>'
            )
            return
        ui.navigate.to(f"/tasks/new?{urlencode(self._given)}")
