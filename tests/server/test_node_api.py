"""The node protocol's server side: whose token reaches what, and what hostile bodies get."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from application.commands.sightings import observe_job
from domain.errors import StoreUnavailable
from domain.jobs import fold
from domain.observations import Observation, Phase
from server.bodies import unpacked
from server.bootstrap import System, master_key
from server.http_errors import TooLarge, answer_of
from server.keyring import KeyRing
from server.node_api import JOURNAL_BYTES, LATE
from tests.contracts.artifact_store import BIG, CHUNK_BYTES, FIRST, HOSTILE, REST, SMALL, digest
from tests.server.serving import app_of, end_job, frozen_file, project, saved, served, start_job

pytestmark = pytest.mark.postgres

JOB = "job_1"
NOWHERE: list[dict[str, object]] = [
    {"stream": "../../etc"},
    {"stream": ""},
    {"offset": -1},
    {"offset": "9" * 30},
    {"node": "x"},
    {"node": 2**31},
]
HUGE = 10**30
HERE = {"attempt": 1, "node": 0, "stream": "node", "offset": 0}


class Node:
    """A client that speaks with one job's token."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def journal(self, body: bytes, *, gzipped: bool = False, **query: object) -> tuple[int, object]:
        headers = self.headers | ({"Content-Encoding": "gzip"} if gzipped else {})
        answer = self.client.post(
            "/node/v1/journal", params={**HERE, **query}, content=body, headers=headers
        )
        return answer.status_code, answer.json()

    def plan(self, sha256: str, size: object) -> tuple[int, object]:
        answer = self.client.post(
            f"/node/v1/blobs/{sha256}", json={"size": size}, headers=self.headers
        )
        return answer.status_code, answer.json()

    def put(self, sha256: str, chunk: bytes, *, offset: int, size: int) -> tuple[int, object]:
        where = {"offset": offset, "size": size}
        answer = self.client.put(
            f"/node/v1/blobs/{sha256}", params=where, content=chunk, headers=self.headers
        )
        return answer.status_code, answer.json()

    def get(self, sha256: str, span: str = "") -> tuple[int, bytes]:
        headers = self.headers | ({"Range": span} if span else {})
        answer = self.client.get(f"/node/v1/blobs/{sha256}", headers=headers)
        return answer.status_code, answer.content


@pytest.fixture
def client(system: System) -> Iterator[httpx.Client]:
    with served(lambda: app_of(system)) as server, httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture
def node(system: System, client: httpx.Client) -> Node:
    return Node(client, start_job(system, JOB))


def lines(*texts: str, first: int = 1) -> bytes:
    records = (
        {"k": "log", "t": 1.0, "n": n, "p": "run", "s": "out", "m": text}
        for n, text in enumerate(texts, start=first)
    )
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def code(answer: tuple[int, object]) -> tuple[int, str]:
    status, body = answer
    assert isinstance(body, dict)
    return status, body["error"]["code"]


def test_a_journal_is_applied_once_and_another_offset_answers_with_ours(
    system: System, node: Node
) -> None:
    body = lines("one", "two")
    assert node.journal(body) == (200, {"next": len(body), "stop": None})
    assert node.journal(body) == (409, {"next": len(body), "stop": None})
    assert node.journal(b"", offset=len(body)) == (200, {"next": len(body), "stop": None})
    assert [line.text for line in system.telemetry.all_lines(JOB, attempt=1)] == ["one", "two"]


def test_a_journal_may_come_packed(system: System, node: Node) -> None:
    body = lines("one")
    assert node.journal(gzip.compress(body), gzipped=True)[0] == 200
    assert [line.text for line in system.telemetry.all_lines(JOB, attempt=1)] == ["one"]


def test_a_gzip_bomb_is_refused_before_it_unfolds(node: Node) -> None:
    bomb = gzip.compress(bytes(200 * JOURNAL_BYTES))
    assert len(bomb) < JOURNAL_BYTES
    assert code(node.journal(bomb, gzipped=True)) == (413, "TOO_LARGE")
    with pytest.raises(TooLarge):
        unpacked(bomb, "gzip", limit=10)


def test_a_broken_packing_is_refused(node: Node) -> None:
    for body in (b"no gzip", gzip.compress(b"{}\n")[:-4], gzip.compress(b"") * 2):
        assert code(node.journal(body, gzipped=True)) == (400, "INVALID_INPUT")


