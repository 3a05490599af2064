"""What breaks around a job on Slurm: its login node, daemons, nodes, disks. Nothing is told that is not known.

The nodes have no way back to the server here, so that Slurm and the shared disk are all there is to see.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.cluster import wait_until
from tests.acceptance.slurm_site import GATED, NOWHERE, Site, slurm_site
from tests.asked import LONG, root_only

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.slurm]
pytestmark.append(pytest.mark.xdist_group("slurm"))  # one cluster at a time

AWAY_S = 600 if LONG else 20
"""Long enough for every count of looks to run out, if one ran."""


@pytest.fixture(scope="module")
def site(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with slurm_site(postgres, tmp_path_factory.mktemp("home")) as made:
        made.connect("hpc")
        shared = f"{made.work}/hpc"  # neither provider ends what is the other's
        made.connect("n3", flags="--nodelist=n3 --exclusive", work_folder=shared)
        made.start("worker", LAB_URL=NOWHERE)
        yield made


def test_a_login_node_that_is_away_changes_nothing_that_is_known(
    site: Site, tmp_path: Path
) -> None:
    runs = site.gated("n3", tmp_path / "runs")
    ends = site.gated("hpc", tmp_path / "ends", "exit 7")
    site.says(runs, "waiting")
    site.says(ends, "waiting")
    pends = site.on("n3", "echo had its turn")
    site.until(pends, lambda row: row.wait_text)
    jobs = (runs, ends, pends)
    site.slurm.unplug_login()
    try:
        wait_until(lambda: site.at_provider("n3").unreachable_since)
        wait_until(lambda: site.at_provider("hpc").unreachable_since)
        before = [site.topics(job) for job in jobs]
        (tmp_path / "ends").touch()
        back_at = time.monotonic() + AWAY_S
        while time.monotonic() < back_at:
            assert [site.topics(job) for job in jobs] == before
            time.sleep(0.5)
        assert "does not answer" in (site.at_provider("hpc").unreachable_reason or "")
    finally:
        site.slurm.start_sshd()
    ended = site.ended(ends)
    assert (ended.status, ended.blame, ended.exit_code) == ("FAILED", "user_code", 7)
    assert site.lines(ended) == ["waiting"]
    assert site.row(runs).status == "RUNNING"
    assert site.row(pends).status == "LAUNCHING"
    assert "job.unseen.v1" not in [topic for job in jobs for topic in site.topics(job)]
    (tmp_path / "runs").touch()
    for job, lines in ((runs, ["waiting", "passed"]), (pends, ["had its turn"])):
        row = site.ended(job)
        assert (row.status, row.attempt, site.lines(row)) == ("COMPLETE", 1, lines)
    wait_until(lambda: not site.at_provider("n3").unreachable_since)


def test_daemons_of_slurm_that_are_killed_and_started_again_lose_no_job(
    site: Site, tmp_path: Path
) -> None:
    job = site.gated("n3", tmp_path / "gate")
    site.says(job, "waiting")
    site.slurm.end("n3", signal.SIGKILL)  # slurmd alone; the job's own processes go on
    site.slurm.start_node("n3")
    site.slurm.end("slurmctld")
    wait_until(lambda: "Slurm does not answer" in (site.at_provider("n3").unreachable_reason or ""))
    site.slurm.start_controller()
    wait_until(lambda: not site.at_provider("n3").unreachable_since)
    (tmp_path / "gate").touch()
    assert_passed(site, job)


def test_without_munge_a_job_waits_with_slurms_words_and_is_no_failure_of_its_code(
    site: Site, tmp_path: Path
) -> None:
    runs = site.gated("hpc", tmp_path / "gate")
    site.says(runs, "waiting")
    site.slurm.end("munged")
    try:
        new = site.on("hpc", f"echo ran >> {tmp_path}/ran")
        wait_until(lambda: "unge" in (site.at_provider("hpc").unreachable_reason or ""))
        (tmp_path / "gate").touch()
        assert site.row(new).status in ("QUEUED", "LAUNCHING")
    finally:
        site.slurm.start_munge()
    assert_passed(site, runs)
    row = site.ended(new)
    assert (row.status, row.attempt) == ("COMPLETE", 1)
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_a_job_that_needs_a_drained_node_says_so(site: Site) -> None:
    node = ["scontrol", "update", "nodename=n3"]
    site.slurm.run(*node, "state=drain", "reason=fan")
    try:
        job = site.on("n3", "true")
        row = site.until(job, lambda r: "Slurm:" in (r.wait_text or ""))
        assert "DRAINED" in (row.wait_text or "") or "UnavailableNodes:n3" in (row.wait_text or "")
    finally:
        site.slurm.run(*node, "state=resume")
    assert site.ended(job).status == "COMPLETE"


def test_a_job_that_slurm_puts_back_goes_on_as_its_next_attempt(site: Site, tmp_path: Path) -> None:
    note = f"echo $LAB_ATTEMPT >> {tmp_path}/ran; echo attempt $LAB_ATTEMPT\n"
    job = site.on(
        "hpc", note + GATED, envs=f"{{GATE: {tmp_path}/gate}}", retries="{platform: 1, backoff: 1s}"
    )
    site.says(job, "waiting")
    slurm_id = site.slurm_id(job)
    site.slurm.run("scontrol", "update", f"jobid={slurm_id}", "requeue=1")
    site.slurm.run("scontrol", "requeue", slurm_id)
    site.until(job, lambda row: row.attempt == 2 and "waiting" in site.lines(row))
    (tmp_path / "gate").touch()
    row = site.ended(job)
    assert (row.status, row.attempt) == ("COMPLETE", 2)
    assert site.lines(row) == ["attempt 2", "waiting"]
    first = site.parts.telemetry.lines(job, attempt=1)
    assert [line.text for line in first][:2] == ["attempt 1", "waiting"]
    assert (tmp_path / "ran").read_text() == "1\n2\n"


def test_a_full_disk_is_told_in_its_words_and_nothing_is_left_half_written(
    site: Site, tmp_path: Path
) -> None:
    root_only("mounting a small disk")
    with small_disk(tmp_path / "disk", "3m") as disk:
        site.connect("full", work_folder=str(disk))
        fill(disk / "filler")
        job = site.on("full", "echo ran", retries="{platform: 3, backoff: 1s}")
        site.until(job, lambda row: "No space left" in (row.wait_text or ""))
        assert [path for path in disk.rglob("*") if path.name.startswith(".new")] == []
        (disk / "filler").unlink()
        row = site.ended(job)
        assert (row.status, site.lines(row)) == ("COMPLETE", ["ran"])
        wait_until(lambda: not site.slurm.run("squeue", "-h", "-n", f"lab-{row.token}"))


def test_nothing_of_all_that_is_left_in_slurms_queue(site: Site) -> None:
    site.nothing_queued()


def assert_passed(site: Site, job: str) -> None:
    row = site.ended(job)
    assert (row.status, row.attempt) == ("COMPLETE", 1)
    assert site.lines(row) == ["waiting", "passed"]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            return
