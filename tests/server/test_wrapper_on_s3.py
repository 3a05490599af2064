"""A node whose server keeps artifacts in S3: the bytes go past the server, by URLs it signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from domain.job_spec import FrozenFile
from server.bootstrap import System
from server.settings import Settings
from tests.fakes.composed import composed
from tests.fakes.s3_process import S3Process
from tests.lab.running import Attempt
from tests.server.serving import app_of, project, served, start_job
from tests.server.test_wrapper_and_server import JOB, MODEL, SAVES, texts

pytestmark = [pytest.mark.postgres, pytest.mark.s3]


@pytest.fixture
def s3() -> Iterator[S3Process]:
    process = S3Process()
    yield process
    process.stop()


@pytest.fixture
def on_s3(
    postgres: str, schema: str, tmp_path: Path, s3: S3Process, monkeypatch: pytest.MonkeyPatch
) -> Iterator[System]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert httpx.put(f"{s3.endpoint}/artifacts").status_code == 200
    url = f"s3://artifacts/lab?endpoint={s3.endpoint}"
    settings = Settings(home=tmp_path / "home", schema=schema, storage_url=url)
    with composed(settings, postgres, connections=4) as built:
        yield built


def test_a_big_file_is_put_by_a_grant_and_recorded_when_its_hash_is_proved(
    on_s3: System, tmp_path: Path
) -> None:
    token = start_job(on_s3, JOB)
    with served(lambda: app_of(on_s3)) as server:
        Attempt(tmp_path, job_token=token, server_url=server.url, run=SAVES).run()
    project(on_s3)
    (artifact,) = on_s3.queries.artifacts(JOB)
    sha256 = hashlib.sha256(MODEL).hexdigest()
    assert [f["sha256"] for f in artifact.files] == [sha256]
    assert b"".join(on_s3.lab.blobs.read(sha256)) == MODEL


def test_a_task_file_is_fetched_by_a_signed_url(on_s3: System, tmp_path: Path) -> None:
    sha256 = on_s3.lab.blobs.put(b"echo from the bucket\n")
    token = start_job(on_s3, JOB, files=(FrozenFile(path="go.sh", sha256=sha256, size=21),))
    placed = [{"path": "go.sh", "sha256": sha256, "size": 21, "executable": False}]
    with served(lambda: app_of(on_s3)) as server:
        job = {"job_token": token, "server_url": server.url, "files": placed}
        Attempt(tmp_path, run="bash go.sh", **job).run()
    assert texts(on_s3) == ["from the bucket"]
