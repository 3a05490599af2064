"""Channels are told of facts, over real HTTP: once or more, in spite of receivers of every kind."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from application.actor import person
from application.commands.notifications import (
    rotate_channel_secret,
)
from tests.acceptance.cluster import wait_until
from tests.fakes.webhook_receiver import Receiver, receiver
from tests.server.telling import Telling, telling

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def told(postgres: str, schema: str, tmp_path: Path) -> Iterator[Telling]:
    with telling(postgres, schema, tmp_path / "home") as running:
        yield running


def is_genuine(key: str, headers: Mapping[str, str], body: str, *, now: float) -> bool:
    """As docs/notifications.md tells a receiver to do it."""
    parts = dict(part.split("=", 1) for part in headers["labledger-signature"].split(","))
    mac = hmac.new(key.encode(), f"{parts['t']}.{body}".encode(), hashlib.sha256).hexdigest()
    return abs(now - int(parts["t"])) < 300 and hmac.compare_digest(mac, parts["v1"])


def test_a_webhook_is_told_of_what_it_asked_for_and_nothing_else(
    told: Telling, hooks: Receiver
) -> None:
    before = told.job("before")
    channel, _ = told.channel(f"{hooks.url}/ok?first", "job.stalled")
    job = told.job()
    position = told.stalled(job)
    (row,) = told.becomes(channel, "delivered")
    (message,) = hooks.bodies("/ok?first")
    assert message["id"] == row.id
    assert message["event"] == "job.stalled.v1"
    assert message["position"] == position
    assert message["job"] == {"id": job, "name": "hello", "owner": told.me.user}
    assert message["sentence"].startswith("It has shown no work since")
    assert message["url"].endswith(f"/jobs/{job}")
    assert before not in json.dumps(message)


def test_a_receiver_can_verify_who_sent_it_and_sees_a_forgery(
    told: Telling, hooks: Receiver
) -> None:
    channel, key = told.channel(f"{hooks.url}/ok?signed")
    told.job()
    told.becomes(channel, "delivered")
    (came,) = hooks.seen("/ok?signed")
    now = time.time()
    assert is_genuine(key, came["headers"], came["body"], now=now)
    assert not is_genuine(key, came["headers"], came["body"] + " ", now=now)
    assert not is_genuine("whsec_other", came["headers"], came["body"], now=now)
    assert not is_genuine(key, came["headers"], came["body"], now=now + 3600)
    assert came["headers"]["labledger-delivery"] == json.loads(came["body"])["id"]
    _, newer = rotate_channel_secret(told.lab, told.me, channel)
    told.job("again")
    told.becomes(channel, "delivered", "delivered")
    came = hooks.seen("/ok?signed")[-1]
    assert is_genuine(newer, came["headers"], came["body"], now=time.time())
    assert not is_genuine(key, came["headers"], came["body"], now=time.time())


def test_what_fails_is_tried_again_under_the_same_id(told: Telling, hooks: Receiver) -> None:
    channel, _ = told.channel(f"{hooks.url}/flaky")
    told.job()
    (row,) = told.becomes(channel, "delivered")
    assert [body["id"] for body in hooks.bodies("/flaky")] == [row.id] * 2
    assert row.tries == 2


def test_a_receiver_that_asks_for_time_gets_it(told: Telling, hooks: Receiver) -> None:
    channel, _ = told.channel(f"{hooks.url}/busy")
    told.job()
    wait_until(lambda: bool(told.deliveries(channel)[:1]) and told.deliveries(channel)[0].tries > 0)
    wait_until(lambda: told.deliveries(channel)[0].status == 429)
    (row,) = told.deliveries(channel)
    assert (row.next_at - row.made_at).total_seconds() >= 1
    told.becomes(channel, "delivered")


@pytest.mark.parametrize(
    ("path", "tries", "reason"),
    [
        ("/down", 3, "It answered 503: down for repair"),
        ("/close", 3, "It does not answer"),
        ("/gone", 1, "It answered 410"),
        ("/redirect?to=http://127.0.0.1:{port}/secret", 1, "It redirects, which is not followed"),
        ("/redirect?to=http://169.254.169.254/latest/meta-data", 1, "It redirects"),
    ],
)
def test_what_cannot_be_told_is_given_up_and_kept_with_its_reason(
    told: Telling, hooks: Receiver, path: str, tries: int, reason: str
) -> None:
    channel, _ = told.channel(hooks.url + path.format(port=hooks.url.rpartition(":")[2]))
    told.job()
    (row,) = told.becomes(channel, "dead")
    assert row.tries == tries
    assert row.reason.startswith(reason)
    assert "/secret" not in hooks.gets()


def test_a_slow_receiver_delays_nobody_else(told: Telling, hooks: Receiver) -> None:
    slow = [told.channel(f"{hooks.url}/slow?{number}")[0] for number in range(6)]
    quick, _ = told.channel(f"{hooks.url}/ok?quick", actor=told.somebody("bo@example.org", "b"))
    head = told.lab.log.head()
    told.job()
    wait_until(lambda: all(told.deliveries(channel) for channel in slow))
    bo = person(
        told.parts.deliveries.channel(quick).team,  # type: ignore[union-attr]  # it is there
    )
    del bo, head
