"""Charts over the ECharts that NiceGUI ships; colours are tokens, curves go as messages."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from nicegui import ui

from projections.telemetry_queries import Points

Options = dict[str, object]
Point = list[float | None]
TOOLTIP: Options = {
    "trigger": "axis",
    "confine": True,
    "transitionDuration": 0,
    "backgroundColor": "var-raised",
    "borderWidth": 0,
    "padding": [8, 10],
    "textStyle": {"color": "var-text", "fontSize": 12},
    "axisPointer": {"lineStyle": {"color": "var-border-strong"}},
}
PLAIN: Options = {
    "axisLine": {"show": False},
    "axisTick": {"show": False},
    "splitLine": {"lineStyle": {"color": "var-grid"}},
    "axisLabel": {"color": "var-text-3", "fontSize": 11},
}


class Curve(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. ``points`` are ``[step, value, unix seconds]``; ``colour`` is a token such as ``d1``."""

    key: str
    name: str
    colour: str
    points: Sequence[Point] = ()
    step: str = ""
    dashed: bool = False


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """The steps that are shown now; ``whole`` when that is all of them."""

    low: int
    high: int
    whole: bool = False


def points(found: Points) -> list[Point]:
    """Triples for a curve; what is not a number becomes a gap."""
    return [
        [step, value if math.isfinite(value) else None, time]
        for step, value, time in zip(found.steps, found.values, found.times, strict=True)
    ]


def line_options(*, group: str = "") -> Options:
    """Axes, grid and tooltip of a chart of curves."""
    return {
        "group": group,
        "animation": False,
        "grid": {"left": 50, "right": 14, "top": 12, "bottom": 26},
        "xAxis": {
            **PLAIN,
            "type": "value",
            "min": "dataMin",
            "max": "dataMax",
            "splitLine": {"show": False},
        },
        "yAxis": {**PLAIN, "type": "value", "scale": True, "splitNumber": 4},
        "tooltip": TOOLTIP,
        "series": [],
    }


class Chart(ui.echart, component="chart.js"):
    """``on_range`` is told what is zoomed to; ``on_brush`` which lines an axis' brush leaves."""

    def __init__(
        self,
        options: Options,
        label: str,
        *,
        curves: Sequence[Curve] | None = None,
        on_range: Callable[[Range], Awaitable[None]] | None = None,
        on_brush: Callable[[list[int]], Awaitable[None] | None] | None = None,
    ) -> None:
        super().__init__(options)
        self.classes("chart")
        self.props["role"] = "img"
        self.props["aria-label"] = label
        if curves is not None:
            self.props["curves"] = msgspec.to_builtins(curves)
        if on_range:
            self.props["zooms"] = True
            self.on("range", lambda e: on_range(msgspec.convert(e.args, Range)))
        if on_brush:
            self.on("brush", lambda e: on_brush([int(i) for i in e.args["active"]]))

    def append(self, data: Sequence[Point], *, curve: int = 0) -> None:
        """More points at the end of a curve."""
        if data:
            self.run_method("append", curve, list(data))

    def replace(self, data: Sequence[Point], *, curve: int = 0) -> None:
        """Other points of a curve: those of the range that is zoomed to."""
        self.run_method("replace", curve, list(data))

    def arrange(
        self,
        *,
        kind: str | None = None,
        x: str | None = None,
        smoothing: float | None = None,
        hidden: Sequence[str] | None = None,
    ) -> None:
        """``kind`` of the y axis: ``value`` or ``log``; ``x`` is ``step`` or ``time``; ``hidden`` are keys."""
        given = {"kind": kind, "x": x, "smoothing": smoothing, "hidden": hidden}
        self.run_method("arrange", {k: v for k, v in given.items() if v is not None})

    def save(self, name: str) -> None:
        """Download it as a picture."""
        self.run_method("save", name)
