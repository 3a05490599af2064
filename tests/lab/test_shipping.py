"""The journal over HTTP: applied once, whatever the server and the network do."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.node.transport import Connection, Pass
from tests.fakes.node_server import NodeServer
from tests.lab.running import Attempt, until

SAVES = """python3 - <<'END'
import lab
open("model.bin", "wb").write(b"w" * 3_000_000)
lab.log_metric("loss", 0.5, 1)
lab.save_model("model.bin", metadata={"layers": 2})
END
"""


@pytest.fixture
def server() -> Iterator[NodeServer]:
    server = NodeServer()
    yield server
    server.close()


def test_every_record_arrives_once_and_the_wrapper_leaves_when_confirmed(
    tmp_path: Path, server: NodeServer
) -> None:
    attempt = Attempt(tmp_path, run="seq 1000", server_url=server.url)
    attempt.run()
    assert server.records() == attempt.records()


def test_a_saved_file_is_uploaded_in_chunks_before_it_is_called_saved(
    tmp_path: Path, server: NodeServer
) -> None:
    server.renewed = "the next token"
    attempt = Attempt(tmp_path, run=SAVES, server_url=server.url)
    attempt.run()
    assert server.tokens[0] == "token-of-the-job"
    assert server.tokens[-1] == "the next token"
    saved = [r for r in server.records() if r["k"] == "saved"]
    assert [r["kind"] for r in saved] == ["model"]
    assert "spooled" not in saved[0]
    assert saved[0]["files"][0]["sha256"] in server.blobs
    assert [r["name"] for r in server.all_records() if r["k"] == "m"][:1]


def test_a_renewed_token_is_that_of_every_connection(server: NodeServer) -> None:
    server.renewed, shared = "the next token", Pass("the first token")
    one, other = Connection(server.url, shared), Connection(server.url, shared)
    where = {"attempt": 1, "node": 0, "stream": "node", "offset": 0}
    one.post("/node/v1/journal", body=b"", query=where)
    other.post_json(f"/node/v1/blobs/{'0' * 64}", {"size": 1})
    assert server.tokens == ["the first token", "the next token"]
    one.close()
    other.close()


def test_without_a_server_what_is_saved_stays_in_the_spool(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run=SAVES)
    attempt.run()
    saved = next(r for r in attempt.records() if r["k"] == "saved")
    assert saved["spooled"] is True
    assert (attempt.folder / "blobs" / saved["files"][0]["sha256"]).stat().st_size == 3_000_000


def test_a_server_that_is_away_for_a_while_misses_nothing_and_gets_nothing_twice(
    tmp_path: Path, server: NodeServer
) -> None:
    gate = tmp_path / "gate"
    run = f"seq 5000; while [ ! -e {gate} ]; do sleep 0.02; done; seq 5001 10000"
    attempt = Attempt(tmp_path, run=run, server_url=server.url).start()
    until(server.records)
    server.away = True
    gate.touch()
    until(lambda: "ended" in attempt.phases or len(attempt.texts) == 10_000)
    calls = server.calls
    until(lambda: server.calls > calls)
    server.away = False
    assert attempt.wait() == 0
    assert [r["m"] for r in server.records() if r["k"] == "log"] == [
        str(n) for n in range(1, 10_001)
    ]


def test_answers_lost_after_they_were_applied_do_not_double_a_line(
    tmp_path: Path, server: NodeServer
) -> None:
    server.lose_next, server.fail_next = 3, 2
    attempt = Attempt(tmp_path, run="seq 200", server_url=server.url)
    attempt.run()
    assert server.conflicts > 0
    assert server.records() == attempt.records()


def test_a_stop_in_an_answer_ends_the_run_with_its_reason(
    tmp_path: Path, server: NodeServer
) -> None:
    attempt = Attempt(tmp_path, run="echo ready; sleep 1000", server_url=server.url).start()
    until(lambda: any(r.get("m") == "ready" for r in server.records()))
    server.stop = {"reason": "the quota is used up", "grace_s": 5}
    (attempt.folder / "journal" / "sdk-0-1.jsonl").write_text('{"k":"error","t":0,"message":""}\n')
    assert attempt.wait() == 0
    assert attempt.ended["reason"] == "the quota is used up"
    assert attempt.ended["signal"] == signal.SIGTERM


def test_a_replaced_job_ends_its_process_and_stops_shipping(
    tmp_path: Path, server: NodeServer
) -> None:
    server.over = True
    attempt = Attempt(tmp_path, run=SAVES + "sleep 1000", server_url=server.url)
    assert "ended this job" in attempt.run()["reason"]


def test_the_wrapper_gives_up_a_server_that_stays_away_after_the_linger(tmp_path: Path) -> None:
    attempt = Attempt(tmp_path, run=SAVES, server_url="http://127.0.0.1:9")
    ended = attempt.run(LAB_LINGER_S="0.2", LAB_UPLOAD_WAIT_S="0.2")
    assert ended["exit_code"] == 0
    assert [r["spooled"] for r in attempt.records() if r["k"] == "saved"] == [True]


def test_files_and_the_checkpoint_to_resume_from_are_downloaded(
    tmp_path: Path, server: NodeServer
) -> None:
    data = b"weights" * 1000
    sha = hashlib.sha256(data).hexdigest()
    server.blobs[sha] = data
    server.fail_next = 1
    file = {"path": "epoch/w.bin", "sha256": sha, "size": len(data)}
    attempt = Attempt(
        tmp_path,
        files=[file],
        resume={"name": "epoch", "step": 3, "files": [file]},
        run='cmp epoch/w.bin "$LAB_RESUME_CHECKPOINT/epoch/w.bin" && echo same',
        server_url=server.url,
    )
    attempt.run()
    assert attempt.texts == ["same"]
