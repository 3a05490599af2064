"""The machine's clock is set forward or back under a running job, which is neither lost nor mischarged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from application.pollers.provider_rounds import Memory, Round
from tests.acceptance.cluster import Cluster, assert_ledger_is_settled, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]


class SetClock:
    """The machine's clock, set wrong by ``off``."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.mark.parametrize("days", [1, -1], ids=["forward", "back"])
def test_a_clock_that_jumps_a_day_loses_no_job(lab_cluster: Cluster, days: int) -> None:
    clock, parts, go_on = SetClock(), lab_cluster.parts, lab_cluster.home / "go-on"
    look = Round(
        lab=replace(parts.lab, clock=clock),
        queries=parts.queries,
        provider=lab_cluster.provider,
        memory=Memory(),
        caught_up=lambda: None,
    )
    job = lab_cluster.queue(f"until [ -e {go_on} ]; do sleep 0.05; done")

    def becomes(status: str) -> bool:
        look.run()
        row = lab_cluster.job(job)
        return row is not None and row.status == status

    wait_until(lambda: becomes("RUNNING"))
    clock.off = timedelta(days=days)
    for _ in range(parts.lab.policy.loss.polls + 2):
        assert becomes("RUNNING")
    go_on.touch()
    wait_until(lambda: becomes("COMPLETE"))
    assert "job.unseen.v1" not in lab_cluster.topics(job)
    row = lab_cluster.ended(job)
    assert row.used_s is not None
    assert 0 <= row.used_s < 60
    assert_ledger_is_settled(lab_cluster)
