"""A handle over the log's time, with how much happened when behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from nicegui.element import Element

STEPS = 1_000
"""Places the handle has; place 0 is the first moment, ``STEPS`` the last."""


class Scrubber(Element, component="scrubber.js"):
    def __init__(self, on_move: Callable[[int], Awaitable[None]]) -> None:
        super().__init__()
        self.props["steps"] = STEPS
        self.on("move", lambda e: on_move(int(e.args)))

    def show(self, bars: Sequence[int], *, begin: datetime, end: datetime, at: int) -> None:
        """``bars`` are heights in pixels, of equal stretches of time; ``at`` is the handle's place."""
        self.props.update(bars=list(bars), begin=begin.isoformat(), end=end.isoformat(), at=at)
        self.update()

    def place(self, at: int) -> None:
        """Move the handle."""
        if self.props["at"] != at:
            self.props["at"] = at
            self.update()
