"""Channels are told of facts, over real HTTP: once or more, in spite of receivers of every kind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from application.actor import person
from application.commands.members import add_member, remove_member
from application.commands.naming import experiment_id
from application.commands.notifications import (
    change_channel,
    pause_channel,
    remove_channel,
    replay_channel,
    resume_channel,
    rotate_channel_secret,
    try_channel,
)
from application.commands.rules import remove_rule, set_rule
from domain.notifications import ChannelKind
from domain.teams import Role
from server.courier import signature
from tests.acceptance.cluster import ROOT, wait_until
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


def documented() -> Callable[[str, str, bytes], bool]:
    """``is_genuine`` as docs/notifications.md has it for people to copy."""
    text = (ROOT / "docs" / "notifications.md").read_text()
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)  # noqa: S102  # ours
    found: Callable[[str, str, bytes], bool] = names["is_genuine"]
    return found


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
    is_genuine, body = documented(), came["body"].encode()
    signed = came["headers"]["labledger-signature"]
    assert is_genuine(key, signed, body)
    assert not is_genuine(key, signed, body + b" ")
    assert not is_genuine("whsec_other", signed, body)
    old = told.lab.clock.now() - timedelta(hours=1)
    assert not is_genuine(key, signature(key, body, at=old), body)
    assert came["headers"]["labledger-delivery"] == json.loads(body)["id"]
    _, newer = rotate_channel_secret(told.lab, told.me, channel)
    told.job("again")
    told.becomes(channel, "delivered", "delivered")
    came = hooks.seen("/ok?signed")[-1]
    signed = came["headers"]["labledger-signature"]
    assert is_genuine(newer, signed, came["body"].encode())
    assert not is_genuine(key, signed, came["body"].encode())


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


def test_slow_receivers_delay_nobody_else(told: Telling, hooks: Receiver) -> None:
    slow = [told.channel(f"{hooks.url}/slow?{number}")[0] for number in range(6)]
    other = told.somebody("bo@example.org", "other")
    quick, _ = told.channel(f"{hooks.url}/ok?quick", actor=other)
    told.job()
    wait_until(lambda: all(told.deliveries(channel) for channel in slow))
    wait_until(lambda: any(row.tries for c in slow for row in told.deliveries(c)))
    begun = time.monotonic()
    for number in range(3):
        told.job(f"quick {number}", actor=other)
    told.becomes(quick, "delivered", "delivered", "delivered")
    assert time.monotonic() - begun < 9  # a try at a slow one takes 10
    head = told.lab.log.head()
    wait_until(lambda: all(row.position >= head for row in told.parts.queries.positions()))
    assert not any(row.state == "delivered" for c in slow for row in told.deliveries(c))


def test_a_team_never_hears_of_another(told: Telling, hooks: Receiver) -> None:
    other = told.somebody("bo@example.org", "other")
    theirs, _ = told.channel(f"{hooks.url}/ok?theirs", "job.*", "quota.*", "member.*", actor=other)
    ours, _ = told.channel(f"{hooks.url}/ok?ours", "job.queued", "quota.reserved", "member.*")
    job = told.job("our secret job")
    add_member(told.lab, told.me, email="bo@example.org", role=Role.VIEWER)
    assert {row.event for row in told.becomes(ours, *["delivered"] * 4)} == {
        "job.queued.v1", "quota.reserved.v1", "team.member_added.v1",
    }  # fmt: skip
    assert told.deliveries(theirs) == []
    told.job("theirs", actor=other)
    wait_until(lambda: "job.queued.v1" in {row.event for row in told.deliveries(theirs)})
    wait_until(lambda: {row.state for row in told.deliveries(theirs)} == {"delivered"})
    for body in hooks.bodies("/ok?theirs"):
        assert body["team"] == other.team
        assert job not in json.dumps(body)
    assert not any("@" in one["body"] for one in hooks.seen("/ok?ours"))


def test_who_left_the_team_hears_nothing_any_more(told: Telling, hooks: Receiver) -> None:
    bo = told.somebody("bo@example.org", "other")
    add_member(told.lab, told.me, email="bo@example.org", role=Role.VIEWER)
    member = person(bo.user, team=told.me.team, role=Role.VIEWER)
    channel, _ = told.channel(f"{hooks.url}/ok?left", actor=member, of_team=False)
    told.job()
    told.becomes(channel, "delivered")
    remove_member(told.lab, told.me, user=bo.user)
    told.job("after")
    newest, _ = told.becomes(channel, "dropped", "delivered")
    assert newest.reason == "Its person is no member of the team any more."
    assert len(hooks.seen("/ok?left")) == 1


def test_what_an_access_rule_hides_is_told_to_the_team_and_not_to_that_person(
    told: Telling, hooks: Receiver
) -> None:
    bo = told.somebody("bo@example.org", "other")
    add_member(told.lab, told.me, email="bo@example.org", role=Role.MEMBER)
    member = person(bo.user, team=told.me.team, role=Role.MEMBER)
    theirs, _ = told.channel(f"{hooks.url}/ok?theirs", actor=member, of_team=False)
    ours, _ = told.channel(f"{hooks.url}/ok?ours")
    alpha = experiment_id(told.lab, told.me.team, "alpha")
    set_rule(told.lab, told.me, resource=alpha, subject="member", verbs=[])
    told.job("our secret job")
    told.becomes(ours, "delivered")
    remove_rule(told.lab, told.me, resource=alpha, subject="member")
    told.job("open again")
    (seen,) = told.becomes(theirs, "delivered")
    assert "open again" in seen.sentence


def test_only_ones_own_is_told_to_whom_wants_that(told: Telling, hooks: Receiver) -> None:
    bo = told.somebody("bo@example.org", "other")
    add_member(told.lab, told.me, email="bo@example.org", role=Role.MEMBER)
    member = person(bo.user, team=told.me.team, role=Role.MEMBER)
    channel, _ = told.channel(
        f"{hooks.url}/ok?own", "job.queued", actor=member, of_team=False, only_own=True
    )
    told.job("ann's")
    own = told.job("bo's", actor=member)
    (row,) = told.becomes(channel, "delivered")
    assert [body["job"]["id"] for body in hooks.bodies("/ok?own")] == [own]
    assert row.sentence.startswith("bo's: ")


def test_what_happens_during_a_pause_is_told_by_a_replay_alone(
    told: Telling, hooks: Receiver
) -> None:
    channel, _ = told.channel(f"{hooks.url}/ok?paused")
    start = told.lab.log.head()
    told.job("first")
    (first,) = told.becomes(channel, "delivered")
    pause_channel(told.lab, told.me, channel)
    told.job("second")
    seen = told.channel(f"{hooks.url}/ok?witness")[0]
    told.job("third")
    told.becomes(seen, "delivered")
    resume_channel(told.lab, told.me, channel)
    assert len(told.deliveries(channel)) == 1
    replay_channel(told.lab, told.me, channel, from_position=start, key="again")
    replay_channel(told.lab, told.me, channel, from_position=start, key="again")
    told.becomes(channel, "delivered", "delivered", "delivered")
    wait_until(lambda: len(hooks.seen("/ok?paused")) == 4)
    ids = [body["id"] for body in hooks.bodies("/ok?paused")]
    assert len(set(ids)) == 3
    assert ids.count(first.id) == 2


def test_what_was_removed_is_sent_nowhere_and_its_secrets_are_forgotten(
    told: Telling, hooks: Receiver
) -> None:
    channel, _ = told.channel(f"{hooks.url}/down?removed")
    told.job()
    wait_until(lambda: any(row.tries for row in told.deliveries(channel)))
    remove_channel(told.lab, told.me, channel)
    found = told.lab.secrets.names(team=told.me.team, user=told.me.user)
    assert not any(channel in name for name in found)
    seen = told.channel(f"{hooks.url}/ok?after removal".replace(" ", "-"))[0]
    tries = len(hooks.seen("/down?removed"))
    for number in range(3):
        told.job(f"later {number}")
    told.becomes(seen, *["delivered"] * 3)
    assert len(hooks.seen("/down?removed")) <= tries + 1


def test_another_address_is_used_at_once_and_no_event_holds_it(
    told: Telling, hooks: Receiver
) -> None:
    channel, key = told.channel(f"{hooks.url}/down?token=s3cret", kind=ChannelKind.SLACK)
    assert key == ""
    change_channel(told.lab, told.me, channel, address=f"{hooks.url}/ok?token=s3cret")
    told.job("<!channel> & co")
    told.becomes(channel, "delivered")
    (came,) = hooks.seen("/ok?token=s3cret")
    assert "&lt;!channel&gt; &amp; co" in json.loads(came["body"])["text"]
    facts = told.lab.log.stream(channel)
    assert len(facts) == 2
    assert "s3cret" not in repr(facts)
    assert "s3cret" not in repr(told.parts.deliveries.channels())


def test_a_test_tells_how_it_went(told: Telling, hooks: Receiver) -> None:
    good, _ = told.channel(f"{hooks.url}/ok?test", kind=ChannelKind.DISCORD)
    bad, _ = told.channel(f"{hooks.url}/down")
    answer = try_channel(told.lab, told.me, good)
    assert (answer.ok, answer.status) == (True, 200)
    assert "This is a test" in hooks.bodies("/ok?test")[0]["content"]
    answer = try_channel(told.lab, told.me, bad)
    assert (answer.ok, answer.reason) == (False, "It answered 503: down for repair")


def test_a_burst_of_events_are_told_in_full_and_in_order(told: Telling, hooks: Receiver) -> None:
    channel, _ = told.channel(f"{hooks.url}/ok?many", "job.stalled")
    job = told.job()
    expected = [told.stalled(job) for _ in range(300)]
    wait_until(lambda: len(hooks.seen("/ok?many")) >= 300, patience_s=40)
    assert [body["position"] for body in hooks.bodies("/ok?many")] == expected
    wait_until(lambda: {row.state for row in told.deliveries(channel)} == {"delivered"})
