"""Every way a job can end, with real processes: status, class, code, and nothing left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from application.commands.jobs import stop_job
from tests.acceptance.cluster import Cluster, wait_until
from tests.asked import root_only

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

WORKING = "echo working; while true; do sleep 0.1; done"
DEAF = "trap '' TERM\necho deaf\nwhile true; do sleep 0.1; done"


@pytest.fixture
def working(lab_cluster: Cluster) -> Cluster:
    lab_cluster.start("worker")
    return lab_cluster


def test_a_queued_job_ends_when_its_time_to_live_is_over(working: Cluster) -> None:
    everything = "{cpus: 16}"
    first = working.queue("sleep 60", resources=everything)
    row = working.ended(working.queue("true", resources=everything, ttl="2s"))
    assert (row.status, row.blame, row.attempt) == ("FAILED", "timeout", 0)
    assert "ttl" in (row.reason or "")
    stop_job(working.parts.lab, working.me, first, grace_s=0)


@pytest.mark.parametrize(
    ("run", "yaml", "status", "blame", "code", "signal", "says"),
    [
        ("exit 0", {}, "COMPLETE", "", 0, None, ""),
        ("exit 3", {}, "FAILED", "user_code", 3, None, "exit code 3"),
        ("kill -SEGV $$", {}, "FAILED", "user_code", None, 11, "signal 11"),
        ("true", {"setup": "exit 9"}, "FAILED", "setup", 9, None, "setup"),
        (WORKING, {"timeout": "1s"}, "FAILED", "timeout", None, 15, "longer than timeout"),
        ("sleep 60", {"ttl": "5s"}, "FAILED", "timeout", None, 15, "ttl"),
        ("sleep 60", {"idle_timeout": "2s"}, "FAILED", "timeout", None, 15, "sign of work"),
        (
            "true",
            {"setup": "sleep 60", "launch_timeout": "1s"},
            "FAILED", "timeout", None, 15, "launch_timeout",
        ),
    ],
    ids=["exit-0", "exit-3", "segv", "setup", "run-timeout", "ttl", "idle", "launch-timeout"],
)  # fmt: skip
def test_an_end_has_its_status_class_code_and_sentence(
    working: Cluster,
    run: str,
    yaml: dict[str, object],
    status: str,
    blame: str,
    code: int | None,
    signal: int | None,
    says: str,
) -> None:
    row = working.ended(working.queue(run, **yaml))
    assert (row.status, row.blame or "", row.exit_code, row.signal) == (status, blame, code, signal)
    assert says in (row.reason or "")
    assert_nothing_left(working, row.token or "")


def test_the_kernels_memory_limit_is_told_as_such(working: Cluster) -> None:
    root_only("bounding memory by cgroup")
    hungry = "python3 -c 'x = bytearray(600 << 20)'"
    row = working.ended(working.queue(hungry, resources="{memory: 256MB}"))
    assert (row.status, row.blame) == ("FAILED", "out_of_memory")
    assert "memory" in (row.reason or "")
    assert_nothing_left(working, row.token or "")


def test_a_queued_job_is_stopped_at_once(lab_cluster: Cluster) -> None:
    job = lab_cluster.queue(WORKING)
    stop_job(lab_cluster.parts.lab, lab_cluster.me, job)
    assert lab_cluster.ended(job).status == "STOPPED"


def test_a_job_is_stopped_during_setup(working: Cluster) -> None:
    job = working.queue("true", setup="sleep 60")
    wait_until(lambda: bool((row := working.job(job)) and row.setup_at))
    stop_job(working.parts.lab, working.me, job)
    row = working.ended(job)
    assert (row.status, row.stop_reason) == ("STOPPED", "user")
    assert_nothing_left(working, row.token or "")


@pytest.mark.parametrize(("run", "signal"), [(WORKING, 15), (DEAF, 9)], ids=["polite", "deaf"])
def test_a_running_job_is_stopped_and_confirmed(working: Cluster, run: str, signal: int) -> None:
    job = working.queue(run)
    wait_until(lambda: bool((row := working.job(job)) and working.lines(row)))
    stop_job(working.parts.lab, working.me, job, grace_s=1)
    row = working.ended(job)
    assert (row.status, row.signal) == ("STOPPED", signal)
    assert_nothing_left(working, row.token or "")


def test_a_killed_wrapper_is_node_lost_and_tried_again(working: Cluster) -> None:
    once = 'if [ -e "$HOME_FLAG" ]; then echo second; else touch "$HOME_FLAG"; sleep 60; fi'
    flag = working.home / "flag"
    job = working.queue(once, envs=f"{{HOME_FLAG: {flag}}}", retries="{platform: 1, backoff: 1s}")
    wait_until(flag.exists)
    wait_until(lambda: bool((row := working.job(job)) and row.status == "RUNNING"))
    adapter = working.parts.lab.providers.of(working.provider)
    (living,) = adapter.census()
    pid = int((working.home / "providers" / working.provider / living.handle / "process.json")
              .read_text().split('"pid":')[1].split(",")[0])  # fmt: skip
    os.kill(pid, 9)
    row = working.ended(job)
    assert (row.status, row.attempt) == ("COMPLETE", 2)
    assert "job.attempt_failed.v1" in working.topics(job)


def assert_nothing_left(working: Cluster, token: str) -> None:
    """No process whose environment or arguments name the attempt's folder."""

    def left() -> list[str]:
        mine = os.fsencode(token)
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if mine in told:
                found.append(told.decode(errors="replace")[:200])
        return found

    wait_until(lambda: left() == [], patience_s=10, tell=lambda: str(left()))
