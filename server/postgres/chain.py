"""The hash chain over the log, computed anew: what is not as it was recorded is named by position.

Each row's hash covers the one before it, its position, stream, version, name, time and content. So
one that was changed, dropped, doubled or moved shows at itself or at the next. Not here: whether the
end was cut off, which only a head kept elsewhere tells; compare ``Verdict.head`` with one.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from application.proofs import Verdict

BATCH = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BREAKS_AT_MOST = 100
TELL_ROWS = 100_000
_ROWS = """
select notification_id, originator_id, originator_version, topic, state, recorded_at, hash
  from {s}.events where notification_id > %s order by notification_id limit %s
"""
_FORMULAS = "select from_position, formula from {s}.chain_formulas order by from_position"


class Link(NamedTuple):
    """One row of the log, or one line of an export."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    hash: bytes


def verify(conn: psycopg.Connection[Any], schema: str) -> Verdict:
    """Compute the whole chain anew; the log may grow meanwhile."""
    return check(stored(conn, schema), formulas(conn, schema))


def check(links: Iterable[Link], formula_from: Mapping[int, int], before: bytes = b"") -> Verdict:
    """The same for rows from anywhere, in the order they are told."""
    verdict = Verdict(rows=0, position=0, head="", breaks=())
    for verdict in checking(links, formula_from, before):  # noqa: B007  # the last is wanted
        pass
    return verdict


def checking(
    links: Iterable[Link], formula_from: Mapping[int, int], before: bytes = b""
) -> Iterator[Verdict]:
    """The verdict so far, each hundred thousand rows and at the end; ``before`` is the hash before the first."""
    rows, position, breaks = 0, 0, list[int]()
    starts = sorted(formula_from.items())
    for link in links:
        formula = [number for start, number in starts if start <= link.position][-1]
        follows = link.position > position and digest(before, link, formula) == link.hash
        if not follows and len(breaks) < BREAKS_AT_MOST:
            breaks.append(link.position)
        before, rows, position = link.hash, rows + 1, link.position
        if not rows % TELL_ROWS:
            yield Verdict(rows=rows, position=position, head=before.hex(), breaks=tuple(breaks))
    yield Verdict(rows=rows, position=position, head=before.hex(), breaks=tuple(breaks))


def digest(before: bytes, link: Link, formula: int) -> bytes:
    """What the row's hash must be after the hash ``before``; formula 1 left the time out."""
    said = [str(link.position), link.stream, str(link.version), link.topic]
    if formula > 1:
        said.append(str((link.recorded_at - EPOCH) // MICROSECOND))
    return hashlib.sha256(before + "\n".join([*said, ""]).encode() + link.state).digest()


def stored(conn: psycopg.Connection[Any], schema: str, after: int = 0) -> Iterator[Link]:
    """Every row of the log after a position."""
    query = sql.SQL(_ROWS).format(s=sql.Identifier(schema))
    while rows := conn.execute(query, (after, BATCH), prepare=True, binary=True).fetchall():
        for row in rows:
            yield Link(*row)
        after = rows[-1][0]


def formulas(conn: psycopg.Connection[Any], schema: str) -> dict[int, int]:
    """By which formula rows are chained, from which position on."""
    query = sql.SQL(_FORMULAS).format(s=sql.Identifier(schema))
    return dict(conn.execute(query).fetchall())


def exported(
    links: Iterable[Link], formula_from: Mapping[int, int], before: bytes = b""
) -> Iterator[str]:
    """An export: a line that tells how and after what it is chained, then one JSON object a row."""
    about = {"labledger": "log", "formulas": sorted(formula_from.items()), "before": before.hex()}
    yield json.dumps(about)
    for link in links:
        line = link._asdict() | {
            "state": b64encode(link.state).decode(),
            "recorded_at": (link.recorded_at - EPOCH) // MICROSECOND,
            "hash": link.hash.hex(),
        }
        yield json.dumps(line)


def imported(lines: Iterator[str]) -> tuple[Iterator[Link], dict[int, int], bytes]:
    """What ``exported`` wrote. ``ValueError`` for a file that is none, at the line that is not."""
    head = json.loads(next(lines, ""))
    if not isinstance(head, dict) or head.get("labledger") != "log":
        raise ValueError("this is no export of a log")
    starts = {int(start): int(formula) for start, formula in head["formulas"]}
    return map(_link, lines), starts, bytes.fromhex(head.get("before", ""))


def _link(line: str) -> Link:
    row = json.loads(line)
    at = EPOCH + int(row["recorded_at"]) * MICROSECOND
    state, hash = b64decode(row["state"], validate=True), bytes.fromhex(row["hash"])
    return Link(**{**row, "state": state, "recorded_at": at, "hash": hash})
