"""Files for people: who may have them, and that nothing saved by a job is run by a browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from domain.artifacts import ArtifactDeleted
from server.bootstrap import System
from server.files_api import UPLOAD_BYTES
from tests.contracts.artifact_store import SMALL, digest
from tests.server.serving import app_of, project, saved, served, start_job
from tests.server.test_node_api import JOB, Node, lines

pytestmark = pytest.mark.postgres

ANA = {"Authorization": "Bearer ana"}
VIC = {"Authorization": "Bearer vic"}
EVE = {"Authorization": "Bearer eve"}
MODEL = "/api/artifacts/art_1/dir/model.bin"


@pytest.fixture
def client(system: System) -> Iterator[httpx.Client]:
    with served(lambda: app_of(system)) as server, httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture
def model(system: System) -> None:
    sha256 = system.lab.blobs.put(SMALL)
    start_job(system, JOB)
    system.lab.log.append([saved("art_1", job=JOB, team="team_1", sha256=sha256)])
    project(system)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_member_uploads_a_file_and_gets_its_hash(system: System, client: httpx.Client) -> None:
    for _ in range(2):
        answer = client.post("/api/files", content=SMALL, headers=ANA)
        assert answer.json() == {"sha256": digest(SMALL), "size": len(SMALL)}
    assert system.lab.blobs.has(digest(SMALL))


def test_who_may_not_write_tasks_uploads_nothing(system: System, client: httpx.Client) -> None:
    assert code(client.post("/api/files", content=SMALL)) == (401, "NOT_AUTHENTICATED")
    refused = client.post("/api/files", content=SMALL, headers=VIC)
    assert code(refused) == (403, "PERMISSION_DENIED")
    assert not system.lab.blobs.has(digest(SMALL))


def test_a_file_past_the_limit_is_refused(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(UPLOAD_BYTES // 2**20 + 1):
            yield bytes(2**20)

    told = {**ANA, "Content-Length": str(UPLOAD_BYTES + 1)}
    assert code(client.post("/api/files", content=bytes(UPLOAD_BYTES + 1), headers=told)) == (
        413,
        "TOO_LARGE",
    )
    assert code(client.post("/api/files", content=endless(), headers=ANA)) == (413, "TOO_LARGE")


@pytest.mark.usefixtures("model")
def test_an_artifact_leaves_as_a_download_that_no_browser_runs(client: httpx.Client) -> None:
    answer = client.get(MODEL, headers=VIC)
    assert (answer.status_code, answer.content) == (200, SMALL)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="model.bin"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["etag"] == f'"{digest(SMALL)}"'


@pytest.mark.usefixtures("model")
def test_a_download_goes_on_from_where_it_broke_only_when_it_is_the_same_file(
    client: httpx.Client,
) -> None:
    ask = {**ANA, "Range": "bytes=4-"}
    part = client.get(MODEL, headers={**ask, "If-Range": f'"{digest(SMALL)}"'})
    assert (part.status_code, part.content) == (206, SMALL[4:])
    assert part.headers["content-range"] == f"bytes 4-{len(SMALL) - 1}/{len(SMALL)}"
    whole = client.get(MODEL, headers={**ask, "If-Range": '"another"'})
    assert (whole.status_code, whole.content) == (200, SMALL)


@pytest.mark.usefixtures("model")
def test_another_teams_artifact_and_none_at_all_look_the_same(client: httpx.Client) -> None:
    paths = ["art_1/dir/model.bin", "art_9/x", "art_1/dir/../dir/model.bin", "art_1/x", "a%00b/x"]
    for path in paths[:1]:
        assert code(client.get(f"/api/artifacts/{path}", headers=EVE)) == (404, "NOT_FOUND")
    for path in paths[1:]:
        answer = client.get(f"/api/artifacts/{path.replace('..', '%2E%2E')}", headers=ANA)
        assert code(answer) == (404, "NOT_FOUND")


@pytest.mark.usefixtures("model")
def test_a_deleted_artifact_is_not_given_any_more(system: System, client: httpx.Client) -> None:
    gone = ArtifactDeleted(
        originator_id="art_1", originator_version=2, at=system.lab.clock.now(), by="user:ana"
    )
    system.lab.log.append([gone])
    project(system)
    assert code(client.get(MODEL, headers=ANA)) == (404, "NOT_FOUND")


def test_a_log_is_downloaded_whole_as_text(system: System, client: httpx.Client) -> None:
    node = Node(client, start_job(system, JOB))
    assert node.journal(lines(*(f"line {n} é <b>" for n in range(5000))))[0] == 200
    answer = client.get(f"/api/jobs/{JOB}/log", headers=VIC)
    assert answer.text == "".join(f"line {n} é <b>\n" for n in range(5000))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    timed = client.get(f"/api/jobs/{JOB}/log?times=1&attempt=1&node=0", headers=VIC).text
    assert timed.startswith("1.000 line 0 ")
    assert client.get(f"/api/jobs/{JOB}/log?attempt=7", headers=VIC).text == ""


def test_a_log_of_nobody_or_of_another_team_is_not_there(
    system: System, client: httpx.Client
) -> None:
    start_job(system, JOB)
    for job, who in ((JOB, EVE), ("job_9", ANA), ("job%001", ANA)):
        assert code(client.get(f"/api/jobs/{job}/log", headers=who)) == (404, "NOT_FOUND")
    wrong = client.get(f"/api/jobs/{JOB}/log?attempt=-1", headers=ANA)
    assert code(wrong) == (400, "INVALID_INPUT")
