"""Signing in, and the first account: plain forms that work before any script has loaded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from ui.components.layout import box, html
from ui.components.markup import icon
from ui.shell import MARK

CURVES = 14
SENTENCES = {
    "": "",
    "1": "That e-mail address and password do not match.",
    "rate": "Too many tries. Wait five minutes and try again.",
}


def login_page(error: str, wanted: str) -> None:
    """``error`` is a key of ``SENTENCES``; ``wanted`` the local path to go on to."""
    fields = (
        f'<input type="hidden" name="next" value="{escape(wanted)}">'
        + _field("E-mail", "email", "email", autocomplete="username", focus=True)
        + _field("Password", "password", "password", autocomplete="current-password")
        + _submit("Sign in")
    )
    title = _title("Sign in", "Run research on any machine, from one place.")
    _page(f"{title}{_problem(SENTENCES.get(error, SENTENCES['1']))}{fields}", "/login")


def setup_page(kept: Mapping[str, str]) -> None:
    """``kept`` is what was typed before a refusal, and ``error`` its sentence."""
    error = SENTENCES.get(kept.get("error", ""), kept.get("error", ""))
    fields = (
        _field(
            "Set-up code", "code", "text", hint="The server printed it when it started.", focus=True
        )
        + _field("Your name", "name", "text", value=kept.get("name", ""), autocomplete="name")
        + _field("E-mail", "email", "email", value=kept.get("email", ""), autocomplete="username")
        + _field(
            "Password",
            "password",
            "password",
            hint="At least 10 characters.",
            autocomplete="new-password",
        )
        + _field("Team", "team", "text", value=kept.get("team", "Lab"))
        + _submit("Create account")
    )
    title = _title("Set up Labledger", "Make the first account. You will own the team.")
    _page(f"{title}{_problem(error)}{fields}", "/setup")


def _page(content: str, action: str) -> None:
    with box("login", "main"):
        brand = f'<div class="brand">{MARK}<span>Labledger</span></div>'
        html(brand + content, "form", "form").props(f"method=post action={action}")
        html(_art(), "art")


def _title(title: str, sub: str) -> str:
    return f'<div class="vcol g1"><h1>{escape(title)}</h1><p class="muted">{escape(sub)}</p></div>'


def _problem(text: str) -> str:
    if not text:
        return ""
    return f'<div class="note bad" role="alert">{icon("circle-alert")}<span>{escape(text)}</span></div>'


def _field(
    label: str,
    name: str,
    kind: str,
    *,
    value: str = "",
    hint: str = "",
    autocomplete: str = "off",
    focus: bool = False,
) -> str:
    told = f'<span class="hint">{escape(hint)}</span>' if hint else ""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input class="input" id="{name}" name="{name}" type="{kind}" value="{escape(value)}"'
        f' autocomplete="{autocomplete}" required{" autofocus" if focus else ""}>{told}</div>'
    )


def _submit(label: str) -> str:
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