def test_a_body_past_the_limit_is_refused(node: Node) -> None:
    assert code(node.journal(b"x" * (JOURNAL_BYTES + 1))) == (413, "TOO_LARGE")


def test_a_journal_from_nowhere_is_refused(node: Node) -> None:
    for query in NOWHERE:
        assert code(node.journal(b"", **query)) == (400, "INVALID_INPUT")


def test_a_late_journal_of_a_job_that_is_over_is_kept(system: System, node: Node) -> None:
    end_job(system, JOB)
    assert fold(system.lab.log.stream(JOB)).is_over
    assert node.journal(lines("late"))[0] == 200
    assert [line.text for line in system.telemetry.all_lines(JOB, attempt=1)] == ["late"]


def test_a_token_opens_nothing_long_after_its_job(system: System) -> None:
    token = start_job(system, JOB)
    end_job(system, JOB)

    later = later_than(system, LATE + timedelta(minutes=1))
    with served(lambda: app_of(later)) as server, httpx.Client(base_url=server.url) as client:
        node = Node(client, token)
        assert code(node.journal(lines("too late"))) == (401, "NOT_AUTHENTICATED")
        assert code(node.plan(digest(SMALL), 1)) == (401, "NOT_AUTHENTICATED")
        assert node.get(digest(SMALL))[0] == 401


def later_than(system: System, passed: timedelta) -> System:
    class Later:
        def now(self) -> datetime:
            return system.lab.clock.now() + passed

    return dataclasses.replace(system, lab=dataclasses.replace(system.lab, clock=Later()))


def test_a_job_that_lives_longer_than_its_token_is_handed_the_next_one(system: System) -> None:
    first = start_job(system, JOB)
    ages = (timedelta(weeks=1), timedelta(weeks=2), timedelta(weeks=52))
    apps = [app_of(later_than(system, age)) for age in ages]
    with served(lambda: apps[0]) as server, httpx.Client(base_url=server.url) as client:
        status, said = Node(client, first).journal(lines("a week"))
        assert status == 200
        second = str(said["token"])  # type: ignore[index]  # parsed JSON
        assert second != first
        status, said = Node(client, second).journal(b"", offset=len(lines("a week")))
        assert (status, "token" in said) == (200, False)  # type: ignore[operator]  # parsed JSON
    with served(lambda: apps[1]) as server, httpx.Client(base_url=server.url) as client:
        assert code(Node(client, first).journal(b"")) == (401, "NOT_AUTHENTICATED")
        assert Node(client, first).get(digest(SMALL))[0] == 401
        end = len(lines("a week"))
        status, said = Node(client, second).journal(lines("two weeks"), offset=end)
        assert status == 200
        end_job(system, JOB)
        assert "token" not in Node(client, second).journal(b"", offset=end)[1]  # type: ignore[operator]
    with served(lambda: apps[2]) as server, httpx.Client(base_url=server.url) as client:
        assert code(Node(client, second).journal(b"")) == (401, "NOT_AUTHENTICATED")


def test_a_node_that_could_not_be_given_the_next_token_goes_on_with_its_own(system: System) -> None:
    first = start_job(system, JOB)  # and then it waits in a queue for a month
    later = later_than(system, timedelta(weeks=5))
    now = later.lab.clock.now()
    held = Observation(attempt=1, phase=Phase.RUNNING, at=now, source="provider")
    observe_job(later.lab, JOB, held)
    apps = [app_of(later), app_of(later_than(later, timedelta(days=8)))]
    with served(lambda: apps[0]) as server, httpx.Client(base_url=server.url) as client:
        for node in (0, 1):
            status, said = Node(client, first).journal(lines("at last"), node=node)
            assert status == 200
            assert "token" in said  # type: ignore[operator]  # parsed JSON
        token = str(said["token"])  # type: ignore[index]  # parsed JSON
    with served(lambda: apps[1]) as server, httpx.Client(base_url=server.url) as client:
        assert code(Node(client, first).journal(b"")) == (401, "NOT_AUTHENTICATED")
        assert Node(client, token).journal(b"", offset=len(lines("at last")))[0] == 200


