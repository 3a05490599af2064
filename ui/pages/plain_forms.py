"""Forms for those who are not signed in: plain markup that works before any script has loaded."""

from __future__ import annotations

import math
from html import escape

from ui.components.layout import box, html
from ui.components.markup import icon
from ui.navigation import MARK

CURVES = 14


def page(content: str, action: str) -> None:
    """``content`` (markup of this module) as one form that posts to ``action``."""
    with box("login", "main"):
        brand = f'<div class="brand">{MARK}<span>Labledger</span></div>'
        html(brand + content, "form", "form").props(f"method=post action={action}")
        html(_art(), "art")


def title(text: str, sub: str) -> str:
    """What the form is for, in large and in small."""
    return f'<div class="vcol g1"><h1>{escape(text)}</h1><p class="muted">{escape(sub)}</p></div>'


def problem(text: str) -> str:
    """What was refused and why; nothing for an empty ``text``."""
    if not text:
        return ""
    return f'<div class="note bad" role="alert">{icon("circle-alert")}<span>{escape(text)}</span></div>'


def good(text: str) -> str:
    """What was done."""
    return (
        f'<div class="note" role="status">{icon("circle-check")}<span>{escape(text)}</span></div>'
    )


def field(
    label: str,
    name: str,
    kind: str,
    *,
    value: str = "",
    hint: str = "",
    autocomplete: str = "off",
    focus: bool = False,
) -> str:
    """One required input with its label; ``name`` is also its id."""
    told = f'<span class="hint">{escape(hint)}</span>' if hint else ""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input class="input" id="{name}" name="{name}" type="{kind}" value="{escape(value)}"'
        f' autocomplete="{autocomplete}" required{" autofocus" if focus else ""}>{told}</div>'
    )


def submit(label: str) -> str:
    """The one button."""
    return f'<button class="btn primary wide-btn">{escape(label)}</button>'


def _art() -> str:
    """A fan of loss curves: the picture everyone here looks at all day."""
    grid = "".join(f'<path class="line" d="M0 {y}H800"/>' for y in range(0, 720, 60))
    grid += "".join(f'<path class="line" d="M{x} 0V720"/>' for x in range(0, 800, 80))
    curves = "".join(_curve(k) for k in range(CURVES))
    frame = 'viewBox="0 0 800 720" aria-hidden="true" preserveAspectRatio="xMinYMid slice"'
    return f"<svg {frame}>{grid}{curves}</svg>"


def _curve(k: int) -> str:
    tau, floor = 60 + 22 * k, 40 + 30 * k
    points = []
    for x in range(0, 801, 8):
        wave = 4 * math.sin(x / (9 + k) + k) * math.exp(-x / 400)
        y = 640 - (floor + (620 - floor) * math.exp(-x / tau)) + wave
        points.append(f"{'L' if x else 'M'}{x} {y:.1f}")
    width, opacity = (1.4, max(0.12, 0.62 - k * 0.045)) if k else (2.2, 1.0)
    return (
        f'<path d="{" ".join(points)}" fill="none" stroke="var(--d{k % 8 + 1})"'
        f' stroke-width="{width}" opacity="{opacity:.2f}"/>'
    )
