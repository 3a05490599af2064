"""Charts of whole runs: along parallel axes, one value against another, and the best so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ui.components.chart import PLAIN, TOOLTIP, Options
from ui.views.differences import spans_decades

COLOURS = 8


def swatch(place: int) -> str:
    """The colour of the run at ``place``: the ninth is grey."""
    return f"d{place + 1}" if place < COLOURS else "text-3"


def parallel_options(axes: Mapping[str, Sequence[float]], by: str) -> Options:
    """One line a run; its colour is its value on the axis ``by``."""
    names = list(axes)
    data = [list(values) for values in zip(*axes.values(), strict=True)]
    scores = axes[by]
    return {
        "animation": False,
        "parallel": {"left": 56, "right": 84, "top": 44, "bottom": 24},
        "parallelAxis": [_axis(at, name, axes[name]) for at, name in enumerate(names)],
        "visualMap": {
            "show": False,
            "dimension": names.index(by),
            "min": min(scores),
            "max": max(scores) if max(scores) > min(scores) else min(scores) + 1,
            "inRange": {"color": ["var-d2", "var-d6", "var-d3", "var-d1"]},
        },
        "series": [
            {
                "type": "parallel",
                "lineStyle": {"width": 2, "opacity": 0.85},
                "inactiveOpacity": 0.08,
                "data": data,
            }
        ],
    }


def _axis(place: int, name: str, values: Sequence[float]) -> Options:
    return {
        "dim": place,
        "name": name,
        **({"type": "log"} if spans_decades(values) else {"scale": True}),
        "nameTextStyle": {"color": "var-text-2", "fontSize": 12, "fontWeight": 500},
        "nameGap": 16,
        "axisLine": {"lineStyle": {"color": "var-border-strong"}},
        "axisTick": {"lineStyle": {"color": "var-border-strong"}},
        "axisLabel": {"color": "var-text-2", "fontSize": 11},
        "areaSelectStyle": {
            "width": 18,
            "color": "var-accent",
            "borderColor": "var-accent",
            "opacity": 0.18,
        },
    }


def scatter_options(
    xs: Sequence[float], ys: Sequence[float], names: Sequence[str], *, x: str, y: str
) -> Options:
    """A dot a run, in its colour."""
    dots = [
        {"value": [xs[i], ys[i]], "name": names[i], "itemStyle": {"color": f"var-{swatch(i)}"}}
        for i in range(len(xs))
    ]
    titled = {**PLAIN, "nameLocation": "middle", "nameTextStyle": {"color": "var-text-2"}}
    return {
        "animation": False,
        "grid": {"left": 62, "right": 20, "top": 16, "bottom": 44},
        "xAxis": {**titled, "name": x, "nameGap": 28, **_scale(xs)},
        "yAxis": {**titled, "name": y, "nameGap": 46, **_scale(ys)},
        "tooltip": {**TOOLTIP, "trigger": "item"},
        "series": [{"type": "scatter", "symbolSize": 11, "data": dots}],
    }


def best_options(
    at: Sequence[datetime], scores: Sequence[float], best: Sequence[float], *, name: str
) -> Options:
    """Each run's score when it ended, and the best up to then as a stair."""
    when = [moment.isoformat() for moment in at]
    return {
        "animation": False,
        "grid": {"left": 50, "right": 18, "top": 14, "bottom": 26},
        "xAxis": {**PLAIN, "type": "time", "splitLine": {"show": False}},
        "yAxis": {**PLAIN, "type": "value", "scale": True, "splitNumber": 4},
        "tooltip": TOOLTIP,
        "series": [
            {
                "type": "line",
                "name": f"best {name}",
                "step": "end",
                "showSymbol": False,
                "color": "var-d1",
                "data": [[t, b] for t, b in zip(when, best, strict=True)],
            },
            {
                "type": "scatter",
                "name": name,
                "symbolSize": 7,
                "color": "var-text-3",
                "data": [[t, s] for t, s in zip(when, scores, strict=True)],
            },
        ],
    }


def _scale(values: Sequence[float]) -> Options:
    if spans_decades(values):
        return {"type": "log"}
    return {"type": "value", "scale": True, "splitNumber": 4}
