"""Events per second into a read model: ``python -m benchmarks.projection [events]``.

The floor is reading and decoding the same events without writing anything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import psycopg
from psycopg import sql

from benchmarks.result import Row, row, show
from benchmarks.toys import BENCH, SCHEMA, Moved, Started, life, scratch_database
from domain.codec import encode
from domain.model import Event
from projections.base import Column, Patch, Projection, SqlType, Table
from projections.projector import Projector
from projections.rebuild import rebuild
from server.postgres.chain import verify
from server.postgres.event_store import PostgresEventLog
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool

_COPY = "copy {}.events(originator_id, originator_version, topic, state, recorded_at, hash) "
_COPY += "from stdin"


def fold(event: Event, _: int) -> Sequence[Patch]:
    """Runs by id, and how many each team started."""
    match event:
        case Started():
            return (
                Patch(
                    "runs",
                    event.originator_id,
                    set={"team": event.team, "state": "queued", "queued_at": event.at},
                ),
                Patch("usage", event.team, add={"started": 1}),
            )
        case Moved():
            return (Patch("runs", event.originator_id, set={"state": event.state}),)
    return ()


RUNS = Projection(
    name="runs",
    version=1,
    tables=(
        Table(
            name="runs",
            columns=(
                Column(name="team"),
                Column(name="state"),
                Column(name="queued_at", type=SqlType.TIMESTAMPTZ),
            ),
            indexes=("team, state, queued_at desc, id desc",),
        ),
        Table(
            name="usage",
            columns=(Column(name="started", type=SqlType.BIGINT, default="0"),),
        ),
    ),
    fn=fold,
)


def measure(events: int = 100_000) -> list[Row]:
    """Catching up from nothing, then a shadow rebuild with its swap, over ``events`` events."""
    with scratch_database() as dsn:
        migrate(dsn, SCHEMA)
        with psycopg.connect(dsn, autocommit=True) as conn:
            _fill(conn, events)
            floor = events / _seconds_to_read(dsn)
            projector = Projector(conn, RUNS, SCHEMA, catalogue=BENCH)
            begun = time.perf_counter()
            projector.catch_up()
            caught_up = events / (time.perf_counter() - begun)
            begun = time.perf_counter()
            rebuild(conn, RUNS, SCHEMA, catalogue=BENCH)
            rebuilt = events / (time.perf_counter() - begun)
            begun = time.perf_counter()
            verify(conn, SCHEMA)
            verified = events / (time.perf_counter() - begun)
    return [
        row("projector, events/s", caught_up, floor=floor, budget="> 30,000"),
        row("shadow rebuild, events/s", rebuilt, floor=floor, budget="> 67,000 (1M in 15 s)"),
        row("verify the chain, events/s", verified, floor=floor, budget="> 33,400 (1M in 30 s)"),
    ]


def _fill(conn: psycopg.Connection[tuple[object, ...]], events: int) -> None:
    """COPY whole lives, interleaved as eight at a time; the chain is not needed here."""
    with (
        conn.cursor() as cursor,
        cursor.copy(sql.SQL(_COPY).format(sql.Identifier(SCHEMA))) as copy,
    ):
        for first in range(0, events // 5, 8):
            lives = [life(f"run_{n:08d}") for n in range(first, min(first + 8, events // 5))]
            for moment in zip(*lives, strict=True):
                for event in moment:
                    name, data = encode(event)
                    version = event.originator_version
                    copy.write_row((event.originator_id, version, name, data, event.at, b""))


def _seconds_to_read(dsn: str) -> float:
    with open_pool(dsn, max_size=1) as pool:
        log, after = PostgresEventLog(pool, SCHEMA, catalogue=BENCH), 0
        begun = time.perf_counter()
        while batch := log.read(after, 5_000):
            after = batch[-1].position
        return time.perf_counter() - begun


if __name__ == "__main__":
    show(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
