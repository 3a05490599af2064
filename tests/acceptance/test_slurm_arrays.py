"""Many queued jobs reach Slurm as one array, and a worker killed on the way loses and repeats none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from application.actor import system
from application.commands.batches import Waiting, launch_jobs
from application.commands.job_changes import change_jobs
from application.commands.jobs import stop_job
from domain.ids import JobId, launch_token
from domain.job_events import JobEvent
from domain.jobs import Job, fold
from tests.acceptance.cluster import Cluster, assert_ledger_is_settled
from tests.acceptance.test_slurm import ON_SLURM, connect
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.conftest import running_cluster

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time
POINTS = (
    "launch.locked",
    "launch.claimed",
    "slurm.submitted",
    "launch.submitted",
    "launch.recorded",
)
PLAYER = system("test")


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmCluster]:
    with running_cluster() as made:
        yield made


def arrays(slurm: SlurmCluster) -> set[str]:
    """Names of the Slurm jobs there are and were."""
    return set(slurm.run("squeue", "-h", "-a", "-t", "all", "-o", "%j").split())


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_launches_many_runs_each_once(
    lab_cluster: Cluster, slurm: SlurmCluster, tmp_path: Path, point: str
) -> None:
    connect(lab_cluster, slurm)
    jobs = [lab_cluster.queue(f"echo ran >> {tmp_path}/{n}", resources=ON_SLURM) for n in range(3)]
    lab_cluster.start("worker", failpoint=point)
    wait_for(lambda: lab_cluster.died("worker"), "the kill", limit_s=30)
    lab_cluster.forget("worker")
    lab_cluster.start("worker")
    assert [lab_cluster.ended(job).status for job in jobs] == ["COMPLETE"] * 3
    assert [(tmp_path / str(n)).read_text() for n in range(3)] == ["ran\n"] * 3
    assert_ledger_is_settled(lab_cluster)


def test_jobs_that_wait_together_are_one_array_and_end_as_they_did(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    connect(lab_cluster, slurm)
    before = arrays(slurm)
    jobs = [lab_cluster.queue(f"exit {n % 2}", resources=ON_SLURM) for n in range(8)]
    lab_cluster.start("worker")
    ends = [lab_cluster.ended(job) for job in jobs]
    assert [end.exit_code for end in ends] == [0, 1] * 4
    assert len(arrays(slurm) - before) == 1
    assert_ledger_is_settled(lab_cluster)


def test_a_refusal_of_many_fails_each_in_slurms_words(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    connect(lab_cluster, slurm, flags="--reservation=nope")
    jobs = [lab_cluster.queue("true", resources=ON_SLURM) for _ in range(3)]
    lab_cluster.start("worker")
    for job in jobs:
        end = lab_cluster.ended(job)
        assert (end.status, end.ref) == ("FAILED", "")
        assert "Requested reservation is invalid" in (end.reason or "")
    assert_ledger_is_settled(lab_cluster)


def test_what_another_process_launches_is_left_to_it(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    provider, lab = connect(lab_cluster, slurm), lab_cluster.parts.lab
    theirs, ours = (lab_cluster.queue("true", resources=ON_SLURM) for _ in range(2))
    both = [Waiting(job=job, attempt=0) for job in (theirs, ours)]
    with lab.locks.hold(launch_token(JobId(theirs), 1)):
        launch_jobs(lab, provider, both)
    launch_jobs(lab, provider, [Waiting(job=ours, attempt=0)])
    assert [fold(lab.log.stream(job)).attempt for job in (theirs, ours)] == [0, 1]
    lab_cluster.start("worker")
    assert [lab_cluster.ended(job).attempt for job in (theirs, ours)] == [1, 1]


def test_a_fact_that_comes_between_changes_nothing_for_the_others(lab_cluster: Cluster) -> None:
    lab = lab_cluster.parts.lab
    jobs = [lab_cluster.queue("true", resources="{}") for _ in range(3)]
    stopping = [jobs[1]]

    def launch(job: Job) -> Sequence[JobEvent]:
        while stopping:
            stop_job(lab, lab_cluster.me, stopping.pop())
        return job.launch(now=lab.clock.now(), by=PLAYER.by)

    moved = change_jobs(lab, dict.fromkeys(reversed(jobs), partial(launch)), actor=PLAYER)
    assert [job.id for job in moved] == [jobs[2], jobs[0]]
    assert [fold(lab.log.stream(job)).attempt for job in jobs] == [1, 0, 1]
