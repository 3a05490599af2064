"""Log lines as the log view takes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from projections.telemetry_queries import LineRow
from ui.views.ansi import plain, spans

Cell = str | int | list[tuple[str, str]]


def log_cells(lines: Iterable[LineRow]) -> list[dict[str, Cell]]:
    """``n`` number, ``t`` time (UTC), ``s`` source, ``x`` text, ``p`` styled pieces when there are any."""
    return [_cells(line) for line in lines]


def _cells(line: LineRow) -> dict[str, Cell]:
    source = "setup" if line.phase == "setup" and line.stream != "lab" else line.stream
    cells: dict[str, Cell] = {
        "n": line.number,
        "t": f"{datetime.fromtimestamp(line.at, UTC):%H:%M:%S}",
        "s": source,
        "x": plain(line.text),
    }
    if "\x1b" in line.text:
        cells["p"] = spans(line.text)
    return cells
