"""kill -9 of the web process at every point it passes: what was acknowledged happens exactly once.

People submit, nodes report and upload over HTTP; both ask again after the restart. The worker stays
up. The worker's own points are in ``test_kill_sweep.py``.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from domain.job_events import JobQueued
from tests.acceptance.client import Client
from tests.acceptance.cluster import (
    FINAL,
    Cluster,
    assert_ledger_is_settled,
    cluster,
    wait_until,
)
from tests.fakes.schemas import unused_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.xdist_group("web")]

POINTS = (
    "before job.queued.v1",
    "after job.queued.v1",
    "journal.facts",
    "journal.applied",
    "before job.running.v1",
    "after job.running.v1",
    "before artifact.saved.v1",
    "after artifact.saved.v1",
    "before job.completed.v1",
    "after job.completed.v1",
    "before quota.settled.v1",
    "after quota.settled.v1",
)
SEEDS = (1, 2, 3)
LINES = 40
BYTES = b"0123456789abcdef" * 4096
SCRIPT = f"""\
echo ran >> $RAN
for i in $(seq {LINES}); do echo "line $i"; done
python3 -c 'import lab; lab.init(); open("model", "wb").write(b"0123456789abcdef" * 4096)
lab.log_metrics({{"loss": 0.5}}, step=1); lab.save_artifact("model"); lab.finish(score={{"acc": 1}})'
"""
_numbers = count(1)


@pytest.fixture(scope="module")
def working(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One installation and one worker for all points: only the web process dies here."""
    schema = unused_schema("web_sweep")
    with cluster(postgres, schema, tmp_path_factory.mktemp("web")) as made:
        made.start("worker")
        yield made
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute("set client_min_messages = warning")
        conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))


class Falling:
    """A web process that dies at one point after the other; ``revive`` starts it with the next."""

    def __init__(self, working: Cluster, seed: int) -> None:
        self._working = working
        self._dice = random.Random(seed)
        self._points = self._dice.sample(POINTS, len(POINTS))
        self.point = ""
        self._start()

    def _start(self) -> None:
        self.point = self._points.pop() if self._points else ""
        fails = f"{self.point}:{self._dice.choice((1, 2))}" if self.point else ""
        self._working.start("web", failpoint=fails)

    def revive(self) -> None:
        """Start it again if its point has killed it."""
        if self._working.died("web"):
            assert self._working.forget("web") == -9
            self._start()

    def fell(self, point: str, job: str) -> bool:
        """Whether it has died at ``point`` before ``job`` was over; it is up again then.

        It need not: the worker may have been faster with the job's end.
        """

        def over() -> bool:
            row = self._working.job(job)
            return row is not None and row.status in FINAL

        wait_until(lambda: self.point != point or self._working.died("web") or over())
        self.revive()
        return self.point != point


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_of_the_web_process_lose_nothing_and_double_nothing(
    working: Cluster, seed: int
) -> None:
    falling = Falling(working, seed)
    jobs: list[tuple[str, str]] = []
    while point := falling.point:
        for _ in range(8):
            key, job = submit(working, falling)
            jobs.append((key, job))
            if falling.fell(point, job):
                break
        assert falling.point != point, f"never reached {point}"
    caused = queued_by_key(working)
    for key, job in jobs:
        assert caused[key] == [job]
        assert_ran_once(working, key, job)
    working.kill("web")
    assert_ledger_is_settled(working)


def submit(working: Cluster, falling: Falling) -> tuple[str, str]:
    """A key and the job it made; sent twice, and again after every break."""
    key = f"key-{next(_numbers)}"
    ran = working.home / f"ran-{key}"
    with Client(working.port, working.token) as client:
        sent = [
            client.queue(SCRIPT, key=key, meanwhile=falling.revive, envs=f"{{RAN: {ran}}}")
            for _ in range(2)
        ]
    assert sent[0] == sent[1]
    return key, sent[0]


def assert_ran_once(working: Cluster, key: str, job: str) -> None:
    row = working.ended(job)
    assert (row.status, row.exit_code, row.attempt) == ("COMPLETE", 0, 1)
    assert Path(working.home / f"ran-{key}").read_text() == "ran\n"
    wait_until(lambda: len(working.lines(row)) == LINES, patience_s=15)
    assert working.lines(row) == [f"line {i}" for i in range(1, LINES + 1)]
    assert row.score == {"acc": 1.0}
    wait_until(lambda: working.parts.telemetry.points(job, "loss").values == [0.5])
    (artifact,) = working.parts.queries.artifacts(job)
    (file,) = artifact.files
    with Client(working.port, working.token) as client:
        data = client.http.get(f"/api/artifacts/{artifact.id}/{file['path']}").content
    assert data == BYTES
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    ends = [t for t in working.topics(job) if t in ("job.completed.v1", "job.failed.v1")]
    assert ends == ["job.completed.v1"]


def queued_by_key(working: Cluster) -> dict[str, list[str]]:
    """Of each command's key every job whose queueing it caused."""
    caused: dict[str, list[str]] = defaultdict(list)
    for fact in working.parts.lab.log.read(0, 10**6):
        if isinstance(fact.event, JobQueued):
            caused[fact.event.cause].append(fact.event.originator_id)
    return caused
