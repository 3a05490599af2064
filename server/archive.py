"""The log copied to the artifact store, in compressed pieces that verify by themselves and join without a gap.

Nothing is removed from the log: it is the truth, and every stream is needed to decide. What an archive
is for is the day the database is gone. Each piece is a recorded act.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice

import psycopg

from application.clock import SystemClock
from application.log import EventLog
from application.ports import Blobs
from application.proofs import Verdict
from domain.installation import STREAM, LogArchived
from domain.model import NEXT_VERSION
from server.postgres.chain import Link, check, exported, formulas, imported, stored

PIECE_ROWS = 50_000
BY = "system:console"


def archive(dsn: str, schema: str, *, log: EventLog, blobs: Blobs) -> list[LogArchived]:
    """Copy what is not archived yet, up to the present head; the pieces made now."""
    made: list[LogArchived] = []
    pieces = pieces_of(log)
    after, head = pieces[-1].last if pieces else 0, log.head()
    before = _hash_at(blobs, pieces[-1]) if pieces else b""
    with psycopg.connect(dsn) as conn:
        starts = formulas(conn, schema)
        rows = (link for link in stored(conn, schema, after) if link.position <= head)
        while links := list(islice(rows, PIECE_ROWS)):
            text = "\n".join(exported(links, starts, before))
            digest = blobs.put(gzip.compress(text.encode(), mtime=0))
            made.append(_record(log, links, digest))
            before = links[-1].hash
    return made


def check_archive(log: EventLog, blobs: Blobs) -> Iterator[tuple[LogArchived, Verdict]]:
    """Each piece as it is in the store, and its verdict; one that does not join the last breaks at its first row."""
    before = b""
    for piece in pieces_of(log):
        links, starts, _ = _read(blobs, piece)
        verdict = check(links, starts, before)
        yield piece, verdict
        before = bytes.fromhex(verdict.head)


def pieces_of(log: EventLog) -> list[LogArchived]:
    """Every piece that was ever made, in order."""
    return [fact for fact in log.stream(STREAM) if isinstance(fact, LogArchived)]


def _record(log: EventLog, links: list[Link], digest: str) -> LogArchived:
    fact = LogArchived(
        first=links[0].position,
        last=links[-1].position,
        rows=len(links),
        sha256=digest,
        originator_id=STREAM,
        originator_version=NEXT_VERSION,
        at=SystemClock().now(),
        by=BY,
    )
    log.append([fact])
    return fact


def _read(blobs: Blobs, piece: LogArchived) -> tuple[Iterator[Link], dict[int, int], bytes]:
    text = gzip.decompress(b"".join(blobs.read(piece.sha256))).decode()
    return imported(iter(text.split("\n")))


def _hash_at(blobs: Blobs, piece: LogArchived) -> bytes:
    links, _, _ = _read(blobs, piece)
    *_, last = links
    return last.hash
