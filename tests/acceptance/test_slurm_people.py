"""People's own Slurm accounts through the whole system, and what outsiders and locks do to jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import register_user
from application.commands.compute import add_provider, map_person, unmap_person
from application.commands.jobs import queue_job
from application.commands.members import add_member
from application.commands.secrets import set_secret
from domain.teams import Role
from providers.base import SubmissionRefused
from tests.acceptance.cluster import PASSWORD, Cluster, launch_of
from tests.asked import root_only
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.conftest import running_cluster

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time
ON_SLURM = "{compute_provider: hpc}"


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmCluster]:
    with running_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def accounts(slurm: SlurmCluster) -> tuple[str, str]:
    """Two people's accounts; nobody but root can make them."""
    root_only("making accounts of several people")
    return slurm.new_account("labkim"), slurm.new_account("lablou")


def connect(lab_cluster: Cluster, slurm: SlurmCluster, **more: object) -> str:
    settings: dict[str, object] = {
        "ssh_host": "127.0.0.1", "ssh_port": slurm.ssh_port, "ssh_user": slurm.user,
        "ssh_key": "HPC_KEY", "host_key": slurm.host_key,
        "work_folder": f"{slurm.root}/shared/{lab_cluster.schema}",
    }  # fmt: skip
    set_secret(lab_cluster.parts.lab, lab_cluster.me, name="HPC_KEY", value=slurm.private_key)
    return add_provider(
        lab_cluster.parts.lab, lab_cluster.me, name="hpc", kind="slurm", settings=settings | more
    )


def member(lab_cluster: Cluster, name: str) -> Actor:
    lab, email = lab_cluster.parts.lab, f"{name}@example.org"
    setup = system_actor("setup")
    user = register_user(lab, setup, email=email, name=name, password=PASSWORD)
    add_member(lab, lab_cluster.me, email=email, role=Role.MEMBER)
    return Actor(by=f"user:{user}", user=user, team=lab_cluster.team, role=Role.MEMBER)


def runs(lab_cluster: Cluster, job: str) -> None:
    wait_for(
        lambda: getattr(lab_cluster.job(job), "status", "") == "RUNNING",
        "a running job",
        limit_s=30,
    )


def test_each_person_runs_as_themselves_and_a_stranger_is_refused_before_anything_is_queued(
    lab_cluster: Cluster, slurm: SlurmCluster, accounts: tuple[str, str]
) -> None:
    lab, folder = lab_cluster.parts.lab, f"{slurm.root}/shared/{{user}}/{lab_cluster.schema}"
    hpc = connect(lab_cluster, slurm, accounts="person", work_folder=folder)
    launch = launch_of('echo "as $(id -un)"', resources=ON_SLURM)
    people = [member(lab_cluster, name) for name in ("kim", "lou")]
    for person, account in zip(people, accounts, strict=True):
        with pytest.raises(SubmissionRefused, match="`lab provider map hpc PERSON ACCOUNT"):
            queue_job(lab, person, launch)
        set_secret(lab, person, name="MINE", value=slurm.new_key(account), personal=True)
        map_person(lab, lab_cluster.me, hpc, person=person.user, account=account, key="MINE")
    lab_cluster.start("worker")
    jobs = [queue_job(lab, person, launch) for person in people]
    for job, account in zip(jobs, accounts, strict=True):
        row = lab_cluster.ended(job)
        assert (row.status, lab_cluster.lines(row)) == ("COMPLETE", [f"as {account}"])
        assert (row.ref or "").startswith(f"{account}/")


def test_a_job_of_somebody_who_was_unmapped_meanwhile_is_seen_to_its_end(
    lab_cluster: Cluster, slurm: SlurmCluster, accounts: tuple[str, str]
) -> None:
    lab, folder = lab_cluster.parts.lab, f"{slurm.root}/shared/{{user}}/{lab_cluster.schema}"
    hpc = connect(lab_cluster, slurm, accounts="person", work_folder=folder)
    kim = member(lab_cluster, "kim")
    set_secret(lab, kim, name="MINE", value=slurm.new_key(accounts[0]), personal=True)
    map_person(lab, lab_cluster.me, hpc, person="kim@example.org", account=accounts[0], key="MINE")
    lab_cluster.start("worker")
    job = queue_job(lab, kim, launch_of("sleep 3", resources=ON_SLURM))
    runs(lab_cluster, job)
    unmap_person(lab, lab_cluster.me, hpc, person="kim@example.org")
    assert lab_cluster.ended(job).status == "COMPLETE"


def test_a_job_that_an_outsider_cancels_fails_for_good_whatever_its_retries(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    connect(lab_cluster, slurm)
    lab_cluster.start("worker")
    job = lab_cluster.queue("sleep 300", resources=ON_SLURM, retries="{user: 3, platform: 3}")
    runs(lab_cluster, job)
    slurm.run("scancel", *slurm.run("squeue", "-h", "-o", "%A").split())
    row = lab_cluster.ended(job)
    assert (row.status, row.attempt) == ("FAILED", 1)
    assert "cancelled in Slurm" in (row.reason or "")
    assert "job.attempt_failed.v1" not in lab_cluster.topics(job)


def test_a_rejected_key_makes_the_provider_unreachable_and_fails_no_job(
    lab_cluster: Cluster, slurm: SlurmCluster
) -> None:
    hpc = connect(lab_cluster, slurm)
    lab_cluster.start("worker")
    alive = lab_cluster.queue("sleep 8", resources=ON_SLURM)
    runs(lab_cluster, alive)
    lab_cluster.kill("worker")
    set_secret(lab_cluster.parts.lab, lab_cluster.me, name="HPC_KEY", value=slurm.new_key("nobody"))
    waiting = lab_cluster.queue("true", resources=ON_SLURM)
    lab_cluster.start("worker")

    def reason() -> str:
        lab_cluster.job(waiting)
        row = lab_cluster.parts.queries.provider(hpc)
        return (row.unreachable_reason or "") if row else ""

    wait_for(lambda: "with the key in ssh_key" in reason(), "the reason", limit_s=30)
    assert getattr(lab_cluster.job(alive), "status", "") == "RUNNING"
    assert getattr(lab_cluster.job(waiting), "status", "") in ("QUEUED", "LAUNCHING")
    set_secret(lab_cluster.parts.lab, lab_cluster.me, name="HPC_KEY", value=slurm.private_key)
    assert lab_cluster.ended(waiting, patience_s=90).status == "COMPLETE"
    assert lab_cluster.ended(alive).status == "COMPLETE"
    wait_for(lambda: reason() == "", "a provider that is back", limit_s=30)