def test_a_token_of_before_tokens_had_an_end_is_good_and_replaced(
    system: System, client: httpx.Client
) -> None:
    start_job(system, JOB)
    key = KeyRing(system.pool, system.settings.schema, master_key(system.settings))
    mac = hmac.new(key.key("node-tokens"), f"{JOB}|1".encode(), hashlib.sha256).hexdigest()
    status, said = Node(client, f"labjob_{JOB}.1.{mac}").journal(lines("hello"))
    assert status == 200
    token = str(said["token"])  # type: ignore[index]  # parsed JSON
    assert Node(client, token).journal(b"", offset=len(lines("hello")))[0] == 200
    job, attempt, week, right = token.split(".")
    for forged in (
        f"{job}.{attempt}.{int(week) + 1}.{right}", f"{job}.2.{week}.{right}",
        f"{job}.{attempt}.{right}", f"{job}.{attempt}.{week}.{week}.{right}",
        f"{job}.{attempt}.-1.{right}", f"{job}.{attempt}.{'9' * 30}.{right}",
    ):  # fmt: skip
        assert code(Node(client, forged).journal(b"")) == (401, "NOT_AUTHENTICATED"), forged


def test_a_job_that_never_was_is_gone(system: System, client: httpx.Client) -> None:
    stranger = Node(
        client, system.lab.credentials.job_token("job_never", 1, now=system.lab.clock.now())
    )
    assert code(stranger.journal(b"")) == (410, "GONE")


def test_without_a_good_token_nothing_is_reached(node: Node) -> None:
    for token in ("nonsense", "labjob_job_1.1.00", "labjob_job_1.x.00", "lab_1"):
        stranger = Node(node.client, token)
        assert code(stranger.journal(b"")) == (401, "NOT_AUTHENTICATED")
        assert code(stranger.plan(digest(SMALL), 1)) == (401, "NOT_AUTHENTICATED")
        assert stranger.get(digest(SMALL))[0] == 401
    for header in (b"", b"Bearer", b"Basic eA==", "Bearer é".encode("latin-1")):
        answer = node.client.post("/node/v1/journal", headers=[(b"Authorization", header)])
        assert answer.status_code == 401


def test_the_token_of_one_attempt_does_not_write_for_another(node: Node) -> None:
    assert code(node.journal(b"", attempt=2)) == (401, "NOT_AUTHENTICATED")


def test_an_upload_is_verified_and_then_readable_by_the_job(system: System, node: Node) -> None:
    sha256, size = digest(BIG), len(BIG)
    assert node.plan(sha256, size) == (200, {"have": False, "offset": 0, "chunk": CHUNK_BYTES})
    assert node.put(sha256, FIRST, offset=0, size=size) == (
        200,
        {"offset": CHUNK_BYTES, "have": False},
    )
    assert node.plan(sha256, size)[1] == {
        "have": False,
        "offset": CHUNK_BYTES,
        "chunk": CHUNK_BYTES,
    }
    assert node.put(sha256, REST, offset=CHUNK_BYTES, size=size)[1] == {
        "offset": size,
        "have": True,
    }
    assert node.plan(sha256, size) == (200, {"have": True})
    assert node.get(sha256) == (200, BIG)


def test_wrong_bytes_answer_422_and_a_wrong_offset_409_with_the_right_one(node: Node) -> None:
    sha256, size = digest(BIG), len(BIG)
    assert code(node.put(sha256, SMALL, offset=0, size=len(SMALL))) == (422, "WRONG_HASH")
    node.put(sha256, FIRST, offset=0, size=size)
    status, body = node.put(sha256, FIRST, offset=0, size=size)
    assert (status, body["offset"]) == (409, CHUNK_BYTES)  # type: ignore[index]
    wrong = node.put(sha256, REST[::-1], offset=CHUNK_BYTES, size=size)
    assert code(wrong) == (422, "WRONG_HASH")
    assert node.plan(sha256, size)[1] == {"have": False, "offset": 0, "chunk": CHUNK_BYTES}


def test_a_hostile_name_reaches_no_file(node: Node) -> None:
    for name in HOSTILE:
        path = "/node/v1/blobs/" + quote(name, safe="").replace("..", "%2E%2E")
        for method in ("GET", "POST", "PUT"):
            answer = node.client.request(
                method,
                path,
                params={"offset": 0, "size": 1},
                json={"size": 1},
                headers=node.headers,
            )
            assert answer.status_code in (400, 404, 405)


