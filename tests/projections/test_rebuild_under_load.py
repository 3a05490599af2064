"""A read model is rebuilt and swapped while facts are recorded and people read: nobody notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import psycopg
import pytest

from benchmarks.past_lab import PastLab, fill
from projections.catalogue import PROJECTIONS
from projections.connection import Pool
from projections.jobs import JOBS_PROJECTION
from projections.projector import Projector
from projections.queries import JobFilter, Queries
from projections.rebuild import compare, rebuild, replay
from server.following import Follower
from server.postgres.event_store import PostgresEventLog
from tests.acceptance.scratch import scratch_schema

pytestmark = pytest.mark.postgres

FIRST, WRITES_A_SECOND = 2_000, 90  # asked for; two cores manage about sixty


class Load:
    """Threads that do something again and again; what one raised is told at the end."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def again(self, do: Callable[[], object], *, pause_s: float) -> None:
        def run() -> None:
            while not self.stopping.is_set():
                try:
                    do()
                except BaseException as error:  # noqa: BLE001  # told by the test
                    self.errors.append(error)
                    return
                self.stopping.wait(pause_s)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def load() -> Iterator[Load]:
    made = Load()
    try:
        yield made
    finally:
        made.stop()


def test_a_swap_under_load_fails_no_request_and_shows_nothing_stale(
    postgres: str, pool: Pool, schema: str
) -> None:
    lab = PastLab(seed=5, team_count=2)
    facts = lab.events(8_000)
    log, queries = PostgresEventLog(pool, schema), Queries(pool, schema)
    projectors = [Projector(pool, projection, schema) for projection in PROJECTIONS]
    with psycopg.connect(postgres, autocommit=True) as conn:
        fill(conn, schema, islice(facts, FIRST))
        for projector in projectors:
            projector.catch_up()
        (team,) = [
            row[0]
            for row in conn.execute(
                f"select team from {schema}.{JOBS_PROJECTION.table_name('jobs')} limit 1"
            )
        ]
        seen = {"jobs": 0, "quota": 0}
        read, written = [0], [0]

        def write() -> None:
            log.append([next(facts)])
            written[0] += 1

        def look() -> None:
            jobs = sum(queries.job_counts(team).values())
            latest = max((row.position for row in queries.jobs(team, JobFilter())), default=0)
            assert jobs >= seen["jobs"], "a job is not there any more"
            assert latest >= seen["quota"], "an older state is shown again"
            seen.update(jobs=jobs, quota=latest)
            queries.members(team)
            read[0] += 1

        follower = Follower(projectors, after=lambda: None)
        follower.start()
        with load() as running:
            running.again(write, pause_s=1 / WRITES_A_SECOND)
            running.again(follower.wake, pause_s=0.01)
            running.again(look, pause_s=0.005)
            for _ in range(2):
                for projection in PROJECTIONS:
                    rebuild(conn, projection, schema)
            reads, end = read[0], time.monotonic() + 30
            while read[0] < reads + 20 and not running.errors and time.monotonic() < end:
                time.sleep(0.01)
        follower.wake()
        assert follower.catch_up(log.head())
        follower.stop()
        assert running.errors == []
        assert read[0] > 20
        assert written[0] > 20
        with scratch_schema(postgres, f"{schema}_anew"):
            for projection in PROJECTIONS:
                replay(conn, projection, f"{schema}_anew", log_schema=schema)
                assert compare(conn, projection, schema, f"{schema}_anew") == []
