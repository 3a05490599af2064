"""The command palette: opens in the browser in one frame; asks the server only for matching jobs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from nicegui.element import Element


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``href`` is opened, or ``js`` (a constant of ours) is run."""

    id: str
    label: str
    icon: str
    group: str
    href: str = ""
    js: str = ""
    hint: str = ""
    keys: tuple[str, ...] = ()


class Palette(Element, component="command_palette.js"):
    def __init__(
        self,
        commands: Sequence[Command],
        *,
        on_search: Callable[[str], Awaitable[Sequence[Command]]],
    ) -> None:
        super().__init__()
        self.props["commands"] = msgspec.to_builtins(commands)
        self.props["results"] = []

        async def search(text: str) -> None:
            self.props["results"] = msgspec.to_builtins(await on_search(text))
            self.update()

        self.on("search", lambda e: search(str(e.args)))
