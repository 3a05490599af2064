"""Jobs through the whole system onto a real Slurm cluster, with and without a way back to the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.commands.compute import add_provider
from application.commands.jobs import stop_job
from application.commands.secrets import set_secret
from tests.acceptance.cluster import Cluster
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.conftest import running_cluster

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time
ON_SLURM = "{compute_provider: hpc}"


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmCluster]:
    with running_cluster() as made:
        yield made


def connect(lab_cluster: Cluster, slurm: SlurmCluster, **more: object) -> str:
    """The id of a provider ``hpc`` whose key is a secret of the team."""
    lab, me = lab_cluster.parts.lab, lab_cluster.me
    set_secret(lab, me, name="HPC_KEY", value=slurm.private_key)
    settings: dict[str, object] = {
        "ssh_host": "127.0.0.1", "ssh_port": slurm.ssh_port, "ssh_user": slurm.user,
        "ssh_key": "HPC_KEY", "host_key": slurm.host_key,
        "work_folder": f"{slurm.root}/shared/{lab_cluster.schema}",
    }  # fmt: skip
    return add_provider(lab, me, name="hpc", kind="slurm", settings=settings | more)


@pytest.mark.parametrize("parts", [("web", "worker"), ("worker",)], ids=["push", "spool"])
def test_jobs_on_slurm_end_as_they_did_with_their_lines(
    lab_cluster: Cluster, slurm: SlurmCluster, parts: tuple[str, ...]
) -> None:
    connect(lab_cluster, slurm)
    for part in parts:
        lab_cluster.start(part)
    good = lab_cluster.queue("echo one; echo two", resources=ON_SLURM)
    bad = lab_cluster.queue("echo three; exit 7", resources=ON_SLURM)
    done = lab_cluster.ended(good)
    assert (done.status, lab_cluster.lines(done)) == ("COMPLETE", ["one", "two"])
    failed = lab_cluster.ended(bad)
    assert failed.status == "FAILED"
    assert lab_cluster.lines(failed) == ["three"]
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue", limit_s=30)


def test_a_stopped_job_leaves_nothing_in_slurms_queue(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    connect(lab_cluster, slurm)
    lab_cluster.start("worker")
    job = lab_cluster.queue("sleep 300", resources=ON_SLURM)
    wait_for(
        lambda: getattr(lab_cluster.job(job), "status", "") == "RUNNING",
        "a running job",
        limit_s=30,
    )
    stop_job(lab_cluster.parts.lab, lab_cluster.me, job)
    assert lab_cluster.ended(job).status == "STOPPED"
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue", limit_s=30)


def test_a_worker_killed_right_after_sbatch_adopts_the_job_it_submitted(
    lab_cluster: Cluster, slurm: SlurmCluster, tmp_path: Path
) -> None:
    connect(lab_cluster, slurm)
    lab_cluster.start("worker", failpoint="slurm.submitted")
    job = lab_cluster.queue(f"echo ran >> {tmp_path}/ran", resources=ON_SLURM)
    wait_for(lambda: lab_cluster.died("worker"), "the kill", limit_s=30)
    lab_cluster.forget("worker")
    lab_cluster.start("worker")
    assert lab_cluster.ended(job).status == "COMPLETE"
    assert (tmp_path / "ran").read_text() == "ran\n"
