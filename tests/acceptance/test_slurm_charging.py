"""Time in Slurm's own queue is not charged: the ledger counts from the machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.cluster import assert_ledger_is_settled
from tests.acceptance.slurm_site import Site, slurm_site

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time
WAITS_S = 8


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home")) as made:
        yield made


def test_a_job_that_waited_in_slurm_is_charged_for_its_run_alone(site: Site) -> None:
    site.connect()
    site.start("worker")
    site.slurm.run("scontrol", "update", "PartitionName=batch", "State=DOWN")
    job = site.on("hpc", "sleep 1")
    waiting = site.until(job, lambda row: row.wait_text)
    assert (waiting.status, waiting.machine_at) == ("LAUNCHING", None)
    launched = waiting.launching_at
    assert launched is not None
    clock = site.parts.lab.clock
    site.until(job, lambda row: (clock.now() - launched).total_seconds() >= WAITS_S)
    site.slurm.run("scontrol", "update", "PartitionName=batch", "State=UP")
    row = site.ended(job)
    assert row.machine_at is not None
    assert row.ended_at is not None
    assert row.used_s is not None
    assert (row.machine_at - launched).total_seconds() >= WAITS_S - 1  # Slurm tells whole seconds
    assert 1 <= row.used_s <= (row.ended_at - row.machine_at).total_seconds() + 1
    assert "job.machine_held.v1" in site.topics(job)
    assert_ledger_is_settled(site)
