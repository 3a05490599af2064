"""The embedded server is durable, has one owner, and never outlives it or harms a stranger."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from domain.errors import StoreUnavailable
from server.postgres.binaries import find_binaries
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.errors import AlreadyOwned, EmbeddedPostgresError
from server.postgres.event_store import PostgresEventLog
from server.postgres.migrate import migrate
from server.postgres.recorder import open_pool
from tests.asked import root_only
from tests.conftest import binaries_or_skip
from tests.fakes.toy_events import TOYS, sent

pytestmark = pytest.mark.postgres


@pytest.fixture
def server(pg_root: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(pg_root, binaries_or_skip())
    yield embedded
    embedded.stop()


def eventually(condition: Callable[[], bool], timeout_s: float = 20) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_server_starts_stops_and_starts_with_private_folders(
    server: EmbeddedPostgres, pg_root: Path
) -> None:
    parent_mode = pg_root.parent.stat().st_mode
    dsn = server.start()
    assert server.start() == dsn
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("create table kept(i int)")
    for private in ("data", "run"):
        assert stat.S_IMODE((pg_root / private).stat().st_mode) == 0o700
    assert stat.S_IMODE((pg_root / "password").stat().st_mode) == 0o600
    assert pg_root.parent.stat().st_mode == parent_mode
    server.stop()
    server.stop()
    assert server.pid is None
    with psycopg.connect(server.start()) as conn:
        assert conn.execute("select count(*) from kept").fetchone() == (0,)


def test_no_acknowledged_append_is_lost_when_the_server_is_killed(
    server: EmbeddedPostgres,
) -> None:
    dsn = server.start()
    migrate(dsn, "lab")
    acknowledged: list[str] = []
    recovered = threading.Event()
    with open_pool(dsn, timeout_s=20) as pool:
        log = PostgresEventLog(pool, "lab", catalogue=TOYS)

        def write() -> None:
            for n in range(100_000):
                try:
                    log.append([sent(f"p{n}", 1)])
                except StoreUnavailable:
                    return
                acknowledged.append(f"p{n}")
                if recovered.is_set():
                    return

        writer = threading.Thread(target=write)
        writer.start()
        assert eventually(lambda: len(acknowledged) > 100)
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)  # in the midst of writing
        assert eventually(lambda: server.pid is None)
        assert server.ensure_running()
        assert not server.ensure_running()
        recovered.set()
        writer.join()
        kept = {r.event.originator_id for r in log.read(0, 200_000)}
    assert set(acknowledged) <= kept


def test_a_second_owner_is_refused(server: EmbeddedPostgres, pg_root: Path) -> None:
    server.start()
    with pytest.raises(AlreadyOwned, match="LAB_DATABASE_URL"):
        EmbeddedPostgres(pg_root).start()
    assert server.pid is not None


def test_a_stale_pid_file_naming_a_stranger_harms_nobody(
    server: EmbeddedPostgres, pg_root: Path
) -> None:
    server.start()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (pg_root / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n{pg_root}/data\n")
        server.start()
        assert stranger.poll() is None
        stranger.kill()


OWNER = """
import sys, threading
from pathlib import Path
from server.postgres.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
print(server.pid, flush=True)
sys.stdin.read()
"""


def test_the_server_ends_with_its_owner_and_not_with_the_thread_that_started_it(
    server: EmbeddedPostgres, pg_root: Path
) -> None:
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", OWNER, str(pg_root)]
    with subprocess.Popen(
        argv, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert alive(pid)
        owner.kill()
    assert eventually(lambda: not alive(pid))
    server.start()


def test_a_folder_the_server_cannot_enter_is_named(tmp_path: Path) -> None:
    root_only("running the server as another account")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match="may not enter"):
        EmbeddedPostgres(closed / "pg").start()


def test_a_path_too_long_for_a_socket_is_refused(pg_root: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="too long"):
        EmbeddedPostgres(pg_root / ("x" * 90)).start()


def test_missing_binaries_say_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="LAB_DATABASE_URL"):
        find_binaries(tmp_path)
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 99"):
        find_binaries(major=99)
