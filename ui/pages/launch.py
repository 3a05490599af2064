"""Launch a saved task, a copy of a job, or the text of one: choose, see what will run and cost, run it."""

from collections.abc import Mapping, Sequence
from html import escape

from msgspec import structs
from nicegui import PageArguments, background_tasks, ui

from application.commands.jobs import Launch, LaunchCost
from application.permissions import Action, require_somewhere
from domain.errors import LabError, Problem
from domain.job_spec import JobSpec
from domain.task_spec import TaskSpec
from projections.rows import ExperimentRow, JobRow, ProviderRow, TaskRow
from ui.components.dialogs import telling
from ui.components.editor import YamlEditor, problem_list
from ui.components.launch_form import parameter_fields, where_fields
from ui.components.layout import box, button, card, choice, enabled, field, heading, html, text
from ui.components.markup import icon, pairs, span
from ui.shell import Shell
from ui.task_gateway import TaskGateway
from ui.text import plural
from ui.views.costs import Line, cost_line, grid, offers_line, price_line, quota_lines
from ui.views.task_check import Choices, check, plan, told

DEFAULT_MINUTES = 60
PASTED = "pasted"
SWEEP_SHOWN = 6
START = """name: hello
resources:
  cpus: 1
run: |
  echo "hello from $(hostname)"
"""


async def launch(shell: Shell, args: PageArguments) -> None:
    """``/launch?task=…``, ``?clone=JOB``; without either its text is pasted here."""
    require_somewhere(shell.gateway.actor, Action.LAUNCH)
    shell.crumbs(("Jobs", "/jobs"), ("Launch", ""))
    gateway = shell.gateway
    asked = {k: str(v) for k, v in args.query_parameters.items()}
    old = await gateway.job(asked["clone"]) if asked.get("clone") else None
    wanted = asked.get("task", "") or (old.task if old else "") or ""
    row = await gateway.task(wanted) if wanted else None
    known = await gateway.tasks()
    with box("page"):
        name = f"Launch {row.name}" if row else "Launch"
        heading(name, "Everything is checked before it is queued, and frozen when it is.")
        page = _Launching(shell, row)
        if old:
            page.copy(old)
        page.draw(known, await gateway.providers(), await gateway.experiments())
        await page.read(row.yaml if row else START)


