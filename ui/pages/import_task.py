"""A task from elsewhere: the task.yaml of a git repository, opened in the editor, or a packed folder."""

from collections.abc import Sequence
from urllib.parse import urlencode

from nicegui import PageArguments, ui
from nicegui.events import UploadEventArguments

from application.permissions import Action, require
from domain.errors import LabError
from projections.rows import ExperimentRow
from ui.components.dialogs import telling, toast
from ui.components.layout import box, button, card, choice, entry, field, heading, html
from ui.components.markup import note
from ui.shell import Shell
from ui.task_gateway import TaskGateway

LARGEST = 32 * 1024 * 1024


async def import_task(shell: Shell, args: PageArguments) -> None:
    """``/tasks/import``"""
    del args
    require(shell.gateway.actor, Action.WRITE_TASKS)
    shell.crumbs(("Tasks", "/tasks"), ("Import", ""))
    homes = await shell.gateway.experiments()
    with box("page narrow-page"):
        heading("Import a task", "From a git repository, as it is at a commit, or a packed folder.")
        _Import(shell).draw()
        if shell.gateway.may(Action.WRITE_TASKS):
            _Archive(shell, homes).draw()


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


class _Archive:
    """A .zip or .tar.gz of a task's folder: saved with its files at once, or refused as a whole."""

    def __init__(self, shell: Shell, homes: Sequence[ExperimentRow]) -> None:
        self._gateway = TaskGateway(shell.gateway)
        self._homes = homes
        self._home = homes[0].id if homes else ""

    def draw(self) -> None:
        upload = ui.upload(
            on_upload=lambda e: telling(self._take(e)), auto_upload=True,
            max_file_size=LARGEST, on_rejected=lambda: toast("Archives of up to 32 MiB are taken.", "bad"),
        )  # fmt: skip
        upload.classes("unseen")
        upload.props["aria-label"] = "A packed folder"
        upload.props["accept"] = ".zip,.gz,.tgz"
        with card("Packed folder"), box("body vcol g4"):
            with field("Experiment", "archive-experiment"):
                options = [(home.id, home.name) for home in self._homes]
                choice("archive-experiment", options, self._choose, value=self._home)
            self._told = html("")
            with box("hrow"):
                button("Choose…", lambda: upload.run_method("pickFiles"), glyph="upload")
                told = "A .zip or .tar.gz with task.yaml at its top, up to 32 MiB."
                html(told, "t-sm faint", "span")

    def _choose(self, experiment: str) -> None:
        self._home = experiment

    async def _take(self, event: UploadEventArguments) -> None:
        try:
            data = await event.file.read()
            made = await self._gateway.take_archive(experiment=self._home, data=data)
        except LabError as error:
            self._told.set_content(
                f'<div class="note bad" role="alert">{note(str(error), kind="bad")}</div>'
            )
            return
        ui.navigate.to(f"/tasks/{made}")
