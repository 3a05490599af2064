"""A whole server as a user runs it, over a scratch database, with an owner and the Local provider.

Not here: what is measured.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # parsed answers

from benchmarks.toys import scratch_database

ROOT = Path(__file__).resolve().parents[1]
EMAIL, PASSWORD = "ann@example.org", "correct horse battery"  # of a scratch server
SIGN_IN = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){token}}"
PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Installation:
    """``home`` is LAB_HOME, ``dsn`` the database, ``pid`` the supervisor."""

    home: Path
    dsn: str
    port: int
    pid: int
    token: str


class Caller:
    """One kept-alive connection; belongs to one thread."""

    def __init__(self, port: int, token: str = "") -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._headers = {"content-type": "application/json"}
        if token:
            self._headers["authorization"] = f"Bearer {token}"

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The answer's data; ``AssertionError`` with its errors."""
        body = json.dumps({"query": query, "variables": variables})
        self._http.request("POST", "/graphql", body, self._headers)
        answer = json.loads(self._http.getresponse().read())
        assert not answer.get("errors"), answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def get(self, path: str) -> int:
        self._http.request("GET", path)
        response = self._http.getresponse()
        response.read()
        return response.status


def environment(**more: str) -> dict[str, str]:
    """As on a user's machine: bytecode is written, nothing of ours is set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | more


@contextmanager
def serving(argv: list[str], port: int, environ: Mapping[str, str]) -> Iterator[tuple[int, float]]:
    """Run ``argv`` until the block ends: its process id, and the seconds until it was healthy."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _healthy(port), every_s=0.005)
        yield process.pid, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextmanager
def installation() -> Iterator[Installation]:
    """A healthy server with somebody signed in."""
    port = free_port()
    with ExitStack() as stack:
        dsn = stack.enter_context(scratch_database())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-home-")))
        environ = environment(
            LAB_HOME=str(home), LAB_PORT=str(port), LAB_DATABASE_URL=dsn, LAB_PASSWORD=PASSWORD
        )
        server = [sys.executable, "-m", "server"]
        setup = [*server, "setup", "--email", EMAIL]
        subprocess.run(setup, cwd=ROOT, env=environ, check=True, capture_output=True)
        pid, _ = stack.enter_context(serving(server, port, environ))
        token = Caller(port).ask(SIGN_IN, e=EMAIL, p=PASSWORD)["signIn"]["token"]
        yield Installation(home=home, dsn=dsn, port=port, pid=pid, token=token)


def wait_until(condition: Callable[[], bool], *, every_s: float = 0.02) -> None:
    """Look again and again, for at most a minute."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(every_s)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(port: int) -> bool:
    try:
        return Caller(port).get("/healthz") == 200
    except OSError:
        return False
