"""The wrapper as a node runs it against the server's own routes: nothing is lost, nothing is doubled."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path

import pytest

from domain.job_events import JobStatus
from domain.job_spec import FrozenFile
from domain.jobs import fold
from server.bootstrap import System
from tests.lab.running import Attempt, until
from tests.server.serving import Served, app_of, project, served, start_job

pytestmark = pytest.mark.postgres

JOB = "job_1"
SAVES = """python3 - <<'END'
import lab
open("model.bin", "wb").write(bytes(range(256)) * 80_000)
lab.log_metric("loss", 0.5, 1)
lab.save_model("model.bin", metadata={"layers": 2})
END
"""
MODEL = bytes(range(256)) * 80_000


def attempt_of(folder: Path, token: str, server: Served, **bundle: object) -> Attempt:
    return Attempt(folder, job_token=token, server_url=server.url, **bundle)


def texts(system: System) -> list[str]:
    return [line.text for line in system.telemetry.all_lines(JOB, attempt=1)]


def test_exit_code_and_every_log_line_arrive(system: System, tmp_path: Path) -> None:
    token = start_job(system, JOB)
    with served(lambda: app_of(system)) as server:
        attempt_of(tmp_path, token, server, run="seq 5000; exit 3").run()
    job = fold(system.lab.log.stream(JOB))
    assert job.status is not JobStatus.RUNNING
    project(system)
    row = system.queries.job(JOB)
    assert row is not None
    assert row.exit_code == 3
    assert texts(system) == [str(n) for n in range(1, 5001)]


def test_what_a_job_saves_is_stored_verified_and_recorded(system: System, tmp_path: Path) -> None:
    token = start_job(system, JOB)
    with served(lambda: app_of(system)) as server:
        attempt_of(tmp_path, token, server, run=SAVES).run()
    project(system)
    (artifact,) = system.queries.artifacts(JOB)
    sha256 = hashlib.sha256(MODEL).hexdigest()
    assert [f["sha256"] for f in artifact.files] == [sha256]
    assert b"".join(system.lab.blobs.read(sha256)) == MODEL
    assert [curve.name for curve in system.telemetry.curves(JOB)] == ["loss"]


def test_an_upload_goes_on_where_it_was_when_the_server_comes_back(
    system: System, tmp_path: Path
) -> None:
    token = start_job(system, JOB)
    sha256 = hashlib.sha256(MODEL).hexdigest()
    chunk = system.lab.blobs.chunk_bytes
    first = MODEL[:chunk]
    system.lab.blobs.write(sha256, offset=0, size=len(MODEL), chunk=first, owner=JOB)
    with served(lambda: app_of(system)) as server:
        server.stop()
        attempt = attempt_of(tmp_path, token, server, run=SAVES).start()
        until(lambda: "uploading" in attempt.phases)
        assert system.lab.blobs.received(sha256, owner=JOB) == chunk
        server.start()
        assert attempt.wait() == 0
    assert b"".join(system.lab.blobs.read(sha256)) == MODEL


def test_a_job_gets_its_task_files(system: System, tmp_path: Path) -> None:
    sha256 = system.lab.blobs.put(b"echo from the file\n")
    system.lab.holdings.hold("team_1", sha256)
    file = FrozenFile(path="go.sh", sha256=sha256, size=19)
    token = start_job(system, JOB, files=(file,))
    placed = [{"path": "go.sh", "sha256": sha256, "size": 19, "executable": False}]
    with served(lambda: app_of(system)) as server:
        attempt_of(tmp_path, token, server, run="bash go.sh", files=placed).run()
    assert texts(system) == ["from the file"]


def test_a_job_asked_to_stop_is_told_so_with_the_next_answer(
    system: System, tmp_path: Path
) -> None:
    token = start_job(system, JOB)
    with served(lambda: app_of(system)) as server:
        attempt = attempt_of(tmp_path, token, server, run="sleep 600").start()
        until(lambda: "run" in attempt.phases)
        job, now = fold(system.lab.log.stream(JOB)), system.lab.clock.now()
        asked = job.request_stop(reason="user", grace_s=5, now=now, by="user:ana")
        system.lab.log.append(asked)
        assert attempt.wait() == 0
    assert attempt.ended["signal"] == signal.SIGTERM
