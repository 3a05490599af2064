"""A worker is killed in the middle of telling: nothing is lost, and what comes twice says so."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from application.commands.notifications import add_channel
from application.lab import Lab
from domain.notifications import ChannelKind
from server.courier import HttpCourier
from server.posting import Poster
from tests.acceptance.cluster import Cluster, wait_until
from tests.fakes.webhook_receiver import receiver

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]
JOBS = 6


def permissive(lab: Lab) -> Lab:
    """As a server that runs with LAB_ALLOW_LOCAL_WEBHOOKS=1."""
    courier = HttpCourier(
        Poster(local=True), clock=lab.clock, secret=lambda *_: "", email_of=str, local=True
    )
    return dataclasses.replace(lab, courier=courier)


@pytest.mark.parametrize("point", ["before notice:3", "after notice:3"])
def test_a_worker_killed_while_telling_loses_nothing(lab_cluster: Cluster, point: str) -> None:
    with receiver() as hooks:
        channel, _ = add_channel(
            permissive(lab_cluster.parts.lab), lab_cluster.me, kind=ChannelKind.WEBHOOK,
            name="bell", address=f"{hooks.url}/ok", topics=["job.queued"], of_team=True,
        )  # fmt: skip
        jobs = [lab_cluster.queue("true") for _ in range(JOBS)]
        lab_cluster.start("worker", failpoint=point, LAB_ALLOW_LOCAL_WEBHOOKS="1")
        wait_until(lambda: lab_cluster.died("worker"))
        lab_cluster.forget("worker")
        before = len(hooks.seen("/ok"))
        assert before == (2 if point.startswith("before") else 3)
        lab_cluster.start("worker", LAB_ALLOW_LOCAL_WEBHOOKS="1")
        listed = lab_cluster.parts.deliveries.of_channel
        wait_until(lambda: [row.state for row in listed(channel)] == ["delivered"] * JOBS)
        told = hooks.bodies("/ok")
        assert {body["job"]["id"] for body in told} == set(jobs)
        times = Counter(body["id"] for body in told)
        assert len(times) == JOBS
        assert len(told) == (JOBS if point.startswith("before") else JOBS + 1)
