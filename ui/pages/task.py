"""One task: its YAML or a form of its parameters, checked while one types; what would run; its revisions."""

from collections.abc import Mapping, Sequence
from functools import partial

from nicegui import PageArguments, ui

from application.permissions import Action, require
from domain.errors import Problem
from domain.task_spec import TaskSpec
from projections.rows import ExperimentRow, RevisionRow, TaskRow
from ui.components.dialogs import confirmed, modal, telling, toast
from ui.components.editor import YamlEditor, problem_list
from ui.components.layout import (
    box,
    button,
    card,
    choice,
    enabled,
    entry,
    field,
    heading,
    html,
    text,
)
from ui.components.markup import ago, icon, pairs, span
from ui.components.switches import Switches
from ui.gateway import Names
from ui.shell import Shell
from ui.task_gateway import TaskGateway
from ui.text import by_whom, plural
from ui.views.gallery import example
from ui.views.parameter_edits import set_default
from ui.views.task_check import Choices, check, default_text, limits, plan, told
from ui.views.text_diff import diff_html

EXAMPLE = "digits"
DEFAULT_MINUTES = 60
MODES = {"yaml": "YAML", "form": "Form"}


async def new_task(shell: Shell, args: PageArguments) -> None:
    """``/tasks/new``; ``from`` names one of the gallery, ``url`` a repository, ``job`` a run to copy."""
    require(shell.gateway.actor, Action.WRITE_TASKS)
    shell.crumbs(("Tasks", "/tasks"), ("New task", ""))
    homes = await shell.gateway.experiments()
    yaml = await _beginning(shell, {k: str(v) for k, v in args.query_parameters.items()})
    with box("page"):
        heading("New task", "One file says what to run, where, and with which parameters.")
        page = _NewTask(shell, homes, yaml=yaml)
        page.draw(yaml)
        await page.checked(yaml)


async def _beginning(shell: Shell, asked: Mapping[str, str]) -> str:
    if asked.get("url"):
        given = {key: asked.get(key, "") for key in ("url", "ref", "folder")}
        return (await TaskGateway(shell.gateway).read_repository(**given)).yaml
    one = example(asked.get("from", "")) or example(EXAMPLE)
    return one.yaml if one else ""


async def task(shell: Shell, id: str) -> None:
    """``/tasks/{id}``"""
    row = await shell.gateway.task(id)
    shell.crumbs(("Tasks", "/tasks"), (row.name, ""))
    names = await shell.gateway.names()
    with box("page"):
        with box("hrow spread wrap"):
            sub = f"{names.experiments.get(row.experiment, '')} · revision {row.revision}"
            heading(row.name, sub)
            _ways(shell, row)
        page = _SavedTask(shell, row, await shell.gateway.revisions(id), names)
        page.draw(row.yaml)
        await page.checked(row.yaml)


def _ways(shell: Shell, row: TaskRow) -> None:
    with box("hrow wrap"):
        jobs = f'<a class="btn" href="/jobs?task={row.id}">{icon("list-checks", "sm")}Its jobs</a>'
        html(jobs, "contents", "span")
        if shell.gateway.may(Action.WRITE_TASKS):
            button("Archive", lambda: telling(_archive(shell, row)), glyph="folder", cls="ghost")
        if shell.gateway.may(Action.LAUNCH):
            href = f"/launch?task={row.id}"
            inner = f'<a class="btn primary" href="{href}" data-launch>{icon("rocket", "sm")}Launch this task</a>'
            html(inner, "contents", "span")


async def _archive(shell: Shell, row: TaskRow) -> None:
    body = "It is left out of lists and its name becomes free. Its revisions and jobs stay."
    if await confirmed(f"Archive {row.name}?", body, "Archive"):
        await TaskGateway(shell.gateway).archive(row.id)
        ui.navigate.to("/tasks")


