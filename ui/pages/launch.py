"""Launch a saved task, or the text of one: choose parameters and machine, see what will run, run it."""

from collections.abc import Sequence

from msgspec import structs
from nicegui import PageArguments, ui

from application.commands.jobs import Launch
from application.permissions import Action
from domain.errors import Problem
from domain.task_spec import TaskSpec
from projections.rows import ExperimentRow, ProviderRow, TaskRow
from ui.components.dialogs import telling
from ui.components.editor import YamlEditor, problem_list
from ui.components.launch_form import parameter_fields, where_fields
from ui.components.layout import box, button, card, choice, enabled, field, heading, html, text
from ui.components.markup import icon, pairs, span
from ui.shell import Shell
from ui.text import plural
from ui.views.task_check import Choices, check, plan, told

DEFAULT_MINUTES = 60
PASTED = "pasted"
START = """name: hello
resources:
  cpus: 1
run: |
  echo "hello from $(hostname)"
"""


async def launch(shell: Shell, args: PageArguments) -> None:
    """``/launch?task=…``; without a task its text is pasted here."""
    shell.crumbs(("Jobs", "/jobs"), ("Launch", ""))
    gateway = shell.gateway
    asked = str(args.query_parameters.get("task", ""))
    row = await gateway.task(asked) if asked else None
    known = await gateway.tasks()
    with box("page"):
        heading("Launch", "Everything is checked before it is queued, and frozen when it is.")
        page = _Launching(shell, row)
        page.draw(known, await gateway.providers(), await gateway.experiments())
        await page.read(row.yaml if row else START)


class _Launching:
    def __init__(self, shell: Shell, row: TaskRow | None) -> None:
        self._gateway = shell.gateway
        self._row = row
        self._task: TaskSpec | None = None
        self._problems: tuple[Problem, ...] = ()
        self._choices = Choices()
        self._editor: YamlEditor | None = None

    def draw(
        self,
        known: Sequence[TaskRow],
        providers: Sequence[ProviderRow],
        experiments: Sequence[ExperimentRow],
    ) -> None:
        with box("editor"):
            with box("vcol g4"):
                self._source(known)
                self._fields = box("contents")
            with box("vcol g4"):
                where_fields(
                    self._choices, self._show, providers=providers, experiments=experiments
                )
                self._preview = box("contents")
                self._button()

    async def read(self, yaml: str) -> None:
        """Take the text; parameters are asked for anew only when they are others."""
        checked = check(yaml)
        if self._editor:
            self._editor.mark(checked.problems)
        before = self._task.parameters if self._task else None
        self._problems = checked.problems
        self._task = checked.task or self._task
        if checked.task and checked.task.parameters != before:
            self._fields.clear()
            with self._fields:
                parameter_fields(checked.task.parameters, self._choices, self._show)
        await self._show()

    def _source(self, known: Sequence[TaskRow]) -> None:
        options = [(PASTED, "Text written here"), *((t.id, t.name) for t in known)]
        now = self._row.id if self._row else PASTED
        with card("What"), box("body vcol g4"), field("Task", "task"):
            choice("task", options, _open, value=now)
        if self._row:
            return
        with card():
            with box("", "header"):
                html(icon("file-code"), "contents", "span")
                text("task.yaml", "mono", "h2")
            self._editor = YamlEditor(START, self.read)

    def _button(self) -> None:
        with box("hrow end"):
            self._go = button(
                "Launch", lambda: telling(self._launch()), glyph="rocket", cls="primary"
            )
        if not self._gateway.may(Action.LAUNCH):
            enabled(self._go, False, why="Your role may not launch jobs.")

    async def _show(self) -> None:
        """What will run, or what keeps it from running."""
        problems = self._problems
        spec = None
        if self._task and not problems:
            planned = plan(self._task, self._choices)
            problems, spec = planned.problems, planned.spec
        self._preview.clear()
        with self._preview:
            if problems or spec is None:
                problem_list(problems, reveal=self._editor.reveal if self._editor else None)
            else:
                rows = [("Name", span(spec.name, "b5"))]
                rows += [(k, span(v)) for k, v in told(spec, default_minutes=DEFAULT_MINUTES)]
                rows += [(k, span(v, "mono t-sm num")) for k, v in spec.parameters.items()]
                with card("What will run"):
                    html(pairs(rows), "kv body", "dl")
                    html(span(spec.run, "prose"), "code", "pre")
        allowed = spec is not None and self._gateway.may(Action.LAUNCH)
        enabled(self._go, allowed, why=f"Fix {plural(len(problems), 'problem')} first.")

    async def _launch(self) -> None:
        if self._task is None:
            return
        chosen = Launch(
            experiment=self._choices.experiment,
            provider=self._choices.provider,
            parameters=self._choices.overrides(self._task.parameters),
            resources=self._choices.resource_overrides(),
            minutes_requested=self._choices.minutes_requested,
        )
        if self._row:
            chosen = structs.replace(chosen, task=self._row.id)
        elif self._editor:
            chosen = structs.replace(chosen, yaml=self._editor.text)
        ui.navigate.to(f"/jobs/{await self._gateway.launch(chosen)}")


def _open(task: str) -> None:
    ui.navigate.to("/launch" if task == PASTED else f"/launch?task={task}")
