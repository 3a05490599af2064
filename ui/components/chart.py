"""A line chart over the ECharts that NiceGUI ships; colours are tokens, points are appended."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nicegui import ui

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


def points(steps: Sequence[int], values: Sequence[float]) -> list[Point]:
    """Pairs for a series; what is not a number becomes a gap."""
    pairs = zip(steps, values, strict=True)
    return [[step, value if math.isfinite(value) else None] for step, value in pairs]


def line_options(
    name: str, data: Sequence[Point], *, colour: str, group: str, log: bool
) -> Options:
    """One curve over its steps. ``colour`` is a token such as ``d1``."""
    plain = {
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitLine": {"lineStyle": {"color": "var-grid"}},
        "axisLabel": {"color": "var-text-3", "fontSize": 11},
    }
    y: Options = {**plain, "type": "log"} if log else {**plain, "type": "value", "scale": True}
    return {
        "group": group,
        "animation": False,
        "grid": {"left": 50, "right": 14, "top": 12, "bottom": 26},
        "xAxis": {
            **plain,
            "type": "value",
            "min": "dataMin",
            "max": "dataMax",
            "splitLine": {"show": False},
        },
        "yAxis": {**y, "splitNumber": 4},
        "tooltip": TOOLTIP,
        "series": [
            {
                "type": "line",
                "name": name,
                "data": list(data),
                "color": f"var-{colour}",
                "showSymbol": len(data) < 2,
                "lineStyle": {"width": 1.6},
                "emphasis": {"disabled": True},
                "areaStyle": {"opacity": 0 if log else 0.07},
            }
        ],
    }


class Chart(ui.echart, component="chart.js"):
    def __init__(self, options: Options, label: str) -> None:
        super().__init__(options)
        self.classes("chart")
        self.props["role"] = "img"
        self.props["aria-label"] = label

    def append(self, data: Sequence[Point]) -> None:
        """More points at the end of the curve."""
        if data:
            self.run_method("append", 0, list(data))

    def scale(self, kind: str) -> None:
        """``value`` or ``log``: how the y axis is divided."""
        self.run_method("scale", kind)
