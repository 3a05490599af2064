"""One task: its YAML checked while one types, its revisions, and the way to a launch."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from application.permissions import Action
from domain.errors import Problem
from projections.rows import ExperimentRow, RevisionRow, TaskRow
from ui.components.dialogs import confirmed, telling, toast
from ui.components.editor import YamlEditor, problem_list
from ui.components.layout import box, button, card, choice, enabled, field, heading, html, text
from ui.components.markup import ago, icon, span
from ui.gateway import Names
from ui.shell import Shell
from ui.text import by_whom, plural
from ui.views.task_check import check

EXAMPLE = """name: train-digits
description: A small network learns digits
resources:
  cpus: 2
  memory: 4
parameters:
  learning_rate: {type: float, default: 0.001, min: 0.00001, max: 1}
  epochs: {type: int, default: 3, min: 1, max: 100}
run: |
  python train.py
timeout: 1h
"""


async def new_task(shell: Shell) -> None:
    """``/tasks/new``"""
    shell.crumbs(("Tasks", "/tasks"), ("New task", ""))
    homes = await shell.gateway.experiments()
    with box("page"):
        heading("New task", "One file says what to run, where, and with which parameters.")
        page = _NewTask(shell, homes)
        page.draw(EXAMPLE)
        await page.checked(EXAMPLE)


async def task(shell: Shell, id: str) -> None:
    """``/tasks/{id}``"""
    row = await shell.gateway.task(id)
    shell.crumbs(("Tasks", "/tasks"), (row.name, ""))
    names = await shell.gateway.names()
    with box("page"):
        with box("hrow spread wrap"):
            sub = f"{names.experiments.get(row.experiment, '')} · revision {row.revision}"
            heading(row.name, sub)
            if shell.gateway.may(Action.LAUNCH):
                href = f"/launch?task={row.id}"
                inner = f'<a class="btn primary" href="{href}">{icon("rocket", "sm")}Launch this task</a>'
                html(inner, "contents", "span")
        page = _SavedTask(shell, row, await shell.gateway.revisions(id), names)
        page.draw(row.yaml)
        await page.checked(row.yaml)


class _Editing:
    """The editor with its problems beside it; what is below them is each page's own."""

    def __init__(self, shell: Shell) -> None:
        self.gateway = shell.gateway
        self.saves: ui.element | None = None

    def draw(self, yaml: str) -> None:
        with box("editor"):
            with card():
                with box("", "header"):
                    html(icon("file-code"), "contents", "span")
                    text("task.yaml", "mono", "h2")
                self.editor = YamlEditor(yaml, self.checked)
            with box("vcol g4"):
                self._problems = box("contents")
                self.below()

    def below(self) -> None:
        raise NotImplementedError

    async def checked(self, yaml: str) -> None:
        problems = check(yaml).problems
        self.editor.mark(problems)
        self._problems.clear()
        with self._problems:
            problem_list(problems, reveal=self.editor.reveal)
        if self.saves:
            enabled(self.saves, self.savable(yaml, problems), why=self.why_not(problems))

    def savable(self, yaml: str, problems: Sequence[Problem]) -> bool:
        del yaml
        return not problems

    def why_not(self, problems: Sequence[Problem]) -> str:
        return (
            f"Fix {plural(len(problems), 'problem')} first." if problems else "Nothing has changed."
        )


class _NewTask(_Editing):
    def __init__(self, shell: Shell, homes: Sequence[ExperimentRow]) -> None:
        super().__init__(shell)
        self._homes = homes
        self._home = homes[0].id if homes else ""

    def below(self) -> None:
        def take(value: str) -> None:
            self._home = value

        with card("Save"), box("body vcol g4"):
            with field("Experiment", "experiment"):
                choice("experiment", [(e.id, e.name) for e in self._homes], take, value=self._home)
            if self.gateway.may(Action.WRITE_TASKS):
                self.saves = button(
                    "Save task", lambda: telling(self._save()), glyph="save", cls="primary"
                )

    async def _save(self) -> None:
        made = await self.gateway.create_task(experiment=self._home, yaml=self.editor.text)
        ui.navigate.to(f"/tasks/{made}")


class _SavedTask(_Editing):
    def __init__(
        self, shell: Shell, row: TaskRow, revisions: Sequence[RevisionRow], names: Names
    ) -> None:
        super().__init__(shell)
        self._row = row
        self._yaml = row.yaml
        self._revisions = revisions
        self._names = names

    def below(self) -> None:
        if self.gateway.may(Action.WRITE_TASKS):
            with box("hrow"):
                self.saves = button("Save revision", lambda: telling(self._save()), glyph="save")
        with card("Revisions"):
            self._list = box("list")
            self._draw_revisions()

    def savable(self, yaml: str, problems: Sequence[Problem]) -> bool:
        return not problems and yaml != self._yaml

    async def _save(self) -> None:
        number = await self.gateway.revise_task(self._row.id, yaml=self.editor.text)
        self._yaml = self.editor.text
        toast(f"Saved as revision {number}")
        await self._reread()

    async def _restore(self, revision: RevisionRow) -> None:
        title = f"Restore revision {revision.number}?"
        body = "Its text becomes a new revision; nothing is lost."
        if await confirmed(title, body, "Restore"):
            await self.gateway.restore_task(self._row.id, revision=revision.number)
            self._yaml = revision.yaml
            self.editor.set(revision.yaml)
            await self._reread()

    async def _reread(self) -> None:
        self._revisions = await self.gateway.revisions(self._row.id)
        self._list.clear()
        with self._list:
            self._draw_revisions()
        await self.checked(self.editor.text)

    def _draw_revisions(self) -> None:
        latest = self._revisions[0].number if self._revisions else 0
        with self._list:
            for revision in self._revisions:
                self._revision(revision, current=revision.number == latest)

    def _revision(self, revision: RevisionRow, *, current: bool) -> None:
        who = by_whom(revision.by, self._names.people)
        old = span(f"restored {revision.restored_from}", "tag") if revision.restored_from else ""
        with box("li"):
            html(
                f"{span(f'Revision {revision.number}', 'b5 num')}{old}"
                f'<span class="grow t-sm faint ellipsis">{span(who)}</span>'
                f"{ago(revision.at, 't-sm faint num')}",
                "hrow grow",
            )
            if current:
                html(span("latest", "tag"), "contents", "span")
            elif self.saves:
                button("Restore", lambda: telling(self._restore(revision)), cls="s ghost")
