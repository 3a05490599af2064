"""The curves of a job: one chart a metric, live, linear or logarithmic."""

from __future__ import annotations

from nicegui import ui

from projections.telemetry_queries import CurveRow
from ui.components.chart import Chart, line_options, points
from ui.components.layout import box, card, html, text
from ui.components.markup import empty
from ui.pages.job.context import JobView, Section
from ui.text import number, plural

MOST = 24
COLOURS = 8
SYSTEM = "system/"
KINDS = {"value": "Linear", "log": "Log"}


async def metrics(view: JobView) -> list[Section]:
    """Every metric, the machine's own after the code's."""
    with box("hrow spread wrap"):
        caption = html("", "muted t-sm")
        switch = box("seg", role="group", aria_label="Scale of the y axis")
    section = Curves(view, most=MOST, caption=caption)
    section.offer_scales(switch)
    await section.refresh()
    return [section]


async def first_metrics(view: JobView, most: int) -> Section:
    """The first few of the code's own, for an overview."""
    section = Curves(view, most=most, hidden=SYSTEM)
    await section.refresh()
    return section


class Curves:
    """Charts that appear with their first value and grow with every further one."""

    cares = "mf"

    def __init__(
        self, view: JobView, *, most: int, caption: ui.html | None = None, hidden: str = ""
    ) -> None:
        self._view = view
        self._most = most
        self._hidden = hidden
        self._caption = caption
        self._shown: dict[str, _Curve] = {}
        self._kind = "value"
        self._scales: dict[str, ui.element] = {}
        self._nothing = html("", "card empty")
        self._place = box("charts")

    def offer_scales(self, place: ui.element) -> None:
        with place:
            for kind, label in KINDS.items():
                choice = html(label, "", "button")
                choice.on("click", lambda kind=kind: self._scale(kind), args=[])
                self._scales[kind] = choice
        self._press()

    async def refresh(self) -> None:
        curves = await self._view.gateway.curves(self._view.row.id)
        ordered = sorted((c for c in curves if not self._hides(c)), key=_rank)
        for curve in ordered[: self._most]:
            await self._show(curve)
        self._nothing.set_visibility(not ordered)
        waiting = "Metrics appear here as the code logs them."
        self._nothing.set_content(empty("No metrics yet", waiting, glyph="chart-column"))
        if self._caption:
            left = len(curves) - self._most
            more = f"; {plural(left, 'further one', 'further ones')} not shown" if left > 0 else ""
            self._caption.set_content(plural(len(curves), "metric") + more)

    def _hides(self, curve: CurveRow) -> bool:
        return bool(self._hidden) and curve.name.startswith(self._hidden)

    async def _show(self, curve: CurveRow) -> None:
        shown = self._shown.get(curve.name)
        if shown is None:
            with self._place:
                shown = _Curve(self._view, curve.name, place=len(self._shown))
            self._shown[curve.name] = shown
            await shown.begin(log=self._kind == "log")
        elif shown.points != curve.points:
            await shown.more()
        shown.value(curve)

    def _scale(self, kind: str) -> None:
        self._kind = kind
        for curve in self._shown.values():
            curve.chart.scale(kind)
        self._press()

    def _press(self) -> None:
        for kind, choice in self._scales.items():
            choice.props["aria-pressed"] = str(kind == self._kind).lower()
            choice.update()


class _Curve:
    """One card: name, last value, chart."""

    chart: Chart

    def __init__(self, view: JobView, name: str, *, place: int) -> None:
        self._view = view
        self._name = name
        self._colour = f"d{place % COLOURS + 1}"
        self._cursor = 0
        self.points = 0
        self._card = card(cls="chart-card")
        with self._card, box("", "header"):
            text(name, "", "h2")
            self._value = html("", "val num", "span")

    async def begin(self, *, log: bool) -> None:
        found = await self._view.gateway.points(self._view.row.id, self._name)
        self._cursor = found.cursor
        options = line_options(
            self._name,
            points(found.steps, found.values),
            colour=self._colour,
            group=f"job-{self._view.row.id}",
            log=log,
        )
        with self._card:
            self.chart = Chart(options, f"{self._name} by step")

    async def more(self) -> None:
        found = await self._view.gateway.points(self._view.row.id, self._name, after=self._cursor)
        self._cursor = found.cursor
        self.chart.append(points(found.steps, found.values))

    def value(self, curve: CurveRow) -> None:
        self.points = curve.points
        self._value.set_content(number(curve.last_value))


def _rank(curve: CurveRow) -> tuple[bool, bool, str]:
    """Losses first, the machine's own last."""
    return curve.name.startswith(SYSTEM), "loss" not in curve.name.lower(), curve.name
