"""A team's events as a file: JSON lines that can be verified anywhere, or a table for a spreadsheet.

Each JSON line carries the hash before its own, so that its content can be held against the chain, and
the seal over all lines before it; the last one signs the whole: what was changed, dropped, doubled or
moved is named by position. Pure. Not here: reading rows, signing, who may.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from application.log_reading import EventView
from projections.rows import LinkRow

Sign = Callable[[bytes], tuple[str, str]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("position", "recorded_at", "at", "by", "name", "stream", "cause", "sentence", "data")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One event for people, and as it is chained."""

    view: EventView
    link: LinkRow


def json_lines(
    lines: Iterable[Line], *, team: str, where: Mapping[str, str], formulas: object, sign: Sign
) -> Iterator[str]:
    """A line that tells what the file is, one an event, and the seal with its signature."""
    about = {"labledger": "audit", "team": team, "where": dict(where), "formulas": formulas}
    seal, count, last = b"", 0, json.dumps(about)
    yield last
    for count, line in enumerate(lines, 1):  # noqa: B007  # counted
        seal = sealed(seal, last)
        last = json.dumps(_fields(line) | {"so_far": seal.hex()}, ensure_ascii=False)
        yield last
    seal = sealed(seal, last)
    key, signature = sign(seal)
    yield json.dumps({"rows": count, "seal": seal.hex(), "key": key, "signature": signature})


def sealed(before: bytes, line: str) -> bytes:
    """The seal over everything up to ``line``."""
    return hashlib.sha256(before + line.encode()).digest()


def table_lines(lines: Iterable[Line]) -> Iterator[str]:
    """Comma-separated, a head first. No cell is computed by a spreadsheet."""
    yield _row(COLUMNS)
    for line in lines:
        view = line.view
        data = json.dumps(dict(view.data), ensure_ascii=False, default=str)
        yield _row(
            (
                *(str(view.position), view.recorded_at.isoformat(), view.at.isoformat(), view.by),
                *(view.name, view.stream, view.cause, view.sentence, data),
            )
        )


def _fields(line: Line) -> dict[str, object]:
    view, link = line.view, line.link
    return {
        "position": view.position,
        "recorded_at": (view.recorded_at - EPOCH) // timedelta(microseconds=1),
        "stream": view.stream,
        "version": view.version,
        "name": view.name,
        "by": view.by,
        "sentence": view.sentence,
        "state": link.state.decode(),
        "before": link.before,
        "hash": link.hash,
    }


def _row(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        [f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells]
    )
    return out.getvalue()
