"""Word and glyph of every status; Python and JavaScript both read this table. Colours: ``tokens.css``."""

from __future__ import annotations

from html import escape

_ARC = '<g class="spin"><path d="M8 2.5a5.5 5.5 0 1 1-4.9 3"/></g>'
_RING = '<circle cx="8" cy="8" r="5.5"/>'
_SQUARE = '<rect x="6" y="6" width="4" height="4" rx=".6" fill="currentColor" stroke="none"/>'
STATUS: dict[str, tuple[str, str]] = {
    "QUEUED": ("Queued", '<circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2.4"/>'),
    "LAUNCHING": (
        "Launching",
        '<g class="spin"><path d="M8 2.5a5.5 5.5 0 0 1 5.5 5.5"/></g>'
        '<circle cx="8" cy="8" r="1.6" fill="currentColor" stroke="none"/>',
    ),
    "RUNNING": ("Running", _ARC),
    "STOPPING": ("Stopping", _ARC + _SQUARE),
    "COMPLETE": ("Complete", _RING + '<path d="m5.6 8.2 1.7 1.7 3.2-3.6"/>'),
    "FAILED": ("Failed", _RING + '<path d="m6 6 4 4m0-4-4 4"/>'),
    "STOPPED": ("Stopped", _RING + _SQUARE),
}
LIVE = ("QUEUED", "LAUNCHING", "RUNNING", "STOPPING")


def word(status: str) -> str:
    return STATUS[status][0] if status in STATUS else status.title()


def glyph(status: str) -> str:
    """The SVG of a status; trusted markup."""
    return f'<svg viewBox="0 0 16 16" aria-hidden="true">{STATUS.get(status, ("", ""))[1]}</svg>'


def chip(status: str, *, text: str = "", bare: bool = False) -> str:
    """Glyph and word on the status's tint; trusted markup."""
    cls = "chip bare" if bare else "chip"
    label = escape(text or word(status))
    return f'<span class="{cls}" data-st="{escape(status)}">{glyph(status)}{label}</span>'
