"""The controls of a page's curves: over steps or time, linear or logarithmic, how smooth."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ui.components.chart import Chart
from ui.components.layout import box
from ui.components.switches import Switches

XS = {"step": "Step", "time": "Time"}
KINDS = {"value": "Linear", "log": "Log"}
SMOOTHINGS = {"0": "Raw", "0.6": "0.6", "0.9": "0.9", "0.97": "0.97"}


class Arranging:
    """Applies to what ``charts`` answers with, and to charts that appear later by ``to``."""

    def __init__(self, charts: Callable[[], Iterable[Chart]], *, smoothing: str = "0") -> None:
        self._charts = charts
        self.x, self.kind, self.smoothing = "step", "value", smoothing
        with box("hrow wrap"):
            Switches("X axis", XS, lambda v: self._set(x=v), value=self.x)
            Switches("Scale of the y axis", KINDS, lambda v: self._set(kind=v), value=self.kind)
            known = smoothing if smoothing in SMOOTHINGS else "0"
            Switches("Smoothing", SMOOTHINGS, lambda v: self._set(smoothing=v), value=known)

    def to(self, chart: Chart) -> None:
        """Draw ``chart`` as the controls say."""
        chart.arrange(kind=self.kind, x=self.x, smoothing=float(self.smoothing))

    def _set(self, *, x: str = "", kind: str = "", smoothing: str = "") -> None:
        self.x, self.kind = x or self.x, kind or self.kind
        self.smoothing = smoothing or self.smoothing
        for chart in self._charts():
            self.to(chart)
