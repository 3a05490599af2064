"""Every job that waits has one dominant reason, recorded; what takes its evidence away changes it."""

from __future__ import annotations

import pytest

from application.commands.jobs import stop_job
from application.queries import Reads
from domain.reasons import Reason, ReasonCode
from providers.base import SubmissionRefused
from tests.acceptance.cluster import Cluster, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.postgres]

SLEEPS = "sleep 300"


def reason(lab: Cluster, job: str) -> Reason:
    row = lab.job(job)
    assert row is not None
    return Reads(lab.parts.lab, lab.parts.queries, lab.parts.telemetry).reason(lab.me, row)


def until(lab: Cluster, job: str, code: ReasonCode) -> Reason:
    wait_until(lambda: reason(lab, job).code is code, tell=lambda: str(reason(lab, job)))
    return reason(lab, job)


def test_jobs_that_wait_on_local_are_explained_and_a_free_slot_changes_that(
    lab_cluster: Cluster,
) -> None:
    lab = lab_cluster
    whole = {"cpus": 16}
    first = lab.queue(SLEEPS, resources=whole)
    lab.start("worker")
    until(lab, first, ReasonCode.RUNNING)
    second = lab.queue(SLEEPS, resources=whole)
    third = lab.queue(SLEEPS, resources=whole)
    full = until(lab, second, ReasonCode.NO_ROOM)
    assert full.evidence["what"] == "cpus"
    assert full.evidence["ahead"] == "0"
    behind = until(lab, third, ReasonCode.BEHIND)
    assert (behind.evidence["ahead"], behind.evidence["first"]) == ("1", second)
    assert full.help
    assert behind.help
    stop_job(lab.parts.lab, lab.me, first)
    until(lab, second, ReasonCode.RUNNING)
    until(lab, third, ReasonCode.NO_ROOM)
    told = Reads(lab.parts.lab, lab.parts.queries, lab.parts.telemetry)
    row = lab.job(third)
    assert row is not None
    codes = [change.reason.code for change in told.reason_history(lab.me, row)]
    assert codes == [ReasonCode.UNLOOKED, ReasonCode.BEHIND, ReasonCode.NO_ROOM]


def test_what_can_never_run_is_refused_at_once(lab_cluster: Cluster) -> None:
    with pytest.raises(SubmissionRefused, match="cpus is 64"):
        lab_cluster.queue(SLEEPS, resources={"cpus": 64})
