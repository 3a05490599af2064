"""Markup made of values: every function escapes what it is given and answers a string of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

HUES = 360


def icon(name: str, size: str = "") -> str:
    cls = f"i i-{size}" if size else "i"
    return f'<svg class="{cls}" aria-hidden="true"><use href="/static/icons.svg#{name}"/></svg>'


def span(text: object, cls: str = "") -> str:
    return f'<span class="{cls}">{escape(str(text))}</span>'


def link(text: str, href: str, cls: str = "") -> str:
    return f'<a class="{cls}" href="{escape(href)}">{escape(text)}</a>'


def ago(at: datetime | None, cls: str = "muted num") -> str:
    """A time that the browser keeps relative: "14m ago"."""
    if at is None:
        return '<span class="faint">—</span>'
    return f'<time class="{cls}" datetime="{at.isoformat()}" data-rel></time>'


def lasting(start: datetime | None, end: datetime | None, cls: str = "num") -> str:
    """A duration that the browser keeps counting until there is an ``end``."""
    if start is None:
        return '<span class="faint">—</span>'
    until = f' data-end="{end.isoformat()}"' if end else ""
    return f'<time class="{cls}" datetime="{start.isoformat()}" data-dur{until}></time>'


def hue(name: str) -> int:
    angle = 7
    for character in name:
        angle = (angle * 31 + ord(character)) % HUES
    return angle


def avatar(name: str, size: str = "") -> str:
    cls = f"ava ava-{size}" if size else "ava"
    initials = escape("".join(part[0] for part in name.split()[:2]).upper() or "?")
    return f'<span class="{cls}" style="--h:{hue(name)}" aria-hidden="true">{initials}</span>'


def copyable(text: str, shown: str = "") -> str:
    """A monospaced id with a copy button."""
    label = escape(shown or text)
    return (
        f'<button class="hrow g1 mono muted t-sm" data-copy="{escape(text)}" title="Copy {escape(text)}"'
        f' aria-label="Copy {label}">{label}{icon("copy", "sm")}</button>'
    )


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """A definition list; the values are markup."""
    return "".join(f"<dt>{escape(key)}</dt><dd>{value}</dd>" for key, value in rows)


def note(text: str, *, kind: str = "", title: str = "", extra: str = "") -> str:
    """A sentence that needs attention, as the inside of a ``note``; ``extra`` is markup."""
    head = f'<div class="b6">{escape(title)}</div>' if title else ""
    glyph = {"bad": "circle-alert", "warn": "triangle-alert"}.get(kind, "circle-check")
    body = f'<div class="prose">{escape(text)}</div>'
    return f'{icon(glyph)}<div class="grow">{head}{body}</div>{extra}'


def empty(title: str, text: str, *, glyph: str, extra: str = "", level: int = 2) -> str:
    """The inside of an ``empty`` block; ``extra`` is markup for its actions.

    ``level`` of its heading is 1 where it is the whole page.
    """
    actions = f'<div class="hrow">{extra}</div>' if extra else ""
    return (
        f'<div class="art">{icon(glyph, "lg")}</div><h{level}>{escape(title)}</h{level}>'
        f"<p>{escape(text)}</p>{actions}"
    )
