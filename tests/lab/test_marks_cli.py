"""Tags, favourites, views, notes and artifacts from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from application.commands.attempts import launch_job
from domain.jobs import fold
from lab.cli.failures import NOT_FOUND, REFUSED
from tests.graphql_api.test_lineage import saved
from tests.lab.shell import Shell

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("cli")]


def test_jobs_are_tagged_starred_hidden_and_ordered(shell: Shell) -> None:
    job = shell.api.queue("cli-marks")
    shell.api.settle()
    assert "now has paper, old" in shell.ok("job", "tag", job, "paper", "old")
    assert [row["id"] for row in shell.json("job", "list", "--tag", "paper")] == [job]
    shell.ok("job", "untag", job, "old")
    assert {row["label"] for row in shell.json("job", "tags")} == {"paper"}
    shell.ok("job", "star", job)
    assert [row["id"] for row in shell.json("job", "list", "--starred")] == [job]
    shell.ok("job", "unstar", job)
    shell.ok("job", "hide", job)
    assert job not in {row["id"] for row in shell.json("job", "list")}
    assert [row["id"] for row in shell.json("job", "list", "--hidden")] == [job]
    shell.ok("job", "unhide", job)
    names = [row["name"] for row in shell.json("job", "list", "--sort", "name", "--ascending")]
    assert names == sorted(names)
    assert "Use 1 to 40" in shell.fails(REFUSED, "job", "tag", job, "<b>")


def test_queued_jobs_are_moved_and_the_first_that_cannot_be_ends_it(shell: Shell) -> None:
    jobs = [shell.api.queue(f"cli-move-{n}") for n in range(3)]
    shell.ok("provider", "add", "spare", "idle")
    shell.api.settle()
    said = shell.ok("job", "move", *jobs[:2], "--provider", "spare")
    assert said.splitlines() == [f"{job} waits for spare now." for job in jobs[:2]]
    shell.ok("job", "stop", jobs[0])
    shell.api.settle()
    told = shell.fails(REFUSED, "job", "move", jobs[0], jobs[2], "--provider", "idle")
    assert f"Job {jobs[0]} is STOPPED; only a QUEUED job can be moved." in told
    moved = shell.json("job", "move", jobs[2], "--provider", "spare")
    assert [row["id"] for row in moved] == [jobs[2]]
    shell.api.settle()
    there = {row["id"] for row in shell.json("job", "list", "--provider", "spare")}
    assert set(jobs) == there


def test_views_are_kept_and_forgotten(shell: Shell) -> None:
    shell.ok("view", "save", "broken", "status=FAILED")
    assert [(v["name"], v["query"]) for v in shell.json("view", "list")] == [
        ("broken", "status=FAILED")
    ]
    shell.ok("view", "delete", "broken")
    assert shell.json("view", "list") == []


def test_experiments_are_described_annotated_and_given_documents(
    shell: Shell, tmp_path: Path
) -> None:
    shell.ok("experiment", "describe", "alpha", "What it is about.")
    shell.ok("experiment", "note", "alpha", stdin="# Plan\n")
    assert shell.ok("experiment", "notes", "alpha").strip() == "# Plan"
    assert [row["number"] for row in shell.json("experiment", "history", "alpha")] == [1]
    shell.ok("experiment", "score", "alpha", "acc", "--lower-is-better")
    file = tmp_path / "paper.txt"
    file.write_text("a paper")
    shell.ok("experiment", "attach", "alpha", str(file))
    assert [row["path"] for row in shell.json("experiment", "documents", "alpha")] == ["paper.txt"]
    shell.ok("experiment", "detach", "alpha", "paper.txt")
    shell.ok("experiment", "archive", "gamma")
    assert "shown again" in shell.ok("experiment", "restore", "gamma")
    assert shell.json("artifact", "list", "--kind", "model") == []


def test_settings_are_tried_before_a_provider_is_added(shell: Shell) -> None:
    assert shell.run("provider", "test", "idle", "-s", "slots=2").returncode == 0
    assert "unknown setting" in shell.fails(REFUSED, "provider", "test", "idle", "-s", "nonsense=1")


def test_versions_and_lineage_of_what_was_saved(shell: Shell) -> None:
    api = shell.api
    job = api.queue("cli-lineage")
    launch_job(api.lab, job, provider=fold(api.lab.log.stream(job)).provider)
    model = saved(api, job, "cli-model")
    api.settle()
    assert [row["artifact"]["id"] for row in shell.json("artifact", "versions", "cli-model")] == [
        model
    ]
    told = shell.ok("artifact", "lineage", model)
    assert told == f"model cli-model v1  saved by job hello ({job})\n"
    assert "no model 'none-such'" in shell.fails(NOT_FOUND, "artifact", "versions", "none-such")
