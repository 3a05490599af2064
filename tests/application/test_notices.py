"""What receivers are told: whatever a job is called stays text."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from application.notices import (
    Named,
    Notice,
    discord_body,
    mail_text,
    slack_body,
    webhook_body,
)

HOSTILE = (
    "<!channel>",
    "<@U123|boss>",
    "<https://evil.example|log in>",
    "&lt;!here&gt;",
    "@everyone",
    "[log in](https://evil.example)",
    "**bold** `code` ~~gone~~ ||hidden||",
    "# title\n> quote",
    "\u202egnp.exe",
    "x" * 5000,
    'quote " and \\ back',
)


def notice(name: str, sentence: str = "Failed: it broke") -> Notice:
    return Notice(
        id="dlv_1", position=7, event="job.failed.v1", at=datetime(2026, 11, 3, tzinfo=UTC),
        team="team_1", channel="chn_1", sentence=sentence, url="https://lab.example/jobs/job_1",
        job=Named(id="job_1", name=name, owner="user_1"),
    )  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_slack_takes_a_name_for_text(name: str) -> None:
    for told in (notice(name), notice("job", name)):
        message = json.loads(slack_body(told))
        line, url = message["text"].split("\n")
        assert url == told.url
        assert "<" not in line
        assert ">" not in line
        plain = line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert plain == told.line
        assert message["mrkdwn"] is False


@pytest.mark.parametrize("name", HOSTILE)
def test_discord_takes_a_name_for_text_and_mentions_nobody(name: str) -> None:
    for told in (notice(name), notice("job", name)):
        message = json.loads(discord_body(told))
        assert message["allowed_mentions"] == {"parse": []}
        assert len(message["content"]) <= 2000
        line, url = message["content"].split("\n")
        assert url == told.url
        unescaped = line.replace("\\\\", "\0")
        for mark in "*_~`|>#[]()<@":
            assert unescaped.count(mark) == unescaped.count("\\" + mark)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_subject_is_one_line(name: str) -> None:
    subject, text = mail_text(notice(name, name))
    assert subject.isprintable()
    assert len(subject) <= 150
    assert text.endswith("/jobs/job_1")


def test_a_webhook_gets_the_same_bytes_for_the_same_notice() -> None:
    told = notice("hello")
    assert webhook_body(told) == webhook_body(msgspec.json.decode(webhook_body(told), type=Notice))
    assert set(json.loads(webhook_body(told))) == {
        "id", "position", "event", "at", "team", "channel", "sentence", "job", "provider", "url",
    }  # fmt: skip
