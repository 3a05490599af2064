"""The YAML editor: a text that is checked when typing pauses, its problems at their lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from html import escape
from typing import Literal

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from domain.errors import Problem
from ui.components.dialogs import telling
from ui.components.layout import box, card, html
from ui.components.markup import icon, span
from ui.text import plural

PAUSE_S = 0.25
DARK: Literal["githubDark"] = "githubDark"
LIGHT: Literal["githubLight"] = "githubLight"


class YamlEditor:
    """``on_pause`` gets the text once typing has stopped for a moment."""

    def __init__(self, text: str, on_pause: Callable[[str], Awaitable[None]]) -> None:
        self._on_pause = on_pause
        self._timer: asyncio.TimerHandle | None = None
        self._place = box("yaml")
        with self._place:
            theme: Literal["githubDark", "githubLight"]
            theme = DARK if ui.context.client.request.cookies.get("scheme") == "dark" else LIGHT
            self._text = ui.codemirror(
                text, language="YAML", theme=theme, indent="  ", on_change=self._changed
            ).style("width:100%")
        ui.run_javascript(f'Lab.nameEditor("c{self._text.id}", "task.yaml")')

    @property
    def text(self) -> str:
        return str(self._text.value or "")

    def set(self, text: str) -> None:
        """Replace the text."""
        self._text.set_value(text)

    def mark(self, problems: Sequence[Problem]) -> None:
        """Tint the lines that ``problems`` are about."""
        self._text.decorations[:] = [
            {"kind": "line", "line": p.line, "class": "cm-err"} for p in problems if p.line
        ]

    def reveal(self, line: int) -> None:
        self._text.reveal_line(line)

    def _changed(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._paused)

    def _paused(self) -> None:
        if not self._place.is_deleted:
            work = telling(self._on_pause(self.text))
            background_tasks.create(work, name="check yaml", context=self._place)


def follow_scheme() -> None:
    """Every editor of this window keeps to its theme. Asked once a window: an editor comes and goes."""
    elements = ui.context.client.elements

    def keep(event: GenericEventArguments) -> None:
        for element in list(elements.values()):
            if isinstance(element, ui.codemirror):
                element.set_theme(DARK if event.args == "dark" else LIGHT)

    ui.on("lab_scheme", keep)


def problem_list(
    problems: Sequence[Problem], *, reveal: Callable[[int], None] | None = None
) -> None:
    """A card of ``problems``; pressing one shows its line."""
    told = f'<span class="faint t-sm">{plural(len(problems), "problem")}</span>'
    with card("Problems", extra=told if problems else ""), box("", "div", role="status"):
        if not problems:
            html(f"{icon('circle-check')}<span>Valid. Nothing to fix.</span>", "hrow fine")
        for problem in problems:
            _problem(problem, reveal)


def _problem(problem: Problem, reveal: Callable[[int], None] | None) -> None:
    where = span(f"line {problem.line}", "faint num t-sm") if problem.line else ""
    hint = (
        f'<span class="block muted t-sm">{escape(problem.suggestion)}</span>'
        if problem.suggestion
        else ""
    )
    path = f"<b class='b5 mono t-sm'>{escape(problem.path)}</b> " if problem.path else ""
    row = html(
        f'{icon("circle-x")}<span class="grow">{path}{escape(problem.message)}{hint}</span>{where}',
        "problem",
        "button",
    ).style("--x:var(--st-failed)")
    if reveal and problem.line:
        row.on("click", lambda: reveal(problem.line), args=[])
