"""Slurm over slurmrestd keeps the contract, on a real cluster whose login node nobody talks to."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.observations import FailureClass, Phase
from domain.resources import Resources
from providers.base import (
    CredentialsRejected,
    Handle,
    InvalidSettings,
    ProviderUnavailable,
    SubmissionRefused,
)
from providers.slurm.provider import SlurmProvider
from providers.slurm.settings import read_settings
from providers.surroundings import Surroundings
from tests.contracts.compute_provider import ComputeProviderContract, request, wanting
from tests.fakes.slurm_cluster import SlurmCluster, wait_for
from tests.providers.conftest import running_cluster
from tests.providers.test_slurm import SDK, changed

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


@pytest.fixture(scope="module")
def slurm() -> Iterator[SlurmCluster]:
    """Its own commands are of no use to the product: they lack the cluster's configuration."""
    with running_cluster(rest=True) as cluster:
        yield cluster


def make(cluster: SlurmCluster, token: Callable[[], str], **more: object) -> SlurmProvider:
    settings: dict[str, object] = {
        "rest_url": f"http://127.0.0.1:{cluster.rest_port}", "rest_user": cluster.user,
        "rest_token": "HPC_TOKEN", "work_folder": f"{cluster.root}/shared/lab",
    }  # fmt: skip
    around = Surroundings(
        root=cluster.root / "server",
        sdk=SDK,
        read_blob=lambda sha256: iter([b""]),
        secret=lambda name: {"HPC_TOKEN": token()}[name],
    )
    return SlurmProvider(read_settings(settings | more), around)


@pytest.fixture
def provider(slurm: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmProvider]:
    monkeypatch.setenv(
        "SLURM_CONF", slurm.env["SLURM_CONF"]
    )  # what jobs on the nodes start srun with
    yield make(slurm, slurm.token)
    slurm.run("scancel", "--user", slurm.user)
    wait_for(lambda: not slurm.run("squeue", "-h"), "an empty queue")


class TestSlurmRest(ComputeProviderContract):
    """Nothing more to say."""

    patience_s = 100.0


LOOK = TestSlurmRest()


def test_what_slurm_refuses_is_told_in_its_words_and_leaves_nothing(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    asked = request("true")
    with pytest.raises(SubmissionRefused, match="Requested reservation is invalid"):
        make(slurm, slurm.token, flags="--reservation=nope").submit(asked)
    assert provider.find(asked.token) is None
    assert not Path(provider.settings.work_folder, "jobs", asked.token).exists()


def test_a_flag_that_rest_has_no_property_for_is_refused_and_named(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    with pytest.raises(SubmissionRefused, match="--switches cannot be asked for over slurmrestd"):
        make(slurm, slurm.token, flags="--switches=1").submit(request("true"))


def test_resources_are_what_slurm_gives(provider: SlurmProvider, slurm: SlurmCluster) -> None:
    wish = Resources(
        cpus=2, memory_gib=0.25, accelerators=wanting("A100", 2).resources.accelerators
    )
    asked = changed(request("sleep 300"), resources=wish, timeout_s=600.0)
    handle = provider.submit(asked).handle
    LOOK.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    shown = slurm.run("scontrol", "show", "job", slurm.run("squeue", "-h", "-o", "%i"))
    for words in (
        "CPUs/Task=2",
        "MinMemoryNode=256M",
        "gpu:A100:2",
        f"Comment=labledger:{asked.job}",
    ):
        assert words in shown
    (node,) = [n for n in _cluster(provider) if n.jobs]
    assert node.jobs == (asked.job,)
    assert [(c.name, c.total, c.used) for c in node.countables] == [("gpu:A100", 2, 2)]
    provider.stop(handle, grace_s=0)


def _cluster(provider: SlurmProvider) -> tuple:  # type: ignore[type-arg]
    found = provider.cluster()
    assert found is not None
    assert [p.name for p in found.partitions] == ["batch", "spot", "urgent"]
    return found.nodes


def test_several_nodes_meet_and_one_that_fails_ends_them(provider: SlurmProvider) -> None:
    run = 'echo "$MASTER_ADDR $WORLD_SIZE"; test $NODE_RANK = 1 || exit 0; sleep 1; exit 5'
    asked = changed(request(run), resources=Resources(num_nodes=2))
    handle = provider.submit(asked).handle
    done = LOOK.ended(provider, handle)
    assert done.exit is not None
    assert done.exit.code == 5
    said = [c.body for c in provider.spool(handle, {}, limit=2**20) if c.stream == "node"]
    assert len(said) == 2
    assert all(b"127.0.0.1 2" in body for body in said)


def test_what_somebody_cancels_is_told_apart_from_the_commands_end(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    handle = provider.submit(request("sleep 300")).handle
    LOOK.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    slurm.run("scancel", slurm.run("squeue", "-h", "-o", "%i"))
    assert LOOK.ended(provider, handle).blame is FailureClass.CANCELLED


def test_a_token_that_is_over_is_rejected_and_says_how_to_make_one(slurm: SlurmCluster) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1}).encode()).decode().rstrip("=")
    for token, words in ((f"a.{claims}.b", "expired at 1970-01-01"), ("word", "no JSON web token")):
        provider = make(slurm, lambda token=token: token)
        with pytest.raises(CredentialsRejected, match=words):
            provider.observe([Handle("f" * 20)])
        (row,) = provider.check().rows
        assert (row[0], row[1]) == ("connection", False)
        assert "scontrol token" in row[2]


def test_a_daemon_that_is_away_or_does_not_know_the_token_leaves_everything_unknown(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    handle = provider.submit(request("sleep 300")).handle
    middle = slurm.token().split(".")[1]
    with pytest.raises(ProviderUnavailable):
        make(slurm, lambda: f"e30.{middle}.AAAA").observe([handle])
    slurm.end("slurmrestd")
    with pytest.raises(ProviderUnavailable, match="Unable to contact slurm"):
        provider.observe([handle])
    with pytest.raises(ProviderUnavailable):
        provider.submit(request("true"))
    slurm.start_rest()
    LOOK.until(provider, handle, lambda o: o.phase is Phase.RUNNING)
    provider.stop(handle, grace_s=0)


def test_the_token_is_in_no_argument_file_or_environment_of_a_job(
    provider: SlurmProvider, slurm: SlurmCluster
) -> None:
    token = slurm.token()
    provider = make(slurm, lambda: token)
    handle = provider.submit(request("env; cat /proc/*/cmdline | tr '\\0' ' '; sleep 1")).handle
    LOOK.ended(provider, handle)
    said = b"".join(c.body for c in provider.spool(handle, {}, limit=2**24))
    assert token.encode() not in said
    for folder in ("shared", "server", "spool", "log"):
        for parent, _, files in os.walk(slurm.root / folder):
            for path in (Path(parent, name) for name in files):
                if path.is_file():  # a step's socket is none, and gone when it ends
                    assert token.encode() not in path.read_bytes()


def test_rest_and_ssh_are_not_mixed() -> None:
    rest = {
        "rest_url": "http://slurm:6820",
        "rest_user": "lab",
        "rest_token": "T",
        "work_folder": "/w",
    }
    assert read_settings(rest).rest_version == "v0.0.38"
    for wrong in (
        {"ssh_host": "login"}, {"accounts": "person", "work_folder": "/w/{user}"},
        {"rest_token": ""}, {"rest_url": "file:///etc"}, {"rest_version": "latest"},
    ):  # fmt: skip
        with pytest.raises(InvalidSettings):
            read_settings(rest | wrong)
