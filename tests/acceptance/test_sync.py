"""Runs recorded without a server become jobs, once, with all that they recorded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.rows import JobRow
from tests.acceptance.cluster import ROOT, Cluster, cluster, wait_until
from tests.fakes.schemas import unused_schema

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance, pytest.mark.xdist_group("sync")]

TRAINS = """
import lab
lab.init(config={"lr": 0.1, "layers": {"a": 1}})
lab.log("begins")
for step in range(5):
    lab.log_metric("loss", 1 / (step + 1), step)
open("model.bin", "wb").write(b"weights" * 1000)
lab.save_model("model.bin")
lab.finish(score={"accuracy": 0.75})
"""
FAILS = "import lab; lab.log_metric('x', 1); raise RuntimeError('out of luck')"
TELLS = "import lab, os, signal; lab.log('hi'); lab.finish('done'); os.kill(os.getpid(), 9)"
DIES = "import lab, os, signal; lab.log('hi'); lab.flush(); os.kill(os.getpid(), 9)"
TALKS = """
import lab
for step in range(60_000):
    lab.log_metrics({"a": step, "b": step, "c": step, "d": step}, step)
lab.finish(score={"accuracy": 1})
"""


@pytest.fixture(scope="module")
def web(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(postgres, unused_schema("sync"), tmp_path_factory.mktemp("home")) as made:
        made.start("web")
        yield made


def record(folder: Path, script: str) -> Path:
    """Run ``script`` with no job around it; its run folder."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    env["PYTHONPATH"] = str(ROOT)
    folder.mkdir()
    argv = [sys.executable, "-c", script]
    subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
    (made,) = (folder / ".lab" / "runs").iterdir()
    return made


def sync(web: Cluster, *folders: Path, token: str = "") -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    env |= {
        "LAB_SERVER_URL": f"http://127.0.0.1:{web.port}",
        "LAB_TOKEN": token or web.token,
        "LAB_CONFIG_DIR": str(web.home / "config"),
    }
    argv = [sys.executable, "-m", "lab", "sync", "--json", *map(str, folders)]
    return subprocess.run(
        argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def synced(web: Cluster, folder: Path) -> JobRow:
    told = sync(web, folder)
    assert told.returncode == 0, told.stderr
    row = web.job(json.loads(told.stdout)[0]["job"])
    assert row is not None
    return row


def test_a_recorded_run_becomes_a_job_with_everything_in_it(web: Cluster, tmp_path: Path) -> None:
    folder = record(tmp_path / "here", TRAINS)
    row = synced(web, folder)
    assert (row.status, row.provider, row.used_s, row.held_s) == ("COMPLETE", "", 0, 0)
    assert row.score == {"accuracy": 0.75}
    assert row.spec["parameters"] == {"lr": 0.1, "layers": '{"a":1}'}
    assert web.lines(row) == ["begins"]
    (curve,) = web.parts.telemetry.curves(row.id)
    assert (curve.name, curve.points, curve.last_value) == ("loss", 5, 0.2)
    (artifact,) = web.parts.queries.artifacts(row.id)
    stored = b"".join(web.parts.lab.blobs.read(str(artifact.files[0]["sha256"])))
    assert stored == b"weights" * 1000


def test_a_second_sync_adds_nothing(web: Cluster, tmp_path: Path) -> None:
    folder = record(tmp_path / "here", TRAINS)
    first = synced(web, folder)
    head, journal = web.parts.lab.log.head(), (folder / "journal" / "node.jsonl").read_bytes()
    assert synced(web, folder) == first
    (folder / "acked.json").unlink()
    assert synced(web, folder) == first
    assert web.parts.lab.log.head() == head
    assert (folder / "journal" / "node.jsonl").read_bytes() == journal
    assert web.parts.telemetry.curves(first.id)[0].points == 5


@pytest.mark.parametrize(
    ("script", "status", "says"),
    [(FAILS, "FAILED", "out of luck"), (TELLS, "COMPLETE", ""), (DIES, "FAILED", "killed")],
    ids=["raised", "told-and-killed", "killed"],
)
def test_a_run_ends_as_it_recorded(
    web: Cluster, tmp_path: Path, script: str, status: str, says: str
) -> None:
    row = synced(web, record(tmp_path / "here", script))
    assert row.status == status
    assert says in (row.reason or "")


def test_the_end_is_told_after_a_long_journal(web: Cluster, tmp_path: Path) -> None:
    folder = record(tmp_path / "here", TALKS)
    assert max(path.stat().st_size for path in (folder / "journal").iterdir()) > 3 * 1024 * 1024
    row = synced(web, folder)
    assert (row.status, row.score) == ("COMPLETE", {"accuracy": 1.0})
    assert {c.points for c in web.parts.telemetry.curves(row.id)} == {60_000}


def test_a_run_that_still_runs_is_not_ended_by_a_sync(web: Cluster, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    script = "import lab, time; lab.log('hi'); time.sleep(60)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    living = subprocess.Popen([sys.executable, "-c", script], cwd=here, env=env)
    try:
        wait_until(lambda: bool(list(here.glob(".lab/runs/*/journal/node.jsonl"))))
        (folder,) = (here / ".lab" / "runs").iterdir()
        wait_until(lambda: b'"hi"' in (folder / "journal" / "node.jsonl").read_bytes())
        row = synced(web, folder)
        assert row.status == "RUNNING"
    finally:
        living.send_signal(signal.SIGKILL)
        living.wait()
    assert synced(web, folder).status == "FAILED"


def test_a_wrong_token_is_told_so(web: Cluster, tmp_path: Path) -> None:
    told = sync(web, record(tmp_path / "here", TELLS), token="lab_wrong")
    assert told.returncode == 5
    assert "Traceback" not in told.stderr
