"""Runs side by side: which parameters matter, how the curves differ, what exactly is different."""

import csv
import io
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from urllib.parse import urlencode

from nicegui import PageArguments, ui

from projections.job_lists import JobFilter
from projections.rows import JobRow
from ui.components.arranging import Arranging
from ui.components.chart import Chart, Curve, line_options, points
from ui.components.differing import differing_html
from ui.components.layout import box, button, card, choice, field, heading, html, switch, text
from ui.components.markup import copyable, empty, icon, link, span
from ui.components.run_charts import best_options, parallel_options, scatter_options, swatch
from ui.gateway import Gateway
from ui.shell import Shell
from ui.text import plural, short
from ui.theme.status import chip
from ui.views.differences import Difference, best_so_far, differences, numeric
from ui.views.job_row import score_text, shown_status

RUNS_AT_MOST = 12
AXES_AT_MOST = 9
CHARTS_AT_MOST = 6
SYSTEM = "system/"


async def compare(shell: Shell, args: PageArguments) -> None:
    """``/compare?ids=job,job&metric=…``; without ids the latest runs that have a score."""
    shell.crumbs(("Jobs", "/jobs"), ("Compare", ""))
    asked = str(args.query_parameters.get("ids", ""))
    rows = await _rows(shell.gateway, [part for part in asked.split(",") if part][:RUNS_AT_MOST])
    with box("page"):
        if not rows:
            told = "Select two to eight jobs in the list of jobs and press Compare."
            there = (
                f'<a class="btn primary" href="/jobs">{icon("list-checks", "sm")}Choose jobs</a>'
            )
            html(
                empty("Nothing to compare yet", told, glyph="git-compare", extra=there, level=1),
                "card empty",
            )
            return
        await _Comparing(shell, rows).draw(str(args.query_parameters.get("metric", "")))


async def _rows(gateway: Gateway, ids: Sequence[str]) -> list[JobRow]:
    if ids:
        return await gateway.job_rows(ids)
    found = await gateway.jobs(JobFilter(statuses=("COMPLETE",), hidden=False), limit=100)
    scored = [row for row in found.rows if row.score]
    same = [row for row in scored if row.task and row.task == scored[0].task]
    return (same if len(same) > 1 else scored)[:6]


