"""kill -9 of the web process at every point it passes: what was acknowledged happens exactly once.

People submit, nodes report and upload over HTTP; both ask again after the restart. The worker stays
up. The worker's own points are in ``test_kill_sweep.py``.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.acceptance.client import Client
from tests.acceptance.cluster import (
    Cluster,
    assert_ledger_is_settled,
    cluster,
    wait_until,
)
from tests.fakes.schemas import unused_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.xdist_group("web")]

SUBMITTING = ("before job.queued.v1", "after job.queued.v1")
REPORTING = (
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


@pytest.mark.parametrize("point", [*SUBMITTING, *REPORTING])
def test_a_kill_of_the_web_process_loses_nothing_and_doubles_nothing(
    working: Cluster, point: str
) -> None:
    for seed in SEEDS:
        dice = random.Random(f"{point}{seed}")
        working.start("web", failpoint=f"{point}:{dice.choice((1, 2))}")
        pid = working.running["web"].pid
        jobs = [submit(working)]
        while not has_died(working, pid, within_s=4):  # the worker was faster with this job's end
            jobs.append(submit(working))
            assert len(jobs) < 8, f"never reached {point}"
        revive(working)
        for key, job in jobs:
            assert_ran_once(working, key, job)
        working.kill("web")
    assert_ledger_is_settled(working)


def submit(working: Cluster) -> tuple[str, str]:
    """A key and the job it made; sent twice, and again after every break."""
    key = f"key-{next(_numbers)}"
    ran = working.home / f"ran-{key}"
    with Client(working.port, working.token) as client:
        sent = [
            client.queue(SCRIPT, key=key, meanwhile=lambda: revive(working), envs=f"{{RAN: {ran}}}")
            for _ in range(2)
        ]
    assert sent[0] == sent[1]
    return key, sent[0]


def revive(working: Cluster) -> None:
    """Start the web process again, without its failpoint, if that has killed it."""
    if working.died("web"):
        assert working.forget("web") == -9
        working.start("web")


def has_died(working: Cluster, pid: int, *, within_s: float) -> bool:
    """Whether the web process ``pid`` is no more; a new one may be there already."""

    def gone() -> bool:
        return working.running["web"].pid != pid or working.died("web")

    with suppress(AssertionError):
        wait_until(gone, patience_s=within_s)
    return gone()


def assert_ran_once(working: Cluster, key: str, job: str) -> None:
    row = working.ended(job)
    assert (row.status, row.exit_code, row.attempt) == ("COMPLETE", 0, 1)
    assert Path(working.home / f"ran-{key}").read_text() == "ran\n"
    assert queued_by_key(working, key) == [job]
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


def queued_by_key(working: Cluster, key: str) -> list[str]:
    """Every job whose queueing was caused by the command ``key``."""
    facts = working.parts.lab.log.read(0, 10**6)
    return [
        r.event.originator_id
        for r in facts
        if r.event.cause == key and type(r.event).__name__ == "JobQueued"
    ]
