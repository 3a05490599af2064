"""Appends per second, against raw prepared INSERTs: ``python -m benchmarks.append``.

Both commit durably, one transaction an append.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from threading import Thread

from benchmarks.result import Row, row, show
from benchmarks.toys import BENCH, SCHEMA, scratch_database, started
from domain.codec import encode
from domain.model import Guard, GuardKind
from projections.connection import Pool
from server.postgres.event_store import PostgresEventLog
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool

_INSERT = "insert into raw(id, version, topic, state) select * from unnest(%s::text[], %s::bigint[]"
_INSERT += ", %s::text[], %s::bytea[])"
Append = Callable[[str, int], object]


def measure(appends: int = 1_000) -> list[Row]:
    """One and eight writers, one event and a batch of 500, with and without a quota guard."""
    with scratch_database() as dsn:
        migrate(dsn, SCHEMA)
        with open_pool(dsn, max_size=10) as pool:
            return _measure(pool, appends)


def _measure(pool: Pool, appends: int) -> list[Row]:
    log = PostgresEventLog(pool, SCHEMA, catalogue=BENCH)
    with pool.connection() as conn:
        conn.execute(
            "create table raw(n bigserial primary key, id text, version bigint, topic text,"
            " state bytea, unique(id, version))"
        )

    def plain(name: str, size: int) -> None:
        log.append([started(f"{name}_{n}", 1) for n in range(size)])

    def guarded(name: str, size: int) -> None:
        guard = Guard(GuardKind.QUOTA, "team", 1, 10**12)
        log.append([started(f"{name}_{n}", 1) for n in range(size)], [guard])

    def raw(name: str, size: int) -> None:
        events = [started(f"{name}_{n}", 1) for n in range(size)]
        encoded = [encode(event) for event in events]
        values = [
            [e.originator_id for e in events],
            [1] * size,
            *map(list, zip(*encoded, strict=True)),
        ]
        with pool.connection() as conn:
            conn.execute(_INSERT, values, prepare=True)

    cases: list[tuple[str, Append, int, int, str]] = [
        ("1 writer, 1 event, appends/s", plain, 1, 1, "> 1,000"),
        ("8 writers, 1 event, appends/s", plain, 8, 1, "> 1,500"),
        ("8 writers, 1 event and a quota, appends/s", guarded, 8, 1, "> 1,500"),
        ("1 writer, 500 events, events/s", plain, 1, 500, "> 10,000"),
    ]
    rows: list[Row] = []
    for name, append, writers, size, budget in cases:
        each = max(appends // writers // (50 if size > 1 else 1), 1)
        ours = _rate(append, writers, each=each, size=size)
        floor = _rate(raw, writers, each=each, size=size)
        rows.append(row(name, ours, floor=floor, budget=budget))
    return rows


_names = count()


def _rate(append: Append, writers: int, *, each: int, size: int) -> float:
    """Events per second, best of three."""

    def write(prefix: str) -> None:
        for n in range(each):
            append(f"{prefix}_{n}", size)

    best = 0.0
    for _ in range(3):
        threads = [Thread(target=write, args=(f"s{next(_names)}",)) for _ in range(writers)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = max(best, writers * each * size / (time.perf_counter() - begun))
    return best


if __name__ == "__main__":
    show(measure())
