"""A row of toggles of which one is pressed: it changes what is seen, not where one is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui

from ui.components.layout import box, html


class Switches:
    """``options`` are value to label."""

    def __init__(
        self,
        label: str,
        options: Mapping[str, str],
        on_choice: Callable[[str], Awaitable[None] | None],
        *,
        value: str,
    ) -> None:
        self._on_choice = on_choice
        self._buttons: dict[str, ui.element] = {}
        with box("seg", role="group", aria_label=label):
            for key, text in options.items():
                one = html(text, "", "button")
                one.props["type"] = "button"
                one.on("click", lambda key=key: self._press(key), args=[])
                self._buttons[key] = one
        self._show(value)

    def _press(self, key: str) -> Awaitable[None] | None:
        self._show(key)
        return self._on_choice(key)

    def _show(self, value: str) -> None:
        for key, one in self._buttons.items():
            one.props["aria-pressed"] = str(key == value).lower()
            one.update()
