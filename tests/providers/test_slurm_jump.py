"""A login node behind another host: every connection goes through that one, and both are pinned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.base import CredentialsRejected, HostKeyRefused, ProviderUnavailable
from providers.slurm.provider import SlurmProvider
from tests.contracts.compute_provider import request
from tests.fakes.slurm_cluster import SlurmCluster
from tests.providers.test_slurm import LOOK, make

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


@pytest.fixture
def jump(slurm: SlurmCluster) -> Iterator[dict[str, object]]:
    """Settings that go through a second sshd."""
    port = slurm.start_jump()
    yield {"jump_host": "127.0.0.1", "jump_port": port, "jump_host_key": slurm.jump_host_key}
    slurm.end("jump")


def through(slurm: SlurmCluster, jump: dict[str, object], **more: object) -> SlurmProvider:
    return make(slurm, **(jump | more))


def test_a_job_runs_through_the_jump_host(slurm: SlurmCluster, jump: dict[str, object]) -> None:
    provider = through(slurm, jump)
    done = LOOK.ended(provider, provider.submit(request("true")).handle)
    assert done.exit is not None
    assert done.exit.code == 0
    log = (slurm.root / "log" / "jump.out").read_text()
    assert f"Accepted publickey for {slurm.user}" in log
    provider.link.close()


def test_a_jump_host_that_goes_away_takes_the_link_with_it_and_brings_it_back(
    slurm: SlurmCluster, jump: dict[str, object]
) -> None:
    provider = through(slurm, jump)
    assert provider.census() == []
    slurm.end("jump")
    provider.link.close()
    with pytest.raises(
        ProviderUnavailable, match=rf"127.0.0.1:{jump['jump_port']} does not answer"
    ):
        provider.census()
    back = slurm.start_jump()
    again = through(slurm, jump, jump_port=back)
    assert again.census() == []
    again.link.close()


def test_a_jump_host_with_another_key_is_refused_before_anything_is_sent(
    slurm: SlurmCluster, jump: dict[str, object]
) -> None:
    for pinned, says in (("", "then set jump_host_key"), ("SHA256:" + "A" * 43, "has changed")):
        with pytest.raises(HostKeyRefused, match=says) as refused:
            through(slurm, jump, jump_host_key=pinned).census()
        assert slurm.jump_host_key in str(refused.value)


def test_the_login_node_is_pinned_behind_the_jump_host_too(
    slurm: SlurmCluster, jump: dict[str, object]
) -> None:
    with pytest.raises(HostKeyRefused, match="then set host_key") as refused:
        through(slurm, jump, host_key="").census()
    assert slurm.host_key in str(refused.value)


def test_a_login_node_that_the_jump_host_does_not_reach_is_told_with_both(
    slurm: SlurmCluster, jump: dict[str, object]
) -> None:
    with pytest.raises(ProviderUnavailable) as away:
        through(slurm, jump, ssh_port=1).census()
    told = f"the jump host 127.0.0.1:{jump['jump_port']} does not reach 127.0.0.1:1"
    assert told in str(away.value)


def test_a_key_of_the_jump_host_that_is_missing_is_named(
    slurm: SlurmCluster, jump: dict[str, object]
) -> None:
    with pytest.raises(CredentialsRejected, match="no team secret 'GATE'"):
        through(slurm, jump, jump_key="GATE").census()
    with pytest.raises(
        CredentialsRejected, match=r"does not let nobody in with the key in ssh_key"
    ):
        through(slurm, jump, jump_user="nobody").census()
