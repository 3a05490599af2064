"""kill -9 at every named point from claim to settlement: each acknowledged job runs exactly once.

The worker alone serves here: the node's journal reaches it through the spool, so that every point of
the way is in one process. The web process's own points are in ``test_web_kill_sweep.py``.
"""

from __future__ import annotations

import random

import psycopg
import pytest

from tests.acceptance.cluster import Cluster, assert_ledger_is_settled, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

POINTS = (
    "launch.locked",
    "before job.launching.v1",
    "after job.launching.v1",
    "launch.claimed",
    "local.filled",
    "local.spawned",
    "local.written",
    "launch.submitted",
    "before job.submitted.v1",
    "after job.submitted.v1",
    "launch.recorded",
    "round.observed",
    "journal.facts",
    "journal.applied",
    "before job.running.v1",
    "after job.running.v1",
    "before job.result_reported.v1",
    "after job.result_reported.v1",
    "round.collected",
    "before job.completed.v1",
    "after job.completed.v1",
    "before quota.settled.v1",
    "after quota.settled.v1",
)
SEEDS = (1, 2, 3)  # of the order of the points, and of which passing kills
LINES = 40
HOLDS = """
select pid from pg_locks where locktype = 'advisory' and granted
   and (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
"""

SCRIPT = """\
echo ran >> "$RAN"
for i in $(seq {lines}); do echo "line $i"; done
python3 -c 'import lab; lab.init(); lab.log_metrics({{"loss": 0.5}}, step=1); lab.finish(score={{"acc": 1}})'
"""


def queue(cluster: Cluster, point: str, *, many: int) -> dict[str, str]:
    """Acknowledged jobs by name."""
    names = [f"{point}-{number}" for number in range(1, many + 1)]
    script = SCRIPT.format(lines=LINES)
    return {n: cluster.queue(script, envs=f"{{RAN: {cluster.home}/ran-{n}}}") for n in names}


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_lose_nothing_and_run_nothing_twice(lab_cluster: Cluster, seed: int) -> None:
    """Each worker finds what the one before it left, and dies at another point."""
    dice = random.Random(seed)
    jobs: dict[str, str] = {}
    for point in dice.sample(POINTS, len(POINTS)):
        passing = dice.choice((1, 2))
        jobs |= queue(lab_cluster, point, many=passing)
        lab_cluster.start("worker", failpoint=f"{point}:{passing}")
        falls(lab_cluster, "worker", point)
    lab_cluster.start("worker")
    for name, job in jobs.items():
        assert_ran_once(lab_cluster, name, job)
    lab_cluster.kill("worker")
    assert_ledger_is_settled(lab_cluster)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_worker_takes_over(lab_cluster: Cluster, seed: int) -> None:
    """Whenever the leader dies another one stands by, which dies next."""
    dice = random.Random(f"two {seed}")
    jobs: dict[str, str] = {}
    leader, *others = dice.sample(POINTS, len(POINTS))
    passing, led = 1, 0
    lab_cluster.start("worker", name=leader, failpoint=f"{leader}:{passing}")
    for point in (*others, ""):
        led = leads(lab_cluster, leader, after=led)
        jobs |= queue(lab_cluster, leader, many=passing)
        passing = dice.choice((1, 2))
        fails = f"{point}:{passing}" if point else ""
        lab_cluster.start("worker", name=point or "last", failpoint=fails)
        falls(lab_cluster, leader, leader)
        leader = point
    for name, job in jobs.items():
        assert_ran_once(lab_cluster, name, job)
    lab_cluster.kill("last")
    assert_ledger_is_settled(lab_cluster)


def leads(cluster: Cluster, worker: str, *, after: int) -> int:
    """The session of ``worker`` once it leads, which was not ``after``; a killed one's lingers a moment."""
    key = f"{cluster.schema}/leader/{cluster.provider}"
    with psycopg.connect(cluster.dsn, autocommit=True) as conn:

        def session() -> int:
            """The database's process of whoever holds the provider's leadership; 0 for nobody."""
            row = conn.execute(HOLDS, (key,)).fetchone()
            return int(row[0]) if row else 0

        wait_until(
            lambda: session() not in (0, after) or cluster.died(worker),
            tell=lambda: f"{worker} never led",
        )
        return session()


def falls(cluster: Cluster, worker: str, point: str) -> None:
    """Wait until it has been killed at its point."""
    wait_until(lambda: cluster.died(worker), tell=lambda: f"never reached {point}", patience_s=60)
    assert cluster.forget(worker) == -9


def assert_ran_once(cluster: Cluster, name: str, job: str) -> None:
    row = cluster.ended(job)
    assert (row.status, row.exit_code, row.attempt) == ("COMPLETE", 0, 1)
    assert (cluster.home / f"ran-{name}").read_text() == "ran\n"
    assert cluster.lines(row) == [f"line {i}" for i in range(1, LINES + 1)]
    assert row.score == {"acc": 1.0}
    assert cluster.parts.telemetry.points(job, "loss").values == [0.5]
    ends = [t for t in cluster.topics(job) if t in ("job.completed.v1", "job.failed.v1")]
    assert ends == ["job.completed.v1"]
