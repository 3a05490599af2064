"""Channels: given facts, when a command, then facts; and what a topic selects."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.errors import InvalidInput, NotFound
from domain.model import Event
from domain.notice_topics import check_topics, selects
from domain.notifications import (
    Channel,
    ChannelAdded,
    ChannelChanged,
    ChannelKind,
    ChannelPaused,
    ChannelReplayAsked,
    ChannelSecretRotated,
    Wish,
    fold,
    new_channel,
)

NOW = datetime(2026, 11, 3, tzinfo=UTC)
ADA = "user:ada"
WISH = Wish(name="bell", target="https://h/x", topics=("job.ended",))


def added(user: str = "ada", wish: Wish = WISH) -> ChannelAdded:
    return new_channel(
        "chn_1", team="t", user=user, kind=ChannelKind.WEBHOOK, wish=wish, now=NOW, by=ADA
    )


CHANNEL = fold([added()])


def after(channel: Channel, *facts: Event) -> Channel:
    for fact in facts:
        channel = channel.evolve(fact)
    return channel


def test_a_channel_is_changed_once() -> None:
    wish = Wish(name="bell", target="https://h/x", topics=("job.failed",), only_own=True)
    (fact,) = CHANNEL.change(wish, now=NOW, by=ADA)
    assert isinstance(fact, ChannelChanged)
    assert after(CHANNEL, fact).wish == wish
    assert after(CHANNEL, fact).change(wish, now=NOW, by=ADA) == []


def test_another_secret_address_is_a_fact_though_it_looks_the_same() -> None:
    (fact,) = CHANNEL.change(WISH, moved=True, now=NOW, by=ADA)
    assert isinstance(fact, ChannelChanged)
    assert fact.address == 2


def test_it_is_paused_and_resumed_once() -> None:
    (paused,) = CHANNEL.pause(now=NOW, by=ADA)
    assert isinstance(paused, ChannelPaused)
    silent = after(CHANNEL, paused)
    assert silent.pause(now=NOW, by=ADA) == []
    assert after(silent, *silent.resume(now=NOW, by=ADA)).paused is False
    assert CHANNEL.resume(now=NOW, by=ADA) == []


def test_every_key_has_a_number_of_its_own() -> None:
    first = CHANNEL.rotate(now=NOW, by=ADA)
    second = after(CHANNEL, first).rotate(now=NOW, by=ADA)
    assert isinstance(first, ChannelSecretRotated)
    assert (first.number, second.number) == (2, 3)


def test_a_replay_begins_in_the_log() -> None:
    assert isinstance(CHANNEL.replay(1, now=NOW, by=ADA), ChannelReplayAsked)
    with pytest.raises(InvalidInput):
        CHANNEL.replay(0, now=NOW, by=ADA)


def test_what_is_removed_is_gone() -> None:
    gone = after(CHANNEL, *CHANNEL.remove(now=NOW, by=ADA))
    assert gone.remove(now=NOW, by=ADA) == []
    for ask in (gone.pause, gone.resume, gone.rotate):
        with pytest.raises(NotFound):
            ask(now=NOW, by=ADA)


def test_a_team_has_nothing_of_its_own_and_no_mailbox() -> None:
    with pytest.raises(InvalidInput):
        added(user="", wish=Wish(name="b", target="x", topics=("job.*",), only_own=True))
    with pytest.raises(InvalidInput):
        new_channel("chn_1", team="t", user="", kind=ChannelKind.EMAIL, wish=WISH, now=NOW, by=ADA)


@pytest.mark.parametrize(
    ("topic", "event", "meant"),
    [
        ("job.failed", "job.failed.v1", True),
        ("job.failed", "job.failed.v2", True),
        ("job.failed", "job.completed.v1", False),
        ("job.ended", "job.stopped.v1", True),
        ("job.ended", "job.queued.v1", False),
        ("quota.*", "quota.settled.v1", True),
        ("quota.*", "job.quota_extended.v1", False),
        ("member.*", "team.member_added.v1", True),
        ("member.*", "team.renamed.v1", False),
        ("job.*", "secret.set.v1", False),
    ],
)
def test_a_topic_selects_what_it_says(topic: str, event: str, *, meant: bool) -> None:
    assert selects((topic,), event) is meant


@pytest.mark.parametrize(
    "topics", [(), ("job.*",) * 31, ("secret.*",), ("*",), ("user.registered",), ("team.*",)]
)
def test_topics_nobody_may_hear_of_are_refused(topics: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        check_topics(topics)


def test_a_misspelt_topic_is_told_with_the_nearest() -> None:
    with pytest.raises(InvalidInput, match=r"Did you mean member\.\*"):
        check_topics(("members.*",))
