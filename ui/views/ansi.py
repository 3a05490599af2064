"""Terminal colours in log lines as text with styles: never markup, whatever a job prints."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\x1b(?:\[([0-9;]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_BRIGHT = 90
_COLOURS = range(30, 38)
_BRIGHTS = range(90, 98)

Span = tuple[str, str]


def plain(text: str) -> str:
    """``text`` without escapes; of a line that was overwritten with carriage returns, the last."""
    return _ESCAPE.sub("", _last(text))


def spans(text: str) -> list[Span]:
    """``(text, style)`` pieces; a style is words of ``b`` (bold), ``d`` (dim), ``c0``…``c7``."""
    out: list[Span] = []
    style: dict[str, str] = {}
    place = 0
    text = _last(text)
    for found in _ESCAPE.finditer(text):
        _add(out, text[place : found.start()], style)
        place = found.end()
        if found.group(2) == "m":
            _apply(style, found.group(1))
    _add(out, text[place:], style)
    return out


def _last(text: str) -> str:
    return text.rstrip("\r").rpartition("\r")[2]


def _add(out: list[Span], text: str, style: dict[str, str]) -> None:
    if text:
        out.append((text, " ".join(style.values())))


def _apply(style: dict[str, str], codes: str) -> None:
    """One SGR sequence, ECMA-48 §8.3.117; 256 and true colours are read over."""
    numbers = [int(c) if c else 0 for c in codes.split(";") if len(c) < 4]
    while numbers:
        code = numbers.pop(0)
        if code in (38, 48):
            del numbers[: 2 if numbers[:1] == [5] else 4]
        elif code == 0:
            style.clear()
        elif code in (1, 2):
            style["weight"] = "b" if code == 1 else "d"
        elif code == 22:
            style.pop("weight", None)
        elif code in _COLOURS or code in _BRIGHTS:
            style["colour"] = f"c{code % 10}"
        elif code == 39:
            style.pop("colour", None)
