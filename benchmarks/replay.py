"""The past of a million events: as of, audit pages, verifying, replaying. ``python -m benchmarks.replay [events]``.

Floors: the same page of the live tables; reading every row of the log and hashing nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random

import psycopg

from benchmarks.past_lab import PastLab, fill
from benchmarks.result import Row, row, show
from benchmarks.toys import scratch_database
from projections.catalogue import PROJECTIONS
from projections.connection import Pool
from projections.log_index import LogIndex
from projections.log_queries import END, LogFilter
from projections.past import Historian
from projections.projector import Projector
from projections.queries import JobFilter, Queries
from server.postgres.chain import stored, verify
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool
from server.twin import replayed

SCHEMA = "lab"
LOOKS = 40


def rows(*, quick: bool) -> list[Row]:
    return measure(50_000 if quick else 1_000_000)


def measure(events: int, seed: int = 1) -> list[Row]:
    """Everything over one generated log."""
    with scratch_database() as dsn, open_pool(dsn, max_size=2) as pool:
        migrate(dsn, SCHEMA)
        with psycopg.connect(dsn, autocommit=True) as conn:
            head = fill(conn, SCHEMA, PastLab(seed=seed).events(events))
            kept = _kept(pool, head)
            conn.execute("vacuum analyze")
            pages = _pages(Queries(pool, SCHEMA), Random(seed), head)
            proofs = _proofs(conn, events)
    return [*kept, *pages, *proofs]


def _kept(pool: Pool, head: int) -> list[Row]:
    live = _seconds(lambda: [Projector(pool, p, SCHEMA).catch_up() for p in PROJECTIONS])
    past = _seconds(lambda: [Historian(pool, p, SCHEMA).catch_up() for p in PROJECTIONS])
    index = _seconds(lambda: LogIndex(pool, SCHEMA).catch_up())
    floor = head / live
    return [
        row("every read model, events/s", head / live, floor=floor, budget="none"),
        row("versions of every row, events/s", head / past, floor=floor, budget="none"),
        row("index of the log, events/s", head / index, floor=floor, budget="none"),
    ]


def _pages(queries: Queries, random: Random, head: int) -> list[Row]:
    teams = sorted({provider.team for provider in queries.all_providers()})
    members = [(team, m.user_id) for team in teams for m in queries.members(team)]
    at = [1, head // 1_000, head // 2, head, *(random.randint(1, head) for _ in range(LOOKS))]

    def jobs(asked: Queries, team: str) -> object:
        return asked.jobs(team, JobFilter(), limit=51)

    def quota(asked: Queries, team: str) -> object:
        return asked.quotas([f"team:{team}:2026-06", f"team:{team}:2026-11", f"team:{team}"])

    def page() -> object:
        team, user = random.choice(members)
        kinds = ("", "", "job", "quota", "team", "provider", "experiment")
        where = LogFilter(actors=random.choice(((), (f"user:{user}",))), kind=random.choice(kinds))
        before = random.choice((END, random.randint(1, head)))
        return queries.found(team, where, after=0, before=before, limit=51, newest=True)

    found = []
    for name, ask in (("job list", jobs), ("quota page", quota)):
        worst = max(_ms(ask, queries.at(p), random.choice(teams)) for p in at)
        floor = max(_ms(ask, queries, random.choice(teams)) for _ in at)
        told = f"as of: {name}, worst of {len(at)}, ms"
        found.append(row(told, worst, floor=floor, budget="< 1,000 ms"))
    times = sorted(_ms(page) for _ in range(LOOKS * 5))
    p95, median = times[int(len(times) * 0.95)], times[len(times) // 2]
    found.append(row("audit filter page, p95, ms", p95, floor=median, budget="< 100 ms"))
    moment = queries.moment(head // 2)
    assert moment is not None
    took = _ms(queries.position_at, moment)
    return [*found, row("position of a time, ms", took, floor=took, budget="none")]


def _proofs(conn: psycopg.Connection[tuple[object, ...]], events: int) -> list[Row]:
    share = events / 1_000_000
    floor = _seconds(lambda: sum(1 for _ in stored(conn, SCHEMA)))
    verified = _seconds(lambda: verify(conn, SCHEMA))
    wrong: list[int] = []
    again = _seconds(
        lambda: wrong.extend(len(t.differences) for t in replayed(conn, SCHEMA, upto=END))
    )
    assert not any(wrong)
    return [
        row("verify, s a million", verified / share, floor=floor / share, budget="< 30 s"),
        row("replay and diff, s a million", again / share, floor=floor / share, budget="< 60 s"),
    ]


def _seconds(do: Callable[..., object], *arguments: object) -> float:
    begun = time.perf_counter()
    do(*arguments)
    return time.perf_counter() - begun


def _ms(do: Callable[..., object], *arguments: object) -> float:
    return _seconds(do, *arguments) * 1_000


if __name__ == "__main__":
    show(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
