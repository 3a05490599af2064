"""A whole server in processes of its own, as a user starts it, and what an outsider can do to it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.ui.conftest import eventually

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"set-up code ([0-9a-f]+)")
START_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Installed:
    """``said`` is what it printed."""

    url: str
    pid: int
    said: Path

    def code(self) -> str:
        """The set-up code, once it is printed."""
        eventually(lambda: CODE.search(self.said.read_text()), within_s=START_S)
        found = CODE.search(self.said.read_text())
        assert found is not None
        return found[1]

    def kill_web(self) -> None:
        """End the web process as a crash would; the supervisor starts it again."""
        web = self._web()
        assert web, "there is no web process"
        os.kill(web, signal.SIGKILL)
        eventually(lambda: self._web() not in (0, web), within_s=START_S)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def _web(self) -> int:
        children = psutil.Process(self.pid).children()
        return next((c.pid for c in children if _is_web(c)), 0)


def _is_web(process: psutil.Process) -> bool:
    try:
        return "web" in process.cmdline()
    except psutil.Error:
        return False


@contextmanager
def installed(dsn: str, home: Path, schema: str) -> Iterator[Installed]:
    """Run it until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LAB_")}
    env = kept | {
        "LAB_HOME": str(home),
        "LAB_PORT": str(port),
        "LAB_DATABASE_URL": dsn,
        "LAB_DATABASE_SCHEMA": schema,
        "PYTHONUNBUFFERED": "1",
    }
    said = home.parent / f"{schema}.log"
    with said.open("wb") as out:
        argv = [sys.executable, "-m", "server"]
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=out, stderr=out)
        try:
            one = Installed(url=f"http://127.0.0.1:{port}", pid=process.pid, said=said)
            eventually(one.ready, within_s=START_S)
            yield one
        finally:
            process.terminate()
            process.wait(30)
