"""``lab notify`` as people run it."""

from __future__ import annotations

import pytest

from lab.cli.failures import FAILED, NOT_FOUND, REFUSED
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]
URL = "https://hooks.example.org/services/T0/s3cretABCD"


def test_channels_are_added_listed_changed_and_removed(shell: Shell) -> None:
    shell.ok("notify", "add", "ops", "slack", "--on", "job.failed", "--team", stdin=URL + "\n")
    made = shell.json(
        "notify", "add", "mine", "webhook", "--on", "job.ended", "--own", "--url", URL
    )
    assert made["secret"].startswith("whsec_")
    listed = shell.ok("notify", "list")
    assert "https://hooks.example.org/…ABCD" in listed
    assert "whsec_" not in listed
    shell.ok("notify", "change", "ops", "--on", "job.*", "--name", "all jobs")
    shell.ok("notify", "pause", "all jobs")
    (team,) = [row for row in shell.json("notify", "list") if row["ofTeam"]]
    assert (team["name"], team["topics"], bool(team["pausedAt"])) == ("all jobs", ["job.*"], True)
    shell.ok("notify", "resume", "all jobs")
    assert shell.ok("notify", "rotate", "mine").strip() not in ("", made["secret"])
    shell.ok("notify", "replay", "mine", "--from", "1")
    assert "(none)" in shell.ok("notify", "deliveries", "mine", "--state", "dead")
    shell.ok("notify", "remove", "mine")
    assert [row["name"] for row in shell.json("notify", "list")] == ["all jobs"]


def test_what_cannot_be_is_told_in_one_sentence(shell: Shell) -> None:
    def refused(*words: str) -> str:
        return shell.fails(REFUSED, "notify", "add", "x", *words)

    assert "Mail is not set up" in refused("email", "--on", "job.ended")
    assert "Did you mean job.ended" in refused("webhook", "--on", "job.endd", "--url", URL)
    inner = refused("webhook", "--on", "job.ended", "--url", "https://169.254.169.254/k3y")
    assert "metadata" in inner
    assert "k3y" not in inner
    assert "no notify" in shell.fails(NOT_FOUND, "notify", "test", "nothing")


def test_a_test_that_fails_ends_with_one(shell: Shell) -> None:
    shell.ok("notify", "add", "here", "webhook", "--on", "job.*", "--url", "https://localhost/h")
    done = shell.run("notify", "test", "here")
    assert done.returncode == FAILED
    assert "server itself" in done.stdout
