"""A log of any length in one element; lines go to the browser as messages, never as properties."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from nicegui.element import Element

Lines = Sequence[Mapping[str, object]]


class Older(msgspec.Struct, frozen=True, kw_only=True):
    """The person wants lines before number ``before``, at least from ``to`` on."""

    before: int
    to: int


class LogView(Element, component="log_view.js"):
    def __init__(
        self,
        *,
        live: bool,
        download: str,
        tall: bool = False,
        on_older: Callable[[Older], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__()
        self.props.update(live=live, tall=tall)
        self.props["download-url"] = download
        if on_older:
            self.on("older", lambda e: on_older(msgspec.convert(e.args, Older)))

    def append(self, lines: Lines) -> None:
        if lines:
            self.run_method("append", list(lines))

    def prepend(self, lines: Lines) -> None:
        """Older lines; an empty answer ends the asking."""
        self.run_method("prepend", list(lines))

    def restart(self) -> None:
        """Another attempt: forget every line."""
        self.run_method("restart")
