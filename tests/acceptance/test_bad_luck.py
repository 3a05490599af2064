"""What may happen to a machine happens: the database dies or goes away, a disk is full, two workers meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from application.commands.jobs import Launch, queue_job
from application.pollers.provider_rounds import Memory, Round
from domain.ids import JobId, launch_token
from domain.job_spec import FrozenFile
from server.postgres.embedded import EmbeddedPostgres
from tests.acceptance.client import QUEUE, Client, Refused, yaml_of
from tests.acceptance.cluster import PASSWORD, ROOT, Cluster, cluster, free_port, wait_until
from tests.asked import missing
from tests.conftest import binaries_or_skip

pytestmark = [pytest.mark.postgres, pytest.mark.acceptance]

EMAIL = "ann@example.org"
SIGN_IN = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){token}}"


@pytest.fixture
def home() -> Iterator[Path]:
    """Short enough for a socket, and passable for the account the database runs as."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextmanager
def everything(home: Path) -> Iterator[Client]:
    """``python -m server`` with its embedded database, and a signed-in client of it."""
    binaries_or_skip()
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    env |= {"LAB_HOME": str(home), "LAB_PORT": str(port), "LAB_PASSWORD": PASSWORD}
    argv = [sys.executable, "-m", "server"]
    with (home / "server.log").open("ab") as log:
        setup = [*argv, "setup", "--email", EMAIL]
        subprocess.run(setup, cwd=ROOT, env=env, check=True, stdout=log, stderr=log)
        server = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        with Client(port) as client:
            wait_until(lambda: answers(client), patience_s=30)
            token = client.ask(SIGN_IN, e=EMAIL, p=PASSWORD)["signIn"]["token"]
            client.http.headers["authorization"] = f"Bearer {token}"
            yield client
    finally:
        server.terminate()
        server.wait(30)


def answers(client: Client) -> bool:
    try:
        return client.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_nothing_acknowledged_is_lost_when_the_embedded_database_is_killed(home: Path) -> None:
    with everything(home) as client:
        ran = home / "ran"
        before = [client.queue(f"echo {n} >> {ran}\nsleep 1", key=f"b{n}") for n in range(3)]
        pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        after = [client.queue(f"echo {n} >> {ran}", key=f"a{n}") for n in range(3, 6)]
        wait_until(
            lambda: [client.status(job) for job in (*before, *after)] == ["COMPLETE"] * 6,
            patience_s=40,
            tell=lambda: str([client.status(job) for job in (*before, *after)]),
        )
        assert sorted(ran.read_text().split()) == [str(n) for n in range(6)]


@pytest.fixture
def database(pg_root: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(pg_root, binaries_or_skip())
    yield embedded
    embedded.stop()


def test_without_its_database_the_server_says_so_and_goes_on_when_it_is_back(
    database: EmbeddedPostgres, tmp_path: Path
) -> None:
    with cluster(database.start(), "lab", tmp_path) as made:
        made.start("worker")
        made.start("web")
        with Client(made.port, made.token) as client:
            job = client.queue("sleep 2\necho done", key="before")
            wait_until(lambda: client.status(job) == "RUNNING")
            database.stop()
            with pytest.raises(Refused) as refused:
                client.ask(QUEUE, l={"yaml": yaml_of("true")}, k="meanwhile")
            assert refused.value.code == "STORE_UNAVAILABLE"
            log = client.http.get(f"/api/jobs/{job}/log")
            assert (log.status_code, log.json()["error"]["code"]) == (503, "STORE_UNAVAILABLE")
            assert client.http.get("/readyz").status_code == 503
            assert client.http.get("/healthz").status_code == 200
            database.start()
            later = client.queue("true", key="meanwhile")
            for one in (job, later):
                wait_until(partial(completed, client, one), patience_s=40)
            assert not made.died("web")
            assert not made.died("worker")


def test_a_database_that_stands_still_for_seconds_is_waited_for(
    database: EmbeddedPostgres, tmp_path: Path
) -> None:
    with cluster(database.start(), "lab", tmp_path) as made:
        made.start("worker")
        made.start("web")
        with Client(made.port, made.token) as client:
            pids = [int(pid) for pid in family(database.pid or 0)]
            try:
                signal_all(pids, signal.SIGSTOP)
                asked = {"query": "{jobCounts{status}}"}
                with pytest.raises(httpx.ReadTimeout):
                    client.http.post("/graphql", json=asked, timeout=2)
                assert client.http.get("/healthz").status_code == 200
            finally:
                signal_all(pids, signal.SIGCONT)
            job = client.queue("true", key="after")
            wait_until(lambda: client.status(job) == "COMPLETE", patience_s=30)


def completed(client: Client, job: str) -> bool:
    return client.status(job) == "COMPLETE"


def family(parent: int) -> list[int]:
    """A process and all its children."""
    told = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(int(pid) for pid in told)]


