"""``lab --as-of``: moments as people say them, and commands that answer as of then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.cli.as_of import read
from lab.cli.failures import CliError
from tests.graphql_api.rig import Rig
from tests.lab.shell import Shell

NOW = datetime.fromisoformat("2026-11-25 12:00").astimezone()  # a Wednesday
SAID = {
    "yesterday 02:14": "2026-11-24 02:14",
    "yesterday": "2026-11-24 00:00",
    "Today 9:05:30": "2026-11-25 09:05:30",
    "02:14": "2026-11-25 02:14",
    "monday 14:00": "2026-11-23 14:00",
    "wednesday": "2026-11-18 00:00",
    "2 hours ago": "2026-11-25 10:00",
    "1 week ago": "2026-11-18 12:00",
    "90m ago": "2026-11-25 10:30",
    "2026-11-03 02:14": "2026-11-03 02:14",
    "2026-11-03": "2026-11-03 00:00",
}


@pytest.mark.parametrize("said", SAID)
def test_a_moment_is_read_on_the_persons_clock(said: str) -> None:
    assert (
        datetime.fromisoformat(read(said, now=NOW))
        == datetime.fromisoformat(SAID[said]).astimezone()
    )


def test_a_position_and_a_time_with_its_zone_are_taken_as_they_are() -> None:
    assert read("48211", now=NOW) == read("#48211", now=NOW) == "48211"
    told = datetime.fromisoformat(read("2026-11-03T02:14:00+05:00", now=NOW))
    assert told == datetime.fromisoformat("2026-11-03T02:14:00+05:00")


@pytest.mark.parametrize(
    "said", ["", "soon", "yesterday 25:00", "3 moons ago", "9" * 30 + " d ago"]
)
def test_what_is_no_moment_is_refused_with_what_would_be(said: str) -> None:
    with pytest.raises(CliError, match="yesterday 02:14"):
        read(said, now=NOW)


@pytest.mark.postgres
@pytest.mark.xdist_group("cli")
def test_jobs_are_listed_as_they_were(api: Rig, shell: Shell) -> None:
    job = api.queue()
    then = str(api.lab.log.head())
    shell.ok("job", "stop", job)
    listed = {row["id"]: row["status"] for row in shell.json("--as-of", then, "jobs", "list")}
    assert listed[job] == "QUEUED"
    done = shell.run(f"--as-of={then}", "job", "info", job)
    assert "QUEUED" in done.stdout
    assert done.stderr == f"As of {then}.\n"
    assert shell.ok("--as-of", "yesterday 02:14", "job", "list") == "(none)\n"
    minute = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    assert "still to come" in shell.fails(5, "--as-of", minute, "job", "list")


@pytest.mark.postgres
@pytest.mark.xdist_group("cli")
def test_nothing_is_done_in_the_past(api: Rig, shell: Shell) -> None:
    job = api.queue()
    assert "--as-of" in shell.fails(5, "--as-of", "0", "job", "stop", job)
    assert "--as-of" in shell.fails(5, "--as-of", "0", "session", "list")
    assert "no moment" in shell.fails(2, "--as-of", "whenever", "job", "list")