def test_a_size_that_is_none_is_refused(node: Node) -> None:
    for size in (-1, "1", None, 1.5):
        assert code(node.plan(digest(SMALL), size)) == (400, "INVALID_INPUT")


def test_sizes_past_any_store_are_refused(node: Node) -> None:
    assert code(node.plan(digest(SMALL), 2**60)) == (413, "TOO_LARGE")
    assert code(node.put(digest(SMALL), SMALL, offset=0, size=2**60)) == (413, "TOO_LARGE")
    assert code(node.put(digest(SMALL), FIRST + b"x", offset=0, size=2**25)) == (413, "TOO_LARGE")


def test_a_job_reads_its_own_files_and_its_teams_artifacts_and_no_others(
    system: System, client: httpx.Client
) -> None:
    mine, teams, others = (system.lab.blobs.put(text) for text in (b"mine", b"teams", b"others"))
    own = Node(client, start_job(system, "job_1", files=(frozen_file("a.py", mine, 4),)))
    start_job(system, "job_2")
    start_job(system, "job_3", team="team_2")
    system.lab.holdings.hold("team_1", teams)
    system.lab.holdings.hold("team_2", others)
    system.lab.log.append(
        [
            saved("art_1", job="job_2", team="team_1", sha256=teams),
            saved("art_2", job="job_3", team="team_2", sha256=others),
        ]
    )
    project(system)
    assert own.get(mine) == (200, b"mine")
    assert own.get(teams) == (200, b"teams")
    assert own.get(others)[0] == 404
    assert own.get(digest(b"nowhere"))[0] == 404


def test_a_range_gives_its_bytes_and_one_past_the_end_says_where_that_is(node: Node) -> None:
    node.put(digest(SMALL), SMALL, offset=0, size=len(SMALL))
    assert node.get(digest(SMALL), "bytes=2-4") == (206, SMALL[2:5])
    assert node.get(digest(SMALL), "bytes=2-") == (206, SMALL[2:])
    answer = node.client.get(
        f"/node/v1/blobs/{digest(SMALL)}", headers={**node.headers, "Range": "bytes=900-"}
    )
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(SMALL)}"


def test_a_record_no_database_can_hold_stops_neither_the_journal_nor_the_read_models(
    system: System, node: Node
) -> None:
    hostile = [
        {"k": "phase", "t": 1e300, "phase": "run"},
        {"k": "m", "name": "a\0b", "s": "AAAAAAAAAAA=", "v": "AAAAAAAAAAA=", "t": "AAAAAAAAAAA="},
        {"k": "save", "t": 1.0, "id": "x"},
        {"k": "saved", "t": 1.0, "id": "x\0", "kind": "spell", "name": "n", "files": []},
        {"k": "saved", "t": 1.0, "id": "y", "kind": "model", "name": "n\0", "files": []},
        {
            "k": "saved",
            "t": 1.0,
            "id": "z",
            "kind": "model",
            "name": "n",
            "files": [],
            "step": HUGE,
        },
        {
            "k": "saved",
            "t": 1.0,
            "id": "q",
            "kind": "model",
            "name": "n",
            "files": [],
            "metadata": {"m": HUGE},
        },
        {"k": "log", "t": 1.0, "n": HUGE, "p": "run", "s": "out", "m": "huge"},
        {"k": "progress", "t": 1.0, "percent": 3, "message": "a\0b"},
        {"k": "error", "t": 1.0, "message": "a\0b"},
        {"k": "result", "t": 1.0, "score": {"a\0": 1e308}, "message": "a\0b"},
    ]
    body = b"".join(json.dumps(r).encode() + b"\n" for r in hostile)
    body += b'{"k":"result","t":1.0,"score":{"x":1e999}}\n' + lines("a\0b", "last")
    for line in body.splitlines(keepends=True):
        offset = system.lab.telemetry.offset(job=JOB, attempt=1, node=0, stream="node")
        assert node.journal(line, offset=offset)[0] == 200, line
    project(system)
    assert system.queries.job(JOB) is not None
    assert [x.text for x in system.telemetry.all_lines(JOB, attempt=1)][-1] == "last"


def test_a_database_that_is_away_is_worth_another_try() -> None:
    answer = answer_of(StoreUnavailable(why="restarting"))
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