class _Comparing:
    def __init__(self, shell: Shell, rows: Sequence[JobRow]) -> None:
        self._gateway = shell.gateway
        self._rows = rows
        self._hidden: set[str] = set()
        self._charts: list[Chart] = []
        self._eyes: dict[str, ui.element] = {}
        self._only = True

    async def draw(self, metric: str) -> None:
        names = await self._gateway.names()
        self._found = differences(self._rows, people=names.people)
        with box("hrow spread wrap"):
            heading("Compare", f"{plural(len(self._rows), 'run')}. {_alike(self._rows)}")
            with box("hrow wrap"):
                self._arranging = Arranging(lambda: self._charts, smoothing="0.9")
                button("CSV", self._csv, glyph="download", cls="s")
        axes = numeric(self._rows)
        self._parallel(axes)
        with box("two", style="--aside:300px"):
            with box("vcol g4"):
                await self._curves(metric)
                self._against(axes)
                self._best()
            self._list()
        self._table()

    def _parallel(self, axes: Mapping[str, Sequence[float]]) -> None:
        varied = {name: values for name, values in axes.items() if len(set(values)) > 1}
        shown = dict(list(varied.items())[-AXES_AT_MOST:])
        if len(shown) < 2 or len(self._rows) < 2:
            return
        by = list(shown)[-1]
        told = (
            f'<span class="grow"></span><span class="faint t-sm hide-s">colour: {escape(by)}</span>'
        )
        with (
            card("Parameters and results", extra=told),
            box("wide", tabindex="0", role="region", aria_label="Parallel coordinates"),
        ):
            options = parallel_options(shown, by)
            label = f"One line a run along {', '.join(shown)}"
            Chart(options, label, on_brush=self._brushed).classes("tall")

    def _brushed(self, active: list[int]) -> None:
        """A brush on an axis dims the rest everywhere on the page."""
        self._hidden = {row.id for i, row in enumerate(self._rows) if i not in active}
        self._show_hidden()

    async def _curves(self, metric: str) -> None:
        every = [{c.name for c in await self._gateway.curves(row.id)} for row in self._rows]
        counted: dict[str, int] = {}
        for names in every:
            for name in names:
                counted[name] = counted.get(name, 0) + (not name.startswith(SYSTEM))
        wanted = sorted(counted, key=lambda n: (n != metric, -counted[n], "loss" not in n, n))
        for name in [n for n in wanted if counted[n]][:CHARTS_AT_MOST]:
            await self._curve(name, [name in names for names in every])

    async def _curve(self, name: str, there: Sequence[bool]) -> None:
        curves = []
        for place, row in enumerate(self._rows):
            if there[place]:
                found = points(await self._gateway.points(row.id, name))
                label = f"{row.name} {short(row.id)[-4:]}"
                curves.append(Curve(key=row.id, name=label, colour=swatch(place), points=found))
        with card(cls="chart-card") as place_:
            with box("", "header"):
                text(name, "ellipsis", "h2")
                html("", "grow", "span")
                saved = name.replace("/", "-")
                button(
                    "", lambda: chart.save(saved), glyph="download", cls="s ghost icon",
                    aria=f"Save the picture of {name}",
                )  # fmt: skip
            chart = Chart(
                line_options(group="compare"),
                f"{name} of {plural(len(curves), 'run')}",
                curves=curves,
            )
            chart.classes("wide-chart")
        del place_
        self._charts.append(chart)
        self._arranging.to(chart)

    def _against(self, axes: Mapping[str, Sequence[float]]) -> None:
        if len(axes) < 2:
            return
        names = list(axes)
        chosen = {"x": names[0], "y": names[-1]}

        def draw(key: str, value: str) -> None:
            chosen[key] = value
            place.clear()
            x, y = chosen["x"], chosen["y"]
            with place:
                options = scatter_options(axes[x], axes[y], [r.name for r in self._rows], x=x, y=y)
                Chart(options, f"{y} against {x}, a dot a run").classes("wide-chart")

        with card("One against another"):
            with box("body hrow wrap"):
                for key, value in chosen.items():
                    with field(key.upper(), f"axis-{key}"):
                        options = [(name, name) for name in names]
                        choice(f"axis-{key}", options, partial(draw, key), value=value)
            place = box("contents")
        draw("x", chosen["x"])

    def _best(self) -> None:
        ended = sorted(
            (
                (r.ended_at, next(iter(r.score.values())))
                for r in self._rows
                if r.score and r.ended_at
            ),
            key=lambda pair: pair[0],
        )
        if len(ended) < 2:
            return
        name = next(next(iter(r.score)) for r in self._rows if r.score)
        times, scores = [at for at, _ in ended], [score for _, score in ended]
        best = best_so_far(scores, lower_is_better="loss" in name)
        with card(f"Best {name} so far"):
            Chart(
                best_options(times, scores, best, name=name), f"{name} of runs by when they ended"
            )

    def _list(self) -> None:
        told = f'<span class="faint t-sm num">{len(self._rows)}</span>'
        with card("Runs", extra=told), box("list", "ul"):
            for place, row in enumerate(self._rows):
                with box("", "li"):
                    html(
                        f'<span class="swatch" style="--c:var(--{swatch(place)})"></span>'
                        f'<span class="grow">'
                        f"{link(row.name, f'/jobs/{row.id}', 'b5 ellipsis block')}"
                        f"{span(f'{short(row.id)} · {_key_parameters(row)}', 't-xs faint')}</span>"
                        f'<span class="num b5">{escape(score_text(row) or "")}</span>',
                        "hrow grow",
                    )
                    eye = button(
                        "", partial(self._toggle, row.id), glyph="eye", cls="s ghost icon",
                        aria=f"Hide {row.name} {short(row.id)}",
                    )  # fmt: skip
                    eye.props["aria-pressed"] = "false"
                    self._eyes[row.id] = eye

    def _toggle(self, job: str) -> None:
        self._hidden ^= {job}
        self._show_hidden()

    def _show_hidden(self) -> None:
        for job, eye in self._eyes.items():
            eye.props["aria-pressed"] = str(job in self._hidden).lower()
            eye.update()
        for chart in self._charts:
            chart.arrange(hidden=sorted(self._hidden))

    def _table(self) -> None:
        with card("") as section:
            section.props["aria-label"] = "What differs"
            with box("", "header"):
                text("What differs", "", "h2")
                html("", "grow", "span")
                switch("only", "Only differences", self._narrow, on=True)
            self._place = html("", "wide-table")
            self._place.props.update(
                {"tabindex": "0", "role": "region", "aria-label": "Table of what differs"}
            )
            self._draw_table()

    def _narrow(self, value: str) -> None:
        self._only = value == "true"
        self._draw_table()

    def _draw_table(self) -> None:
        heads = [
            f'<span class="hrow g1"><span class="swatch" style="--c:var(--{swatch(i)})"></span>'
            f"{copyable(row.id, short(row.id))}{chip(shown_status(row), bare=True)}</span>"
            for i, row in enumerate(self._rows)
        ]
        self._place.set_content(differing_html(self._found, heads, only=self._only))

    def _csv(self) -> None:
        ui.download.content(as_csv(self._found, [row.id for row in self._rows]), "compare.csv")


def as_csv(found: Sequence[Difference], ids: Sequence[str]) -> str:
    """The whole table; a cell that a spreadsheet would run is text."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["group", "name", *ids])
    for line in found:
        sheet.writerow([line.group, _plain(line.name), *map(_plain, line.values)])
    return out.getvalue()


def _plain(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "@", "\t")) else value


def _alike(rows: Sequence[JobRow]) -> str:
    tasks = {row.name for row in rows}
    if len(tasks) == 1:
        return f"All of {tasks.pop()}."
    return "Drag along an axis to single runs out; the eye hides one."


def _key_parameters(row: JobRow) -> str:
    found = row.spec.get("parameters", {})
    return " · ".join(f"{k} {v}" for k, v in list(found.items())[:2])


def address(ids: Sequence[str]) -> str:
    """Where ``ids`` are compared."""
    return f"/compare?{urlencode({'ids': ','.join(ids)}, safe=',')}"
