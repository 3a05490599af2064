"""Real server processes over the session's PostgreSQL, to be started, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from application.actor import Actor
from application.actor import system as system_actor
from application.commands.accounts import found_team, register_user
from application.commands.compute import add_provider
from application.commands.jobs import Launch, queue_job
from application.commands.tokens import issue_token
from domain.model import GuardKind
from domain.quotas import scopes
from domain.teams import Role
from projections.projector import Projector
from projections.rows import JobRow
from projections.sink import ProjectionFenced
from server.bootstrap import System
from server.settings import Settings
from tests.acceptance.client import yaml_of
from tests.acceptance.explained import assert_waits_are_explained
from tests.fakes.composed import composed
from tests.fakes.forks import Forked, parent

ROOT = Path(__file__).resolve().parents[2]
FINAL = ("COMPLETE", "FAILED", "STOPPED")
PASSWORD = "correct horse battery"


class Cluster:
    """One installation: a schema, a home folder, and the processes that are running just now."""

    def __init__(self, dsn: str, schema: str, home: Path, parts: System) -> None:
        self.dsn = dsn
        self.schema = schema
        self.home = home
        self.parts = parts
        self.port = parts.settings.port
        self.running: dict[str, subprocess.Popen[bytes] | Forked] = {}
        actor = system_actor("setup")
        self.user = register_user(
            parts.lab, actor, email="ann@example.org", name="Ann", password=PASSWORD
        )
        self.team = found_team(parts.lab, actor, name="lab", owner=self.user)
        self.me = Actor(by=f"user:{self.user}", user=self.user, team=self.team, role=Role.OWNER)
        self.provider = add_provider(
            parts.lab,
            self.me,
            name="local",
            kind="local",
            settings={"cpus": 16, "memory_gib": 8, "accelerators": ""},
        )
        _, self.token = issue_token(parts.lab, self.me, name="tests")
        for projector in parts.projectors:
            projector.catch_up()

    def start(
        self, part: str, *, failpoint: str = "", name: str = "", anew: bool = False, **environ: str
    ) -> None:
        """Run ``python -m server PART``; a web process is waited for until it answers, or is killed.

        By fork, unless it is to be seen from outside as it is in earnest (``anew``).
        """
        env = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
        env |= {
            "LAB_DATABASE_URL": self.dsn,
            "LAB_DATABASE_SCHEMA": self.schema,
            "LAB_HOME": str(self.home),
            "LAB_PORT": str(self.port),
            "LAB_STOP_GRACE_S": "2",
            **environ,
        }
        if failpoint:
            env["LAB_FAILPOINT"] = failpoint
        log = self.home / f"{name or part}.log"
        self.running[name or part] = (
            _anew(part, env, log) if anew else parent().start([part], env=env, log=log)
        )
        if part == "web":
            wait_until(lambda: self.answers() or self.died(name or part), patience_s=60)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as got:
                return bool(got.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self, name: str) -> None:
        """As a power cut would."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def died(self, name: str) -> bool:
        return self.running[name].poll() is not None

    def forget(self, name: str) -> int:
        """The exit code of a process that ended by itself."""
        return self.running.pop(name).wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def queue(self, run: str, *, key: str = "", **yaml: object) -> str:
        """A job that is acknowledged: its id came back."""
        return queue_job(self.parts.lab, self.me, launch_of(run, **yaml), key=key)

    def job(self, job: str) -> JobRow | None:
        """Its row once the read models show everything there is now."""
        for projector in self.parts.projectors:
            _catch_up(projector)
        return self.parts.queries.job(job)

    def ended(self, job: str, *, patience_s: float = 60) -> JobRow:
        """The job's row once it is over."""
        found: list[JobRow] = []

        def over() -> bool:
            row = self.job(job)
            if row is not None and row.status in FINAL:
                found.append(row)
            return bool(found)

        wait_until(over, patience_s=patience_s, tell=lambda: f"{self.job(job)}")
        return found[0]

    def topics(self, job: str) -> list[str]:
        rows = self.parts.queries.events(after=0, limit=1000, streams=[job])
        return [row.topic for row in rows]

    def lines(self, row: JobRow) -> list[str]:
        found = self.parts.telemetry.lines(row.id, attempt=row.attempt, limit=10**6)
        assert [line.number for line in found] == list(range(1, len(found) + 1))
        return [line.text for line in found]


def _anew(part: str, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "server", part]
    with log.open("ab") as said:
        return subprocess.Popen(
            argv, cwd=ROOT, env=env, stdout=said, stderr=said, start_new_session=True
        )


def _catch_up(projector: Projector) -> None:
    """Again and again while a worker is faster."""
    while True:
        with suppress(ProjectionFenced):
            projector.catch_up()
            return


def launch_of(run: str, **yaml: object) -> Launch:
    return Launch(yaml=yaml_of(run, **yaml), experiment="alpha")


def wait_until(
    condition: Callable[[], bool],
    *,
    patience_s: float = 30,
    tell: Callable[[], str] = lambda: "",
) -> None:
    """Look again and again; fails with what ``tell`` says when patience ends."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"not so after {patience_s} s. {tell()}"
        time.sleep(0.03)


def assert_ledger_is_settled(cluster: Cluster) -> None:
    """The guard, the read model and the jobs agree on what was used; nothing is held."""
    now = cluster.parts.lab.clock.now()
    scope, _ = scopes(team=cluster.team, user=cluster.user, at=now)
    guard = cluster.parts.lab.log.guard(GuardKind.QUOTA, scope)
    (quota,) = cluster.parts.queries.quotas([scope])
    assert guard is not None
    assert (quota.held_s, quota.charged_s) == (0, guard.amount)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(
    dsn: str, schema: str, home: Path, *, kind: type[Cluster] = Cluster
) -> Iterator[Cluster]:
    """An installation with an owner and a Local provider; every process it started dies at the end.

    Whatever waited in it must have been explained.
    """
    settings = Settings(home=home, database_url=dsn, schema=schema, port=free_port())
    with ExitStack() as stack:
        parts = stack.enter_context(composed(settings, dsn, connections=4))
        made = kind(dsn, schema, home, parts)
        stack.callback(assert_waits_are_explained, parts.queries)
        stack.callback(_end_jobs, made)
        stack.callback(made.stop)
        yield made


def _end_jobs(made: Cluster) -> None:
    """Of those that have ended, too: without a server their wrappers would linger for an hour."""
    adapter = made.parts.lab.providers.of(made.provider)
    for living in adapter.census():
        adapter.stop(living.handle, grace_s=0)
    wait_until(lambda: not adapter.census())
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (folder / "cmdline").read_bytes().split(b"\0")
            if any(word.startswith(bytes(made.home)) for word in said):
                os.kill(int(folder.name), signal.SIGKILL)
