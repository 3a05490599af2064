"""Elements of our own: boxes, cards, buttons and fields, native and styled by tokens alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from html import escape
from inspect import iscoroutine

from nicegui import ui

from ui.components.markup import icon

Handler = Callable[[], Awaitable[None] | None]
TextHandler = Callable[[str], Awaitable[None] | None]
CHECKED = "(e) => emit(String(e.target.checked))"
VALUE = "(e) => emit(e.target.value)"
EVERY_CLICK = "() => emit()"
FIRST_CLICK = "(e) => { if (e.detail < 2) emit(); }"
"""https://developer.mozilla.org/docs/Web/API/UIEvent/detail: clicks so far, 0 for the keyboard."""


def html(content: str, cls: str = "", tag: str = "div") -> ui.html:
    """Trusted markup from ``components/markup.py``; text inside it has been escaped there."""
    return ui.html(content, sanitize=False, tag=tag).classes(replace=cls)


def box(cls: str = "", tag: str = "div", **attributes: str) -> ui.element:
    """A plain element to fill; ``aria_label`` sets ``aria-label``."""
    element = ui.element(tag).classes(replace=cls)
    for key, value in attributes.items():
        element.props[key.rstrip("_").replace("_", "-")] = value
    return element


def text(value: str, cls: str = "", tag: str = "span") -> ui.element:
    """Text, never markup."""
    return html(escape(value), cls, tag)


def card(title: str = "", *, cls: str = "", extra: str = "") -> ui.element:
    """A titled section to fill; ``extra`` is markup beside the title."""
    section = box(f"card {cls}", "section")
    with section:
        if title:
            section.props["aria-label"] = title
            html(f"<h2>{escape(title)}</h2>{extra}", "", "header")
    return section


def heading(title: str, sub: str = "") -> None:
    html(
        f"<h1>{escape(title)}</h1>" + (f'<p class="muted">{escape(sub)}</p>' if sub else ""),
        "vcol g1",
    )


def button(
    label: str,
    on_click: Handler | None = None,
    *,
    glyph: str = "",
    cls: str = "",
    aria: str = "",
    repeats: bool = False,
) -> ui.element:
    """A native button; ``aria`` names one that shows only its icon.

    Pressed again before what it does is done, it does nothing, unless it ``repeats``; of a double click a primary one
    takes the first.
    """
    mark = icon(glyph, "sm") if glyph else ""
    inner = mark + (f"<span>{escape(label)}</span>" if label else "")
    element = html(inner, f"btn {cls}", "button")
    element.props["type"] = "button"
    if aria:
        element.props["aria-label"] = aria
        element.props["title"] = aria
    if on_click:
        pressed = FIRST_CLICK if "primary" in cls.split() else EVERY_CLICK
        act = on_click if repeats else _one_at_a_time(on_click)
        element.on("click", act, args=[], js_handler=pressed)
    return element


def _one_at_a_time(act: Handler) -> Callable[[], Awaitable[None]]:
    busy = False

    async def acting() -> None:
        nonlocal busy
        if busy:
            return
        busy = True
        try:
            doing = act()
            if iscoroutine(doing):
                await doing
        finally:
            busy = False

    return acting


def enabled(element: ui.element, yes: bool, *, why: str = "") -> None:
    """Let a button be pressed, or not and say ``why``."""
    if yes:
        element.props.pop("disabled", None)
        element.props.pop("title", None)
    else:
        element.props["disabled"] = True
        element.props["title"] = why
    element.update()


def field(label: str, name: str, *, hint: str = "") -> ui.element:
    """A labelled place for one control with the id ``name``."""
    place = box("field")
    with place:
        html(escape(label), "", "label").props["for"] = name
        if hint:
            html(escape(hint), "hint", "span").style("order:3")
    return place


def entry(name: str, on_value: TextHandler, *, value: str = "", **attributes: str) -> ui.element:
    """A one-line text field; ``on_value`` gets what is in it, on every change."""
    element = box("input", "input", id=name, autocomplete="off", **attributes)
    if value:  # as an attribute: as a property every redraw of the page would undo what is typed
        element.props["^value"] = value
    element.on("input", lambda e: on_value(str(e.args)), js_handler=VALUE)
    return element


def area(name: str, on_value: TextHandler, *, value: str = "", **attributes: str) -> ui.element:
    """A text field of several lines."""
    element = html(escape(value), "input area", "textarea")
    element.props["id"] = name
    for key, given in attributes.items():
        element.props[key.rstrip("_").replace("_", "-")] = given
    element.on("input", lambda e: on_value(str(e.args)), js_handler=VALUE)
    return element


def choice(
    name: str, options: Sequence[tuple[str, str]], on_value: TextHandler, *, value: str = ""
) -> ui.element:
    """A native select of ``(value, label)``."""
    inner = "".join(
        f'<option value="{escape(key)}"{" selected" if key == value else ""}>{escape(label)}</option>'
        for key, label in options
    )
    element = html(inner, "input", "select")
    element.props["id"] = name
    element.on("change", lambda e: on_value(str(e.args)), js_handler=VALUE)
    return element


def switch(name: str, label: str, on_value: TextHandler, *, on: bool) -> ui.element:
    """A checkbox with its label; ``on_value`` gets ``true`` or ``false``."""
    checked = " checked" if on else ""
    inner = f'<input type="checkbox" id="{escape(name)}"{checked}><span>{escape(label)}</span>'
    element = html(inner, "hrow", "label")
    element.on("change", lambda e: on_value(str(e.args)), js_handler=CHECKED)
    return element
