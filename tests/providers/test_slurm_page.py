"""What the cluster has and does now, and when a job would start there, on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.job_spec import JobSpec
from domain.observations import Phase
from domain.resources import Resources
from providers.base import ProviderUnavailable, SubmissionRefused
from providers.cluster import Countable
from providers.slurm.cluster import expand, parse_cluster
from providers.slurm.estimate import parse_estimate
from providers.slurm.provider import SlurmProvider
from tests.contracts.compute_provider import request, wanting
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.test_slurm import LOOK, changed, make, running

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


@pytest.fixture
def provider(slurm: SlurmCluster) -> Iterator[SlurmProvider]:
    made = make(slurm)
    yield made
    slurm.run("scancel", "--user", slurm.user)
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")
    made.link.close()


def test_the_page_shows_what_each_node_has_what_is_used_and_by_which_of_our_jobs(
    slurm: SlurmCluster,
) -> None:
    pinned = make(slurm, flags="--nodelist=n1")
    wanted = Resources(
        cpus=3, memory_gib=0.5, accelerators=wanting("A100", 1).resources.accelerators
    )
    asked = changed(request("sleep 60"), resources=wanted)
    handle = running(pinned, asked)
    page = pinned.cluster()
    pinned.stop(handle, grace_s=0)
    LOOK.ended(pinned, handle)
    pinned.link.close()
    first, second, _ = page.nodes
    assert [node.name for node in page.nodes] == ["n1", "n2", "n3"]
    assert first.partitions == ("batch", "spot", "urgent")
    assert (first.state, first.cpus, first.cpus_used) == ("mixed", 8, 3)
    assert (first.memory_gib, first.memory_used_gib) == (4.0, 0.5)
    assert first.countables == (Countable(name="gpu:A100", total=2, used=1),)
    assert first.jobs == (asked.job,)
    assert (second.state, second.cpus_used, second.jobs) == ("idle", 0, ())


def test_a_drained_node_is_shown_with_its_reason(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    slurm.run("scontrol", "update", "nodename=n2", "state=drain", "reason=bad | fan, since monday")
    try:
        node = provider.cluster().nodes[1]
        assert (node.name, node.state) == ("n2", "drained")
        assert node.reason == "bad | fan, since monday"
        assert node.answers
    finally:
        slurm.run("scontrol", "update", "nodename=n2", "state=resume")
        wait_for(slurm.is_idle, "idle nodes")


def test_the_queue_is_counted_by_partition(provider: SlurmProvider, slurm: SlurmCluster) -> None:
    whole = Resources(cpus=8, num_nodes=3)
    running(provider, changed(request("sleep 60"), resources=whole))
    for _ in range(2):
        provider.submit(changed(request("true"), resources=whole))
    wait_for(lambda: slurm.run("squeue", "-h", "-t", "PD").count("\n") == 1, "two that wait")
    batch, spot, _ = provider.cluster().partitions
    assert (batch.name, batch.is_default, batch.up, batch.nodes) == ("batch", True, True, 3)
    assert (batch.running, batch.pending) == (1, 2)
    assert (spot.running, spot.pending) == (0, 0)


def test_a_controller_that_is_away_has_no_page_and_no_estimate(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    assert provider.estimate(JobSpec(name="c", run="true")) is not None
    slurm.end("slurmctld")
    try:
        with pytest.raises(ProviderUnavailable, match="Slurm does not answer"):
            provider.cluster()
        with pytest.raises(ProviderUnavailable, match="Slurm does not answer"):
            provider.estimate(JobSpec(name="c", run="true"))
    finally:
        slurm.start_controller()
        wait_for(slurm.is_idle, "idle nodes")


def test_a_job_is_expected_at_once_on_an_idle_cluster_and_later_on_a_busy_one(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    wait_for(slurm.is_idle, "idle nodes")
    spec = JobSpec(name="c", run="true", resources=Resources(cpus=8, num_nodes=3))
    soon = provider.estimate(spec)
    assert soon is not None
    assert abs(soon.start_at - datetime.now(UTC)) < timedelta(minutes=2)
    assert soon.words.startswith("Job ")
    assert "in partition batch" in soon.words
    handle = running(provider, changed(request("sleep 60"), resources=spec.resources))
    later = provider.estimate(spec)
    assert later is not None
    assert later.start_at - datetime.now(UTC) > timedelta(minutes=30)
    assert provider.observe([handle])[handle].phase is Phase.RUNNING
    assert len(provider.census()) == 1


def test_what_sbatch_says_against_it_is_told_word_for_word(provider: SlurmProvider) -> None:
    with pytest.raises(SubmissionRefused) as refused:
        provider.estimate(JobSpec(name="c", run="true", resources=Resources(num_nodes=20)))
    assert refused.value.values["reason"] == (
        "allocation failure: Requested node configuration is not available"
    )


def test_words_without_a_time_are_no_estimate() -> None:
    assert parse_estimate("sbatch: something new") is None


@pytest.mark.parametrize(
    ("hosts", "names"),
    [
        ("n1", ["n1"]),
        ("n[1,3]", ["n1", "n3"]),
        ("gpu-[08-10]x,login", ["gpu-08x", "gpu-09x", "gpu-10x", "login"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("", []),
    ],
)
def test_host_lists_are_spelled_out(hosts: str, names: list[str]) -> None:
    assert list(expand(hosts)) == names


def test_a_page_is_read_whatever_slurm_says_of_a_node() -> None:
    page = parse_cluster(
        "#nodes\n"
        "n10|batch*|down*|0/0/64/64|515000|0|gpu:a100:4(S:0-1),shard:8|gpu:a100:0(IDX:N/A)|Not responding|\n"
        "n2|batch*|idle~|0/4/0/4|N/A|N/A|(null)|(null)|none|\n"
        "#partitions\nbatch*|drain|2|\n#queue\nbatch,spot|PENDING|3\n#ours\n"
        "RUNNING|batch|n[2,10]|labledger:job_7:1|\nRUNNING|batch|n2|labledger: or not|\n"
    )
    two, ten = page.nodes
    assert (two.name, two.state, two.answers, two.reason, two.memory_gib) == (
        "n2", "idle", True, "", 0.0,
    )  # fmt: skip
    assert (ten.state, ten.answers, ten.reason) == ("down", False, "Not responding")
    assert [(c.name, c.total, c.used) for c in ten.countables] == [
        ("gpu:a100", 4, 0),
        ("shard", 8, 0),
    ]
    assert two.jobs == ten.jobs == ("job_7",)
    (batch,) = page.partitions
    assert (batch.up, batch.pending) == (False, 3)