class _Editing:
    """The editor with its problems beside it; what is below them is each page's own.

    ``kept`` is what is saved, or was there to begin with; ``path`` is where the page is.
    """

    def __init__(self, shell: Shell, *, kept: str, path: str) -> None:
        self.gateway = shell.gateway
        self.saves: ui.element | None = None
        self.kept = kept
        self._path = path
        self._task: TaskSpec | None = None

    def draw(self, yaml: str) -> None:
        with box("editor"):
            with card():
                with box("", "header"):
                    html(icon("file-code"), "contents", "span")
                    text("task.yaml", "mono", "h2")
                    html("", "grow", "span")
                    Switches("How the task is shown", MODES, self._mode, value="yaml")
                self._yaml_place = box("contents-block")
                with self._yaml_place:
                    self.editor = YamlEditor(yaml, self.checked)
                self._form_place = box("body vcol g4")
                self._form_place.set_visibility(False)
            with box("vcol g4"):
                self._problems = box("contents")
                self._runs = box("contents")
                self.below()

    def below(self) -> None:
        raise NotImplementedError

    async def checked(self, yaml: str) -> None:
        found = check(yaml)
        self._task = found.task or self._task
        self.editor.mark(found.problems)
        self._problems.clear()
        with self._problems:
            problem_list(found.problems, reveal=self.editor.reveal)
        self._runs.clear()
        with self._runs:
            if found.task:
                _will_run(found.task)
        if self.saves:
            enabled(
                self.saves, self.savable(yaml, found.problems), why=self.why_not(found.problems)
            )
        self._warn(unsaved=yaml != self.kept)

    def saved(self, yaml: str) -> None:
        """Nobody is asked any more before the page is left."""
        self.kept = yaml
        self._warn(unsaved=False)

    def _warn(self, *, unsaved: bool) -> None:
        """``shell.js`` asks before a page is left that has ``data-unsaved``."""
        here = self._path if unsaved else None
        if here != self._yaml_place.props.get("data-unsaved"):
            self._yaml_place.props["data-unsaved"] = here
            self._yaml_place.update()

    def savable(self, yaml: str, problems: Sequence[Problem]) -> bool:
        del yaml
        return not problems

    def why_not(self, problems: Sequence[Problem]) -> str:
        return (
            f"Fix {plural(len(problems), 'problem')} first." if problems else "Nothing has changed."
        )

    def _mode(self, mode: str) -> None:
        self._yaml_place.set_visibility(mode == "yaml")
        self._form_place.set_visibility(mode == "form")
        if mode == "form":
            self._form()

    def _form(self) -> None:
        """The defaults of the parameters; each change is made in the text."""
        self._form_place.clear()
        parameters = self._task.parameters if self._task else {}
        with self._form_place:
            if not parameters:
                html(
                    "This task has no parameters. Add some under <code>parameters:</code>.",
                    "muted",
                    "p",
                )
            for name, definition in parameters.items():
                hint = " · ".join(filter(None, (definition.description, limits(definition))))
                with field(definition.title or name, f"d-{name}", hint=hint):
                    options = [(str(o), str(o)) for o in definition.options]
                    now = default_text(definition)
                    take = partial(self._set_default, name)
                    if options:
                        choice(f"d-{name}", options, take, value=now)
                    else:
                        entry(f"d-{name}", take, value=now)

    async def _set_default(self, name: str, value: str) -> None:
        changed = set_default(self.editor.text, name, value)
        if changed is None:
            toast(f"{name} is written in a way that the form does not change. Use the YAML.", "bad")
            return
        self.editor.set(changed)
        await self.checked(changed)


def _will_run(task: TaskSpec) -> None:
    planned = plan(task, Choices())
    if planned.spec is None:
        return
    rows = [(k, span(v)) for k, v in told(planned.spec, default_minutes=DEFAULT_MINUTES)]
    with card("What will run"):
        html(pairs(rows), "kv body", "dl")


class _NewTask(_Editing):
    def __init__(self, shell: Shell, homes: Sequence[ExperimentRow], *, yaml: str) -> None:
        super().__init__(shell, kept=yaml, path="/tasks/new")
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
                self.saves.props["data-save"] = ""

    async def _save(self) -> None:
        yaml = self.editor.text
        made = await self.gateway.create_task(experiment=self._home, yaml=yaml)
        self.saved(yaml)
        ui.navigate.to(f"/tasks/{made}")


class _SavedTask(_Editing):
    def __init__(
        self, shell: Shell, row: TaskRow, revisions: Sequence[RevisionRow], names: Names
    ) -> None:
        super().__init__(shell, kept=row.yaml, path=f"/tasks/{row.id}")
        self._row = row
        self._revisions = revisions
        self._names = names

    def below(self) -> None:
        if self.gateway.may(Action.WRITE_TASKS):
            with box("hrow"):
                self.saves = button("Save revision", lambda: telling(self._save()), glyph="save")
                self.saves.props["data-save"] = ""
        with card("Revisions"):
            self._list = box("list", "ul")
            self._draw_revisions()

    def savable(self, yaml: str, problems: Sequence[Problem]) -> bool:
        return not problems and yaml != self.kept

    async def _save(self) -> None:
        yaml = self.editor.text
        number = await self.gateway.revise_task(self._row.id, yaml=yaml)
        self.saved(yaml)
        toast(f"Saved as revision {number}")
        await self._reread()

    async def _restore(self, revision: RevisionRow) -> None:
        title = f"Restore revision {revision.number}?"
        body = "Its text becomes a new revision; nothing is lost."
        if await confirmed(title, body, "Restore", danger=False):
            await self.gateway.restore_task(self._row.id, revision=revision.number)
            self.saved(revision.yaml)
            self.editor.set(revision.yaml)
            await self._reread()

    async def _reread(self) -> None:
        self._revisions = await self.gateway.revisions(self._row.id)
        self._list.clear()
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
        with box("", "li"):
            html(
                f"{span(f'Revision {revision.number}', 'b5 num')}{old}"
                f'<span class="grow t-sm faint ellipsis">{span(who)}</span>'
                f"{ago(revision.at, 't-sm faint num')}",
                "hrow grow",
            )
            label = f"Compare revision {revision.number}"
            button("Diff", lambda: self._diff(revision), cls="s ghost", aria=label)
            if current:
                html(span("latest", "tag"), "contents", "span")
            elif self.saves:
                button("Restore", lambda: telling(self._restore(revision)), cls="s ghost")

    def _diff(self, revision: RevisionRow) -> None:
        """What the editor's text has beyond this revision; the latest, beyond the one before."""
        new, old = self.editor.text, revision
        title = f"Revision {revision.number} and the text in the editor"
        if revision.yaml == new and len(self._revisions) > 1:
            before = [r for r in self._revisions if r.number < revision.number]
            old = before[0] if before else revision
            title = f"Revision {old.number} and revision {revision.number}"
        found = diff_html(old.yaml, new)
        with modal(title) as dialog, box("dlg wide-dlg"):
            html(f"<h2>{title}</h2>", "dh")
            nothing = '<p class="muted pad">They are alike.</p>'
            shown = f'<pre class="diff" tabindex="0">{found}</pre>' if found else nothing
            html(shown, "body flat")
            with box("df"):
                button("Close", dialog.close)
        dialog.open()