class _Launching:
    _go: ui.element

    def __init__(self, shell: Shell, row: TaskRow | None) -> None:
        self._shell = shell
        self._gateway = shell.gateway
        self._tasks = TaskGateway(shell.gateway)
        self._row = row
        self._choices = Choices()
        self._task: TaskSpec | None = None
        self._problems: Sequence[Problem] = ()
        self._editor: YamlEditor | None = None
        self._providers: Mapping[str, ProviderRow] = {}
        self._look = 0
        self._launched = False

    def copy(self, old: JobRow) -> None:
        """Begin with what a job was launched with."""
        given = old.spec.get("parameters", {})
        self._choices.parameters = {k: _typed(v) for k, v in given.items()}
        self._choices.provider = old.provider
        self._choices.experiment = old.experiment

    def draw(
        self,
        known: Sequence[TaskRow],
        providers: Sequence[ProviderRow],
        experiments: Sequence[ExperimentRow],
    ) -> None:
        self._providers = {p.id: p for p in providers}
        with box("two even"):
            with box("vcol g4"):
                self._source(known)
                self._fields = box("contents")
            with box("vcol g4"):
                where_fields(
                    self._choices, self._show, providers=providers, experiments=experiments
                )
                self._preview = box("contents")
                self._effect = box("contents")
                self._button()

    async def read(self, yaml: str) -> None:
        """Check the text; parameters are asked for anew when they are others."""
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
            self._go.props["data-launch"] = ""
        if not self._gateway.may(Action.LAUNCH):
            enabled(self._go, False, why="Your role may not launch jobs.")

    async def _show(self) -> None:
        """What will run, or what keeps it from running."""
        jobs = self._combinations()
        problems, spec = self._problems, None
        if self._task and not problems:
            for one in jobs:
                planned = plan(self._task, structs.replace(self._choices, parameters=one))
                problems, spec = planned.problems, planned.spec or spec
                if problems:
                    break
        self._preview.clear()
        with self._preview:
            if problems or spec is None:
                problem_list(problems, reveal=self._editor.reveal if self._editor else None)
            else:
                _preview(spec, jobs)
        allowed = spec is not None and not problems and self._gateway.may(Action.LAUNCH)
        enabled(self._go, allowed, why=f"Fix {plural(len(problems), 'problem')} first.")
        many = f"Launch {plural(len(jobs), 'job')}" if len(jobs) > 1 else "Launch"
        self._go.set_content(f"{icon('rocket', 'sm')}<span>{many}</span>")  # type: ignore[attr-defined]
        self._effect_of(spec if allowed else None, len(jobs))

    def _combinations(self) -> list[dict[str, str]]:
        """One set of typed parameters a job: ``;`` between values makes a sweep."""
        typed = self._choices.parameters
        lists: dict[str, list[object]] = {
            name: [part.strip() for part in value.split(";") if part.strip()] or [""]
            for name, value in typed.items()
        }
        return [{k: str(v) for k, v in one.items()} for one in grid(lists)]

    def _effect_of(self, spec: JobSpec | None, jobs: int) -> None:
        """Quota, price and start, asked for in the background; the newest question wins."""
        self._look += 1
        if spec is None:
            self._effect.clear()
            return
        work = telling(self._ask_effect(spec, jobs, self._look))
        background_tasks.create(work, name="effect", context=self._effect)

    async def _ask_effect(self, spec: JobSpec, jobs: int, look: int) -> None:
        quota = await self._gateway.quota()
        default_s = self._gateway.use.lab.policy.default_reservation_s
        lines = quota_lines(spec, quota, default_s=default_s, jobs=jobs)
        chosen = self._provider(spec)
        if chosen:
            wish = self._wish(self._combinations()[0])
            lines += await self._offered(spec, chosen, await self._tasks.cost(wish), jobs)
            found = await self._tasks.estimate(wish)
            if isinstance(found, str):
                lines.append(Line(label="Refused", told=found, bad=True))
            elif found:
                lines.append(
                    Line(
                        label="Would start",
                        told=f"{found.start_at:%d %B %H:%M} UTC, says {chosen.name}",
                    )
                )
        if look != self._look or self._effect.is_deleted:  # the page may have been left meanwhile
            return
        self._effect.clear()
        with self._effect, box("", "div", role="status"), card("What it takes"):
            rows = [
                (
                    line.label,
                    f'<span class="{"bad-text b5" if line.bad else ""}">{escape(line.told)}</span>',
                )
                for line in lines
            ]
            html(pairs(rows), "kv body", "dl")

    def _provider(self, spec: JobSpec) -> ProviderRow | None:
        named = spec.resources.compute_provider
        wanted = self._choices.provider or next(
            (p.id for p in self._providers.values() if p.name == named), ""
        )
        default = next((p for p in self._providers.values() if p.is_default), None)
        return self._providers.get(wanted) or (None if named else default)

    async def _offered(
        self, spec: JobSpec, provider: ProviderRow, cost: LaunchCost | None, jobs: int
    ) -> list[Line]:
        try:
            offers = await self._gateway.offers(provider.id)
        except LabError as error:
            return [Line(label="Free now", told=str(error), bad=True)]
        known = cost_line(cost, spec, jobs=jobs) if cost else None
        price = known or price_line(spec, offers)
        return [offers_line(spec, offers), *([price] if price else [])]

    def _wish(self, parameters: dict[str, str]) -> Launch:
        definitions = self._task.parameters if self._task else {}
        chosen = structs.replace(self._choices, parameters=parameters)
        wish = Launch(
            experiment=chosen.experiment,
            provider=chosen.provider,
            parameters=chosen.overrides(definitions),
            resources=chosen.resource_overrides(),
            minutes_requested=chosen.minutes_requested,
        )
        if self._row:
            return structs.replace(wish, task=self._row.id)
        return structs.replace(wish, yaml=self._editor.text if self._editor else "")

    async def _launch(self) -> None:
        if self._task is None or self._launched:
            return
        wishes = [self._wish(one) for one in self._combinations()]
        made = await self._gateway.launch_all(wishes)
        self._launched = True  # until the page is left: one press is one launch
        ui.navigate.to(f"/jobs/{made[0]}" if len(made) == 1 else "/jobs")


def _preview(spec: JobSpec, jobs: Sequence[Mapping[str, str]]) -> None:
    rows = [("Name", span(spec.name, "b5"))]
    rows += [(k, span(v)) for k, v in told(spec, default_minutes=DEFAULT_MINUTES)]
    if len(jobs) == 1:
        rows += [(k, span(v, "mono t-sm num")) for k, v in spec.parameters.items()]
    with card("What will run"):
        html(pairs(rows), "kv body", "dl")
        if len(jobs) > 1:
            html(_sweep_html(jobs), "wide-table")
        html(span(spec.run, "prose"), "code", "pre")


def _sweep_html(jobs: Sequence[Mapping[str, str]]) -> str:
    names = [n for n in jobs[0] if len({one[n] for one in jobs}) > 1]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(one[name])}</td>' for name in names)}</tr>"
        for one in jobs[:SWEEP_SHOWN]
    )
    left = len(jobs) - SWEEP_SHOWN
    more = f'<p class="pad t-sm faint">and {left:,} more</p>' if left > 0 else ""
    return f'<table class="grid-mini"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _typed(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _open(task: str) -> None:
    ui.navigate.to("/launch" if task == PASTED else f"/launch?task={task}")
