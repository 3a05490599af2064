"""Many clients race for one quota: what fits is accepted to the last minute, and nothing above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from application.commands.quotas import set_quota
from domain.model import GuardKind
from domain.quotas import fold, scopes, stream_of
from projections.catalogue import PROJECTIONS
from projections.rebuild import compare, replay
from server.following import Follower
from server.postgres.listener import Listener
from tests.acceptance.client import QUEUE, QUEUE_MANY, Client, Refused, yaml_of
from tests.acceptance.cluster import Cluster, wait_until
from tests.acceptance.scratch import scratch_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

CLIENTS = 8
ASKED, FITTING = 2_000, 1_500  # jobs
MINUTES = 10
BATCH = 10  # 250 is 25 of them


@pytest.fixture
def followed(lab_cluster: Cluster) -> Iterator[Cluster]:
    """Read models follow and the web process answers; no worker, so that nothing is launched."""
    follower = Follower(lab_cluster.parts.projectors, after=lambda: None)
    listener = Listener(lab_cluster.dsn)
    listener.on(f"lab_events_{lab_cluster.schema}", follower.wake)
    follower.start()
    listener.start()
    lab_cluster.start("web")
    yield lab_cluster
    listener.stop()
    follower.stop()


def test_exactly_what_fits_is_accepted_and_every_account_agrees(followed: Cluster) -> None:
    parts = followed.parts
    set_quota(parts.lab, followed.me, limit_minutes=FITTING * MINUTES)
    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask, followed, single=n % 2 == 0) for n in range(CLIENTS)]
        told = sum((found.result() for found in asking), Counter[str]())
    assert told == {"accepted": FITTING, "QUOTA_EXCEEDED": ASKED - FITTING}

    held_s = FITTING * MINUTES * 60
    scope, _ = scopes(team=followed.team, user=followed.user, at=parts.lab.clock.now())
    guard = parts.lab.log.guard(GuardKind.QUOTA, scope)
    assert guard is not None
    assert (guard.amount, guard.limit) == (held_s, held_s)
    assert fold(parts.lab.log.stream(stream_of(scope))).used == held_s
    head = parts.lab.log.head()
    wait_until(lambda: all(p.position() >= head for p in parts.projectors))
    (quota,) = parts.queries.quotas([scope])
    assert (quota.held_s, quota.charged_s, quota.limit_s) == (held_s, 0, held_s)
    assert parts.queries.job_counts(followed.team) == {"QUEUED": FITTING}
    with (
        scratch_schema(followed.dsn, "race") as again,
        psycopg.connect(followed.dsn, autocommit=True) as conn,
    ):
        for projection in PROJECTIONS:
            replay(conn, projection, again, log_schema=followed.schema)
            assert compare(conn, projection, followed.schema, again) == []


def ask(followed: Cluster, *, single: bool) -> Counter[str]:
    """One client's share: one by one, or ten at a time (all of them are accepted, or none)."""
    launch = {"yaml": yaml_of("true"), "minutesRequested": MINUTES}
    told: Counter[str] = Counter()
    size = 1 if single else BATCH
    with Client(followed.port, followed.token) as client:
        for _ in range(ASKED // CLIENTS // size):
            try:
                if single:
                    client.ask(QUEUE, l=launch, k="")
                else:
                    client.ask(QUEUE_MANY, l=[launch] * size)
            except Refused as refused:
                told[refused.code] += size
            else:
                told["accepted"] += size
    return told
