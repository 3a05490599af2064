"""The curves of a job: one chart a metric, live, over steps or time, the code's own before the machine's."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from projections.telemetry_queries import CurveRow
from ui.components.arranging import Arranging
from ui.components.chart import Chart, Curve, Range, line_options, points
from ui.components.layout import box, button, card, html, text
from ui.components.markup import empty
from ui.pages.job.context import JobView, Section
from ui.text import number, plural

MOST = 24
COLOURS = 8
SYSTEM = "system/"


async def metrics(view: JobView) -> list[Section]:
    """Every metric of the code."""
    return [await _arranged(view, hidden=SYSTEM, only="", what="metric")]


async def machine(view: JobView) -> list[Section]:
    """What the job's processes used of their machine."""
    return [await _arranged(view, hidden="", only=SYSTEM, what="measurement")]


async def _arranged(view: JobView, *, hidden: str, only: str, what: str) -> Section:
    with box("hrow spread wrap"):
        caption = html("", "muted t-sm")
        section = Curves(view, most=MOST, hidden=hidden, only=only)
        section.caption = (caption, what)
        section.arranging = Arranging(section.charts)
    section.place()
    await section.refresh()
    return section


async def first_metrics(view: JobView, most: int) -> Section:
    """The first few of the code's own, for an overview."""
    section = Curves(view, most=most, hidden=SYSTEM)
    section.place()
    await section.refresh()
    return section


class Curves:
    """Charts that appear with their first value and grow with every further one."""

    cares = "mf"
    caption: tuple[ui.html, str] | None = None
    arranging: Arranging | None = None

    def __init__(self, view: JobView, *, most: int, hidden: str = "", only: str = "") -> None:
        self._view = view
        self._most = most
        self._hidden = hidden
        self._only = only
        self._shown: dict[str, _Curve] = {}

    def place(self) -> None:
        """Where the charts go."""
        self._nothing = html("", "card empty")
        self._place = box("charts")

    def charts(self) -> Sequence[Chart]:
        return [curve.chart for curve in self._shown.values()]

    async def refresh(self) -> None:
        curves = await self._view.gateway.curves(self._view.row.id)
        ordered = sorted((c for c in curves if self._wanted(c)), key=_rank)
        for curve in ordered[: self._most]:
            await self._show(curve)
        self._nothing.set_visibility(not ordered)
        waiting = "They appear here as the code logs them."
        self._nothing.set_content(empty("No metrics yet", waiting, glyph="chart-column"))
        if self.caption:
            place, what = self.caption
            left = len(ordered) - self._most
            more = f"; {plural(left, 'further one', 'further ones')} not shown" if left > 0 else ""
            place.set_content(plural(len(ordered), what) + more)

    def _wanted(self, curve: CurveRow) -> bool:
        hidden = bool(self._hidden) and curve.name.startswith(self._hidden)
        return not hidden and curve.name.startswith(self._only)

    async def _show(self, curve: CurveRow) -> None:
        shown = self._shown.get(curve.name)
        if shown is None:
            with self._place:
                shown = _Curve(self._view, curve.name, place=len(self._shown))
            self._shown[curve.name] = shown
            await shown.begin()
            if self.arranging:
                self.arranging.to(shown.chart)
        elif shown.points != curve.points:
            await shown.more()
        shown.value(curve)


class _Curve:
    """One card: name, last value, chart."""

    chart: Chart

    def __init__(self, view: JobView, name: str, *, place: int) -> None:
        self._view = view
        self._name = name
        self._colour = f"d{place % COLOURS + 1}"
        self._cursor = 0
        self._whole = True
        self.points = 0
        self._card = card(cls="chart-card")
        with self._card, box("", "header"):
            text(name, "ellipsis", "h2")
            self._value = html("", "val num", "span")
            saved = name.replace("/", "-")
            button(
                "", lambda: self.chart.save(saved), glyph="download", cls="s ghost icon hide-s",
                aria=f"Save the picture of {name}",
            )  # fmt: skip

    async def begin(self) -> None:
        found = await self._view.gateway.points(self._view.row.id, self._name)
        self._cursor = found.cursor
        curve = Curve(key=self._name, name=self._name, colour=self._colour, points=points(found))
        with self._card:
            self.chart = Chart(
                line_options(group=f"job-{self._view.row.id}"),
                f"{self._name} by step",
                curves=[curve],
                on_range=self._zoom,
            )

    async def more(self) -> None:
        found = await self._view.gateway.points(self._view.row.id, self._name, after=self._cursor)
        self._cursor = found.cursor
        if self._whole:
            self.chart.append(points(found))

    async def _zoom(self, wanted: Range) -> None:
        """The points of the range that is shown, so that a closer look shows more of them."""
        span = None if wanted.whole else (wanted.low, wanted.high)
        found = await self._view.gateway.points(self._view.row.id, self._name, span=span)
        self._whole = wanted.whole
        self.chart.replace(points(found))

    def value(self, curve: CurveRow) -> None:
        self.points = curve.points
        self._value.set_content(number(curve.last_value))


def _rank(curve: CurveRow) -> tuple[bool, str]:
    """Losses first."""
    return "loss" not in curve.name.lower(), curve.name