def signal_all(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, what)


@pytest.fixture
def small_disk(lab_cluster: Cluster) -> Iterator[Path]:
    """The folder of the provider's runs, on a disk of 3 MB."""
    runs = lab_cluster.home / "providers" / lab_cluster.provider
    runs.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(runs)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        missing("a small disk can only be mounted by root with CAP_SYS_ADMIN")
    yield runs
    lab_cluster.stop()
    subprocess.run(["umount", "--lazy", str(runs)], check=True)


def test_a_full_disk_ends_the_job_truthfully_and_only_it(
    lab_cluster: Cluster, small_disk: Path
) -> None:
    lab_cluster.start("worker")
    full = lab_cluster.queue(
        "set -e\necho before\ndd if=/dev/zero of=big bs=1M count=9\necho never"
    )
    row = lab_cluster.ended(full)
    assert row.status == "FAILED"
    assert "never" not in lab_cluster.lines(row)
    assert row.reason
    for big in small_disk.rglob("big"):
        big.unlink()
    assert lab_cluster.ended(lab_cluster.queue("true")).status == "COMPLETE"


def test_two_workers_share_an_installation_and_run_each_job_once(lab_cluster: Cluster) -> None:
    lab_cluster.start("worker", name="first")
    lab_cluster.start("worker", name="second")
    ran = lab_cluster.home / "ran"
    jobs = [lab_cluster.queue(f"echo {n} >> {ran}") for n in range(12)]
    for job in jobs:
        row = lab_cluster.ended(job)
        assert (row.status, row.attempt) == ("COMPLETE", 1)
    assert sorted(map(int, ran.read_text().split())) == list(range(12))


def test_a_job_whose_stored_file_is_gone_fails_and_holds_up_nobody(lab_cluster: Cluster) -> None:
    lab = lab_cluster.parts.lab
    sha256 = lab.blobs.put(b"once")
    lab.holdings.hold(lab_cluster.team, sha256)
    file = FrozenFile(path="data.txt", sha256=sha256, size=4)
    launch = Launch(yaml=yaml_of("cat data.txt"), experiment="alpha", files=(file,))
    broken = queue_job(lab, lab_cluster.me, launch)
    good = lab_cluster.queue("exit 0")
    (stored,) = (lab_cluster.home / "artifacts").rglob(f"*{sha256[-20:]}*")
    stored.unlink()
    lab_cluster.start("worker")
    assert lab_cluster.ended(good).status == "COMPLETE"
    row = lab_cluster.ended(broken)
    assert (row.status, row.blame) == ("FAILED", "provider")
    assert sha256 in (row.reason or "")


def test_nothing_of_any_attempt_is_left_when_its_folders_time_is_over(lab_cluster: Cluster) -> None:
    twice = lab_cluster.queue("exit 3", retries="{user: 1, backoff: 1s}")
    lab_cluster.start("worker")
    row = lab_cluster.ended(twice)
    assert row.attempt == 2
    runs = lab_cluster.home / "providers" / lab_cluster.provider
    tokens = [launch_token(JobId(twice), n) for n in (1, 2)]
    assert all(list(runs.rglob(f"*{token}*")) for token in tokens)

    def tidied() -> bool:  # a wrapper that still says its last words keeps its folder
        step = Round(
            lab=lab_cluster.parts.lab,
            queries=lab_cluster.parts.queries,
            provider=lab_cluster.provider,
            memory=Memory(),
            caught_up=lambda: None,
        )
        step.tidy(older_than_s=0)
        return not [path for token in tokens for path in runs.rglob(f"*{token}*")]

    wait_until(tidied)
